import { describe, expect, test } from 'vitest';
import { decibelsToGain } from '../../src/stream/decibels.js';
import { DEFAULT_DUCKING, Ducker, type DuckingOptions } from '../../src/stream/duck-level.js';
import { noise, sine } from './sounds.js';

/** A block of 10 ms whose RMS is the given level. */
function blockAt(levelDbfs: number): Float32Array {
  return new Float32Array(480).fill(decibelsToGain(levelDbfs));
}

function gainAfter(blocks: readonly (readonly Float32Array[])[], options?: DuckingOptions): number {
  const ducker = new Ducker(options);
  return blocks.map((block) => ducker.gainsUnder(block).after).at(-1)!;
}

function steady(levelDbfs: number, options?: DuckingOptions): number {
  return gainAfter(
    Array.from({ length: 100 }, () => [blockAt(levelDbfs)]),
    options,
  );
}

describe('Ducker.gainsUnder()', () => {
  test('does not duck under silence, an absent sound, or what lies below the lower level', () => {
    expect(gainAfter(Array.from({ length: 60 }, () => []))).toBe(1);
    expect(gainAfter(Array.from({ length: 60 }, () => [new Float32Array(480)]))).toBe(1);
    expect(steady(-50.5)).toBe(1);
  });

  test('falls by the whole depth from the upper level on, and in between in proportion', () => {
    expect(steady(-10)).toBeCloseTo(decibelsToGain(-12), 6);
    expect(steady(-30)).toBeCloseTo(decibelsToGain(-12), 6);
    expect(steady(-40)).toBeCloseTo(decibelsToGain(-6), 5);
    expect(steady(-40, { fromDbfs: -60, toDbfs: -20, depthDb: 20 })).toBeCloseTo(decibelsToGain(-10), 5);
    expect(steady(0, { ...DEFAULT_DUCKING, depthDb: 0 })).toBe(1);
  });

  test('with one level for both ends switches there', () => {
    const options = { fromDbfs: -40, toDbfs: -40, depthDb: 12 };
    expect(steady(-41, options)).toBe(1);
    expect(steady(-39, options)).toBeCloseTo(decibelsToGain(-12), 6);
    expect(
      gainAfter([[new Float32Array(480).fill(2)]], { fromDbfs: gainOf(2), toDbfs: gainOf(2), depthDb: 12 }),
    ).toBeLessThan(1);
  });

  test('goes by the loudest channel', () => {
    const both = Array.from({ length: 60 }, () => [blockAt(-90), blockAt(-20)]);
    expect(gainAfter(both)).toBeCloseTo(decibelsToGain(-12), 6);
  });

  test('measures the level, not the peak', () => {
    const impulses = Array.from({ length: 60 }, () => [new Float32Array(480).fill(0.02, 0, 1)]);
    expect(gainAfter(impulses)).toBe(1);
    const tone = sine(480, { hz: 1000, amplitude: Math.SQRT2 * decibelsToGain(-40) });
    expect(gainAfter(Array.from({ length: 60 }, () => [tone]))).toBeCloseTo(decibelsToGain(-6), 4);
  });

  test('each block begins at the gain at which the one before it ended', () => {
    const ducker = new Ducker();
    let last = 1;
    for (let i = 0; i < 200; i += 1) {
      const { before, after } = ducker.gainsUnder([noise(480, { seed: i + 1, amplitude: (i % 40) / 40 })]);
      expect(before).toBe(last);
      last = after;
    }
  });

  test('falls within 20 ms, stays down through a short pause and recovers within 0.6 s, exactly', () => {
    const ducker = new Ducker();
    const speech = [blockAt(-15)];
    ducker.gainsUnder(speech);
    const down = ducker.gainsUnder(speech).after;
    expect(down).toBeCloseTo(decibelsToGain(-12), 6);
    expect(ducker.gainsUnder([]).after).toBeCloseTo(down, 6);
    for (let i = 0; i < 60; i += 1) ducker.gainsUnder([]);
    expect(ducker.gainsUnder([]).after).toBe(1);
  });

  test('forgets exactly what is older than 0.6 s', () => {
    const recent = Array.from({ length: 60 }, (_, i) => [
      noise(480, { seed: i + 1, amplitude: (i % 7) / 30 }),
    ]);
    const pasts = [[], [blockAt(0)], Array.from({ length: 30 }, () => blockAt(-35))];
    const gains = pasts.map((past) => gainAfter([...past.map((block) => [block]), ...recent]));
    expect(new Set(gains).size).toBe(1);
  });
});

function gainOf(amplitude: number): number {
  return 20 * Math.log10(amplitude);
}
