import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SEAM_REACH_FRAMES, seamStep } from '../../src/stream/seam.js';
import { noise, sine } from './sounds.js';

function withStep(samples: Float32Array, at: number, step: number): Float32Array {
  return samples.map((sample, i) => (i < at ? sample : sample + step));
}

describe('seamStep()', () => {
  test.each([
    ['a low sine', sine(1000, { hz: 80 })],
    ['a high sine', sine(1000, { hz: 9000, amplitude: 0.5 })],
    ['a quiet sine', sine(1000, { hz: 440, amplitude: 0.001 })],
    ['silence', new Float32Array(1000)],
    ['a constant', new Float32Array(1000).fill(0.7)],
  ])('finds nothing in %s', (_what, samples) => {
    for (let at = 0; at <= samples.length; at += 1) expect(seamStep(samples, at)).toBeLessThan(0.01);
  });

  test('finds next to nothing in clean noise on the whole: few of its steps exceed all their neighbours', () => {
    const samples = noise(20_000);
    let sum = 0;
    for (let at = 200; at < 19_800; at += 1) sum += seamStep(samples, at);
    expect(sum / 19_600).toBeLessThan(0.002);
  });

  test('finds a click planted in a sine, as large as it is, and only where it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 300, max: 700 }),
        fc.double({ min: 0.2, max: 1, noNaN: true }),
        (at, step) => {
          const samples = withStep(sine(1000, { hz: 200, amplitude: 0.5 }), at, step);
          let peak = 0;
          for (let i = at - SEAM_REACH_FRAMES - 1; i < at + SEAM_REACH_FRAMES; i += 1)
            peak = Math.max(peak, Math.abs(samples[i]!));
          expect(seamStep(samples, at)).toBeGreaterThan((step - 0.04) / peak);
          expect(seamStep(samples, at)).toBeLessThan((step + 0.04) / peak);
          for (const other of [at - 50, at - 1, at + 1, at + 50]) expect(seamStep(samples, other)).toBe(0);
        },
      ),
    );
  });

  test('finds a click planted in noise if it is larger than the noise', () => {
    const samples = withStep(noise(1000, { amplitude: 0.1 }), 500, 0.6);
    expect(seamStep(samples, 500)).toBeGreaterThan(0.4);
  });

  test('is relative: a sound at half the level has the same figure', () => {
    const samples = withStep(sine(1000, { hz: 200, amplitude: 0.4 }), 500, 0.4);
    expect(
      seamStep(
        samples.map((sample) => sample / 2),
        500,
      ),
    ).toBeCloseTo(seamStep(samples, 500), 5);
  });

  test('finds nothing below -80 dBFS, and lies in [0, 2] for any samples', () => {
    expect(seamStep(withStep(new Float32Array(400), 200, 5e-5), 200)).toBe(0);
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { maxLength: 30 }),
        fc.nat(30),
        (values, at) => {
          const step = seamStep(Float32Array.from(values), at);
          expect(step).toBeGreaterThanOrEqual(0);
          expect(step).toBeLessThanOrEqual(2);
        },
      ),
    );
  });
});
