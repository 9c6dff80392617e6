import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decibelsToGain, gainToDecibels } from '../../src/stream/decibels.js';
import {
  LIMITER_CELL_FRAMES,
  LIMITER_DELAY_FRAMES,
  LIMITER_REACH_FRAMES,
  PeakLimiter,
} from '../../src/stream/limit-peaks.js';
import { concatenate, firstDifference, noise, oversampledPeak, sine, withoutTop } from './sounds.js';

const CEILING = decibelsToGain(-1);
const LENGTH = 9600;

/** What the limiter makes of a sound of any length, its delay taken off. */
function limited(channels: readonly Float32Array[], blockFrames = 480): Float32Array[] {
  const limiter = new PeakLimiter({ channelCount: channels.length, blockFrames, ceilingDbtp: -1 });
  const length = channels[0]!.length;
  const blocks: Float32Array[][] = channels.map(() => []);
  for (let at = 0; at < length + LIMITER_DELAY_FRAMES; at += blockFrames) {
    const block = channels.map((samples) => {
      const part = new Float32Array(blockFrames);
      part.set(samples.subarray(Math.min(at, length), at + blockFrames));
      return part;
    });
    limiter.process(block);
    block.forEach((part, c) => blocks[c]!.push(part));
  }
  return blocks.map((parts) =>
    concatenate(parts).subarray(LIMITER_DELAY_FRAMES, LIMITER_DELAY_FRAMES + length),
  );
}

function bursts(seed: number): Float32Array {
  const [sound, gate] = [noise(LENGTH, { seed, amplitude: 8 }), noise(LENGTH, { seed: seed + 50 })];
  return sound.map((sample, i) => (gate[Math.floor(i / 37) * 37]! > 0.6 ? sample : sample * 0.01));
}

function square(halfPeriod: number, amplitude: number): Float32Array {
  return Float32Array.from({ length: LENGTH }, (_, i) =>
    Math.floor(i / halfPeriod) % 2 ? amplitude : -amplitude,
  );
}

const HOSTILE: readonly (readonly [string, Float32Array])[] = [
  ['white noise 20 dB too loud', noise(LENGTH, { seed: 4, amplitude: 10 })],
  ['white noise at full scale', noise(LENGTH)],
  ['bursts out of near silence', bursts(3)],
  ['other bursts', bursts(11)],
  ['impulses', Float32Array.from({ length: LENGTH }, (_, i) => (i % 211 === 0 ? 50 : 0))],
  ['a square wave of 3.4 kHz', square(7, 2)],
  ['a square wave of 50 Hz', square(480, 3)],
  [
    'a sine whose samples all lie 3 dB below the wave',
    sine(LENGTH, { hz: 12_000, amplitude: 2, phase: Math.PI / 4 }),
  ],
  ['a sine that is switched on', sine(LENGTH, { hz: 997, amplitude: 4 }).fill(0, 0, 4000)],
  ['random signs', noise(LENGTH, { seed: 6 }).map((sample) => 3 * Math.sign(sample))],
];

describe('PeakLimiter keeps true peaks below the ceiling', () => {
  test.each(HOSTILE)('of %s, by an independent oversampler', (_what, sound) => {
    // A meter of FFmpeg's length, for whatever lies up to half the rate.
    expect(oversampledPeak(limited([sound])[0]!, { reach: 16 })).toBeLessThanOrEqual(CEILING);
    // And one that is exact, for what can be heard.
    const audible = limited([withoutTop(sound)])[0]!;
    expect(oversampledPeak(audible, { reach: 64 })).toBeLessThanOrEqual(CEILING);
  });

  test('of random pieces of sounds, levels and switches', () => {
    const piece = fc.record({
      frames: fc.integer({ min: 1, max: 700 }),
      amplitude: fc.double({ min: 0, max: 30, noNaN: true }),
      hz: fc.integer({ min: 20, max: 18_000 }),
      noisy: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
        const sound = concatenate(
          pieces.map(({ frames, amplitude, hz, noisy }, i) =>
            noisy ? noise(frames, { seed: i + 1, amplitude }) : sine(frames, { hz, amplitude }),
          ),
        );
        expect(oversampledPeak(limited([sound])[0]!, { reach: 16 })).toBeLessThanOrEqual(CEILING);
      }),
      { numRuns: 60 },
    );
  });
});

describe('PeakLimiter', () => {
  test('leaves what lies below the ceiling bit for bit as it is, but for the delay', () => {
    const sounds = [
      sine(LENGTH, { hz: 440, amplitude: 0.85 }),
      noise(LENGTH, { amplitude: 0.3 }),
      new Float32Array(LENGTH),
    ];
    for (const sound of sounds) expect(firstDifference(limited([sound])[0]!, sound)).toBe(-1);
  });

  test('turns down no more than it must', () => {
    const out = limited([sine(LENGTH, { hz: 997, amplitude: 2 })])[0]!;
    const peakDb = gainToDecibels(oversampledPeak(out.subarray(3000, 6000)));
    expect(peakDb).toBeGreaterThan(-1.5);
  });

  test('gives all channels one gain, so that the image stays', () => {
    const [loud, quiet] = [noise(LENGTH, { amplitude: 5 }), sine(LENGTH, { hz: 300, amplitude: 0.1 })];
    const [left, right] = limited([loud, quiet]);
    for (let i = 0; i < LENGTH; i += 1) {
      if (Math.abs(quiet[i]!) < 0.01 || Math.abs(loud[i]!) < 0.01) continue;
      expect(right![i]! / quiet[i]!).toBeCloseTo(left![i]! / loud[i]!, 5);
    }
  });

  test('gives the same samples whatever the blocks, that is cells at a time or many at once', () => {
    const sound = bursts(5);
    const whole = limited([sound], LIMITER_CELL_FRAMES * 100)[0]!;
    for (const cells of [1, 2, 5, 7]) {
      expect(firstDifference(limited([sound], LIMITER_CELL_FRAMES * cells)[0]!, whole)).toBe(-1);
    }
  });

  test('remembers nothing older than 0.12 s, bit for bit', () => {
    const memory = 5760;
    const rest = bursts(7);
    for (const before of [
      noise(memory, { amplitude: 30 }),
      new Float32Array(memory),
      sine(memory, { hz: 60, amplitude: 3 }),
    ]) {
      const out = limited([concatenate([before, rest])])[0]!.subarray(2 * memory);
      expect(firstDifference(out, limited([rest])[0]!.subarray(memory))).toBe(-1);
    }
  });

  test('does not let later input change what came out before', () => {
    const sound = bursts(9);
    const cut = 4800;
    const other = sound.slice();
    other.set(noise(LENGTH - cut, { amplitude: 20 }), cut);
    const known = cut - LIMITER_REACH_FRAMES;
    expect(
      firstDifference(limited([other])[0]!.subarray(0, known), limited([sound])[0]!.subarray(0, known)),
    ).toBe(-1);
  });

  test('lets a loud moment recover within its memory, without a step', () => {
    const sound = sine(LENGTH, { hz: 200, amplitude: 0.5 });
    sound[3000] = 20;
    const out = limited([sound])[0]!;
    expect(firstDifference(out.subarray(8700), sound.subarray(8700))).toBe(-1);
    expect(firstDifference(out.subarray(0, 2500), sound.subarray(0, 2500))).toBe(-1);
    for (let i = 3200; i < LENGTH - 1; i += 1) expect(Math.abs(out[i + 1]! - out[i]!)).toBeLessThan(0.02);
  });
});
