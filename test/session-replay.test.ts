import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { neededFrom } from '../src/session-span.js';
import type { Prompt } from '../src/stages/prompt.js';
import { clipOf, collect, joined, movingFrame, OwnSoundSource, Studio } from './session-fixture.js';
import { CountedSource } from './stream/frames.js';
import { firstDifference, powerOf } from './stream/sounds.js';
import { turn } from './stream/virtual-clock.js';

describe.each(['conformance', 'conformance-window'])('replay with bundle %s', (name) => {
  let studio: Studio;
  let whole: Float32Array;
  const frames = clipOf({ seconds: 3.4 });
  const length = 3.4 * 48_000;

  beforeAll(async () => {
    studio = await Studio.load(name);
    whole = await studio.sound(frames, { seed: 5 });
  });

  test('the sound is as long as the pictures, finite, and not silent', () => {
    expect(whole).toHaveLength(length);
    expect(whole.every((sample) => Number.isFinite(sample))).toBe(true);
    for (let at = 0; at < length - 24_000; at += 24_000)
      expect(powerOf(whole.subarray(at, at + 24_000))).toBeGreaterThan(1e-6);
  });

  test('the same PCM on one, two and three lanes', async () => {
    for (const lanes of [1, 2, 3]) {
      expect(firstDifference(await studio.sound(frames, { seed: 5 }, lanes), whole)).toBe(-1);
    }
  });

  test('the same PCM whatever the pace of the source and of the listener', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { minLength: 7, maxLength: 7 }),
        fc.array(fc.nat(3), { minLength: 5, maxLength: 5 }),
        fc.integer({ min: 1, max: 2 }),
        async (source, listener, lanes) => {
          const slow = new CountedSource(frames, (i) =>
            source[i % 7]! > 0 ? turn(source[i % 7]) : undefined,
          );
          const session = studio.session(slow, { seed: 5 }, lanes);
          const blocks = await collect(session.blocks, (i) =>
            listener[i % 5]! > 1 ? turn(listener[i % 5]) : undefined,
          );
          expect(firstDifference(joined(blocks)[0]!, whole)).toBe(-1);
        },
      ),
      { numRuns: 3 },
    );
  });

  test('the same length whether the end of the source is known early or late', async () => {
    // At 120 fps the media can end well within its last hop, which then may sound before the source has said so.
    const { hopPoints, gridFrames } = studio.bundle.manifest;
    const lastPoint = 12 * hopPoints * gridFrames - gridFrames;
    const fast = clipOf({ fps: 120, seconds: (lastPoint + 800) / 48_000 }).map((frame) =>
      movingFrame(frame.position - 300),
    );
    const told = await studio.sound(fast);
    expect(told).toHaveLength(lastPoint + 500);
    const late = new CountedSource(fast, (i) => (i >= fast.length ? turn(100) : undefined));
    const blocks = await collect(studio.session(late).blocks);
    expect(firstDifference(joined(blocks)[0]!, told)).toBe(-1);
  });

  test('starting at an anchor or anywhere gives that span of the whole', async () => {
    const anchor = studio.bundle.manifest.anchor.everyPoints * studio.bundle.manifest.gridFrames;
    for (const startPosition of [anchor, 3 * anchor, 2 * anchor - 1, 100_001]) {
      const from = neededFrom(studio.bundle.manifest, startPosition);
      expect(from.frames).toBeLessThanOrEqual(startPosition);
      const part = await studio.sound(
        frames.filter((frame) => frame.position >= from.frames),
        { seed: 5, startPosition },
      );
      expect(firstDifference(part, whole.subarray(startPosition))).toBe(-1);
    }
  });

  test('ending anywhere gives that span of the whole, at levels at which the limiter works too', async () => {
    const { hopPoints, gridFrames, decoder, anchor, mode } = studio.bundle.manifest;
    const hopFrames = hopPoints * gridFrames;
    const heldBack = decoder.delayFrames + (mode === 'window' ? anchor.crossfadeFrames : 0);
    const loud = await studio.sound(frames, { seed: 5, gainDb: 24 });
    expect(loud.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)).toBeLessThan(0.9);
    // Where the sound of a hop ends, what the limiter must foresee is the next hop's; these are in loud passages.
    const hopEnds = (mode === 'causal' ? [28, 33] : [9, 14]).map((hop) => hop * hopFrames - heldBack);
    for (const endPosition of [...hopEnds, hopEnds[0]! + 50, 48_000, 1]) {
      const part = await studio.sound(frames, { seed: 5, gainDb: 24, endPosition });
      expect(part).toHaveLength(endPosition);
      expect(firstDifference(part, loud.subarray(0, endPosition))).toBe(-1);
    }
  });

  test('renders in pieces, cut at anchors and joined, are the whole', async () => {
    const anchor = studio.bundle.manifest.anchor.everyPoints * studio.bundle.manifest.gridFrames;
    const cuts = [0, anchor, 3 * anchor, length];
    for (let i = 0; i + 1 < cuts.length; i += 1) {
      const [startPosition, endPosition] = [cuts[i]!, cuts[i + 1]!];
      const part = await studio.sound(frames, { seed: 5, startPosition, endPosition }, 2);
      expect(firstDifference(part, whole.subarray(startPosition, endPosition))).toBe(-1);
    }
  });

  test('under the own sound of the source, a start in the middle gives that span of the whole too', async () => {
    const own = (from = 0): { blocks: OwnSoundSource; channelCount: 2 } => ({
      blocks: new OwnSoundSource({ frames: length, channelCount: 2, from }),
      channelCount: 2,
    });
    const mixed = await studio.channels(frames, { seed: 5, gainDb: 6, ownSound: own() });
    expect(mixed).toHaveLength(2);
    expect(mixed[0]).toHaveLength(length);
    expect(firstDifference(mixed[0]!, mixed[1]!)).toBeGreaterThanOrEqual(0);
    const startPosition = 111_111;
    const from = neededFrom(studio.bundle.manifest, startPosition);
    const part = await studio.channels(
      frames.filter((frame) => frame.position >= from.frames),
      { seed: 5, gainDb: 6, startPosition, ownSound: own(from.sound) },
    );
    part.forEach((channel, c) =>
      expect(firstDifference(channel, mixed[c]!.subarray(startPosition))).toBe(-1),
    );
  });

  test('later pictures never change the sound of earlier ones', async () => {
    const { hopPoints, gridFrames } = studio.bundle.manifest;
    const cut = 66;
    const other = [
      ...frames.slice(0, cut),
      ...frames.slice(cut).map((frame) => movingFrame(frame.position, 7)),
    ];
    const sound = await studio.sound(other, { seed: 5 });
    const changed = firstDifference(sound, whole);
    // Pictures of a hop sound together, a limiter's look-ahead of 8 ms before them at most.
    expect(changed).toBeGreaterThan(Math.floor(cut / hopPoints) * hopPoints * gridFrames - 4800);
    expect(changed).toBeLessThan(cut * gridFrames + 9600);
  });

  test('another seed and other pictures give another sound', async () => {
    expect(firstDifference(await studio.sound(frames, { seed: 6 }), whole)).toBeGreaterThanOrEqual(0);
    expect(
      firstDifference(await studio.sound(clipOf({ seconds: 3.4, seed: 2 }), { seed: 5 }), whole),
    ).toBeGreaterThanOrEqual(0);
    expect(firstDifference(await studio.sound(frames, { seed: 5, steps: 4 }), whole)).toBeGreaterThanOrEqual(
      0,
    );
  });

  test('a still picture is nearly silent', async () => {
    const still = frames.map((frame) => ({ ...frame, data: frames[0]!.data }));
    const sound = await studio.sound(still, { seed: 5 });
    expect(powerOf(sound.subarray(24_000)) / powerOf(whole)).toBeLessThan(1e-3);
  });

  test('pictures of another size or format sound like the same pictures', async () => {
    const larger = frames.slice(0, 30).map((frame) => {
      const data = new Uint8Array(64 * 64 * 4);
      for (let y = 0; y < 64; y += 1) {
        for (let x = 0; x < 64; x += 1) {
          const from = 3 * ((y >> 1) * 32 + (x >> 1));
          data.set([...frame.data.subarray(from, from + 3), 255], 4 * (y * 64 + x));
        }
      }
      return { position: frame.position, width: 64, height: 64, format: 'rgba' as const, data };
    });
    const sound = await studio.sound(larger, { seed: 5 });
    expect(firstDifference(sound, await studio.sound(frames.slice(0, 30), { seed: 5 }))).toBe(-1);
  });

  test('one picture sounds as long as a grid point, on any number of lanes', async () => {
    for (const lanes of [1, 3]) {
      const sound = await studio.sound([movingFrame(0)], {}, lanes);
      expect(sound).toHaveLength(studio.bundle.manifest.gridFrames);
    }
  });
});

