import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crossfade } from '../../src/stream/crossfade.js';
import { SegmentJoiner, type Seam, type Segment } from '../../src/stream/segment-joiner.js';
import { concatenate, noise, sine } from './sounds.js';

function segment(position: number, samples: Float32Array, heldFrames = 0): Segment {
  return { position, samples, heldFrames };
}

/** Joins all and checks that what comes out leaves no gap. */
function join(joiner: SegmentJoiner, segments: readonly Segment[]): { samples: Float32Array; seams: Seam[] } {
  const pieces: Float32Array[] = [];
  const seams: Seam[] = [];
  let position = segments[0]!.position;
  for (const each of segments) {
    const { piece, seam } = joiner.join(each);
    expect(piece.position).toBe(position);
    position += piece.samples.length;
    pieces.push(piece.samples.slice());
    if (seam) seams.push(seam);
  }
  const rest = joiner.end();
  if (rest) {
    expect(rest.position).toBe(position);
    pieces.push(rest.samples);
  }
  return { samples: concatenate(pieces), seams };
}

/** Cuts a sound into segments that follow each other or overlap by `overlap`. */
function cut(
  sound: Float32Array,
  options: { borders: readonly number[]; overlap: number; position: number },
): Segment[] {
  const { borders, overlap, position } = options;
  return borders.slice(1).map((to, i) => {
    const from = borders[i]!;
    const end = Math.min(sound.length, to + overlap);
    return segment(position + from, sound.slice(from, end), end - to);
  });
}

describe('SegmentJoiner.join()', () => {
  test('gives the whole sound back, however it is cut into segments', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 2999 }), { maxLength: 12 }),
        fc.integer({ min: -500, max: 500 }),
        (cuts, position) => {
          const sound = noise(3000);
          const borders = [0, ...cuts.sort((a, b) => a - b), 3000];
          const { samples } = join(new SegmentJoiner(100), cut(sound, { borders, overlap: 0, position }));
          expect([...samples]).toEqual([...sound]);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('fades segments of the same sound into each other without a trace, with equal gain', () => {
    const sound = sine(6000, { hz: 313, amplitude: 0.8 });
    const segments = cut(sound, { borders: [0, 1500, 3000, 4500, 6000], overlap: 400, position: 0 });
    const { samples, seams } = join(new SegmentJoiner(400), segments);
    expect(samples).toHaveLength(6000);
    for (let i = 0; i < 6000; i += 1) expect(Math.abs(samples[i]! - sound[i]!)).toBeLessThan(1e-6);
    expect(seams.map((seam) => seam.position)).toEqual([1500, 3000, 4500]);
    for (const seam of seams) {
      expect(seam.law).toBe('equal-gain');
      expect(seam.step).toBeLessThan(0.001);
    }
  });

  test('fades different sounds with equal power over exactly the fade, then leaves the newer one as it is', () => {
    const [older, newer] = [noise(2000, { seed: 1 }), noise(2000, { seed: 2 })];
    const joiner = new SegmentJoiner(300);
    const { samples, seams } = join(joiner, [segment(0, older, 500), segment(1500, newer)]);
    const fade = new Float32Array(300);
    crossfade(older.subarray(1500, 1800), newer.subarray(0, 300), { law: 'equal-power', out: fade });
    expect([...samples]).toEqual([...older.subarray(0, 1500), ...fade, ...newer.subarray(300)]);
    expect(seams).toEqual([{ position: 1500, step: expect.any(Number) as number, law: 'equal-power' }]);
  });

  test('lets a segment that is held whole, a tail, be replaced by the next', () => {
    const sounds = [1, 2, 3].map((seed) => noise(480, { seed, amplitude: 0.3 }));
    const segments = [segment(-240, sounds[0]!), segment(240, sounds[1]!, 480), segment(240, sounds[2]!)];
    const { samples, seams } = join(new SegmentJoiner(100), segments);
    expect(samples).toHaveLength(960);
    expect([...samples.subarray(580)]).toEqual([...sounds[2]!.subarray(100)]);
    expect(seams.map((seam) => [seam.position, seam.law])).toEqual([[240, 'equal-power']]);
  });

  test('sounds the tail out where nothing replaces it', () => {
    const tail = noise(480, { seed: 2 });
    const { samples } = join(new SegmentJoiner(100), [segment(0, noise(480)), segment(480, tail, 480)]);
    expect([...samples.subarray(480)]).toEqual([...tail]);
  });

  test('tells of a click between segments that only follow each other', () => {
    const sound = sine(4800, { hz: 200, amplitude: 0.5 });
    const [first, second] = [sound.slice(0, 2400), sound.slice(2400).map((sample) => sample + 0.5)];
    const { seams } = join(new SegmentJoiner(300), [segment(0, first), segment(2400, second)]);
    expect(seams).toHaveLength(1);
    expect(seams[0]).not.toHaveProperty('law');
    expect(seams[0]!.step).toBeGreaterThan(0.4);
  });

  test('tells of a click where a fade ends, however short the overlap was', () => {
    const clean = sine(2400, { hz: 200, amplitude: 0.5 });
    for (const held of [300, 200]) {
      const newer = clean.slice(0, 1200).map((sample, i) => (i < held ? sample : sample + 0.5));
      const { seams } = join(new SegmentJoiner(300), [
        segment(-900, clean.slice(0, 900 + held), held),
        segment(0, newer),
      ]);
      expect(seams[0]!.step).toBeGreaterThan(0.4);
    }
  });

  test('has no seam before the first sound', () => {
    const joiner = new SegmentJoiner(10);
    expect(joiner.join(segment(0, noise(100), 100)).seam).toBeUndefined();
    expect(joiner.join(segment(0, noise(100))).seam).toBeUndefined();
    expect(joiner.join(segment(100, noise(100))).seam).toBeDefined();
  });

  test.each([99, 101, 0])('a segment at %s is refused where 100 is next', (position) => {
    const joiner = new SegmentJoiner(10);
    joiner.join(segment(0, noise(100)));
    expect(() => joiner.join(segment(position, noise(100)))).toThrow(
      new RangeError(`Cannot join a segment: it must begin at 100, received ${position}`),
    );
  });

  test('writes into no segment it is given', () => {
    const [older, newer] = [noise(100, { seed: 1 }), noise(100, { seed: 2 })];
    const copies = [older.slice(), newer.slice()];
    join(new SegmentJoiner(50), [segment(0, older, 50), segment(50, newer, 20)]);
    expect([[...older], [...newer]]).toEqual(copies.map((copy) => [...copy]));
  });

  test('later segments do not change what was final before', () => {
    const [first, ...others] = [1, 2, 3].map((seed) => noise(600, { seed }));
    const finals = others.map((next) => {
      const joiner = new SegmentJoiner(200);
      const { piece } = joiner.join(segment(0, first!, 200));
      joiner.join(segment(400, next));
      return [...piece.samples];
    });
    expect(finals[0]).toEqual(finals[1]);
    expect(finals[0]).toEqual([...first!.subarray(0, 400)]);
  });
});