describe('replay with a prompt', () => {
  test('another prompt gives another sound, and the same words in another order the same', async () => {
    const studio = await Studio.load('conformance');
    const frames = clipOf({ seconds: 1 });
    const [none, rain, both, swapped] = await Promise.all(
      [{}, { prompt: 'rain' }, { prompt: 'rain and Metal' }, { prompt: 'metal, rain' }].map((options) =>
        studio.sound(frames, options),
      ),
    );
    expect(firstDifference(none!, rain!)).toBeGreaterThanOrEqual(0);
    expect(firstDifference(rain!, both!)).toBeGreaterThanOrEqual(0);
    expect(firstDifference(both!, swapped!)).toBe(-1);
  });

  test('what was read sounds as its words do, exactly, and half meant is another sound', async () => {
    const studio = await Studio.load('conformance');
    const frames = clipOf({ seconds: 1 });
    const read = (...vector: number[]): Prompt => ({
      text: 'a tin roof in a storm',
      vector: Float32Array.from(vector),
      unknownWords: [],
    });
    const [words, whole, half, again] = await Promise.all(
      ['rain metal', read(1, 1, 0, 0), read(1, 0.5, 0, 0), read(1, 0.5, 0, 0)].map((prompt) =>
        studio.sound(frames, { prompt }),
      ),
    );
    expect(firstDifference(words!, whole!)).toBe(-1);
    expect(firstDifference(whole!, half!)).toBeGreaterThanOrEqual(0);
    expect(firstDifference(half!, again!)).toBe(-1);
  });
});
