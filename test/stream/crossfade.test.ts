import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { correlationOf, crossfade, fadeLawFor } from '../../src/stream/crossfade.js';
import { noise, powerOf, sine } from './sounds.js';

function faded(older: Float32Array, newer: Float32Array, law: 'equal-gain' | 'equal-power'): Float32Array {
  const out = new Float32Array(older.length);
  crossfade(older, newer, { law, out });
  return out;
}

describe('crossfade()', () => {
  test('with equal gain of a sound into itself changes nothing beyond rounding', () => {
    const sound = noise(2000);
    const out = faded(sound, sound, 'equal-gain');
    for (let i = 0; i < sound.length; i += 1) expect(Math.abs(out[i]! - sound[i]!)).toBeLessThan(1e-7);
  });

  test('with equal power of two independent noises keeps the power all along', () => {
    const length = 48_000;
    const out = faded(noise(length, { seed: 3 }), noise(length, { seed: 4 }), 'equal-power');
    const whole = 1 / 3;
    for (let from = 0; from < length; from += 6000) {
      expect(powerOf(out.subarray(from, from + 6000)) / whole).toBeGreaterThan(0.93);
      expect(powerOf(out.subarray(from, from + 6000)) / whole).toBeLessThan(1.07);
    }
  });

  test('with equal gain of independent noises loses half the power in the middle, so the law matters', () => {
    const out = faded(noise(48_000, { seed: 3 }), noise(48_000, { seed: 4 }), 'equal-gain');
    expect(powerOf(out.subarray(22_000, 26_000)) * 3).toBeLessThan(0.6);
  });

  test.each(['equal-gain', 'equal-power'] as const)(
    '%s begins with the older and ends with the newer side',
    (law) => {
      const out = faded(new Float32Array(1200).fill(1), new Float32Array(1200).fill(-1), law);
      expect(out[0]).toBeCloseTo(1, 2);
      expect(out.at(-1)).toBeCloseTo(-1, 2);
      for (let i = 1; i < out.length; i += 1) expect(out[i]!).toBeLessThanOrEqual(out[i - 1]!);
    },
  );

  test('may write over either side and writes nothing out of bounds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.boolean(),
        fc.constantFrom('equal-gain', 'equal-power'),
        (length, over, law) => {
          const words = new Float32Array(length + 8).fill(Infinity);
          const inPlace = words.subarray(4, 4 + length);
          inPlace.set(noise(length));
          const other = noise(length, { seed: 9 });
          const expected = over ? faded(inPlace, other, law) : faded(other, inPlace, law);
          if (over) crossfade(inPlace, other, { law, out: inPlace });
          else crossfade(other, inPlace, { law, out: inPlace });
          expect([...inPlace]).toEqual([...expected]);
          expect([...words.subarray(0, 4), ...words.subarray(4 + length)]).toEqual(
            Array.from({ length: 8 }, () => Infinity),
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('correlationOf()', () => {
  test('is 1 of a sound and itself at any gain, -1 of its opposite, near 0 of independent noises', () => {
    const sound = noise(4000);
    expect(
      correlationOf(
        sound,
        sound.map((sample) => sample * 0.01),
      ),
    ).toBeCloseTo(1, 6);
    expect(
      correlationOf(
        sound,
        sound.map((sample) => -sample),
      ),
    ).toBeCloseTo(-1, 6);
    expect(Math.abs(correlationOf(sound, noise(4000, { seed: 8 })))).toBeLessThan(0.05);
    const quarter = sine(4800, { hz: 100, phase: Math.PI / 2 });
    expect(correlationOf(sine(4800, { hz: 100 }), quarter)).toBeCloseTo(0, 6);
  });

  test('of silence is 1, so that silence is faded by gain', () => {
    expect(correlationOf(new Float32Array(10), noise(10))).toBe(1);
    expect(correlationOf(new Float32Array(0), new Float32Array(0))).toBe(1);
  });

  test('stays within [-1, 1]', () => {
    const samples = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(samples, samples, (a, b) => {
        const length = Math.min(a.length, b.length);
        const r = correlationOf(Float32Array.from(a.slice(0, length)), Float32Array.from(b.slice(0, length)));
        expect(Math.abs(r)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('fadeLawFor()', () => {
  test.each([
    [1, 'equal-gain'],
    [0.42, 'equal-gain'],
    [0.41, 'equal-power'],
    [0, 'equal-power'],
    [-1, 'equal-power'],
  ])('a correlation of %s asks for %s', (correlation, law) => {
    expect(fadeLawFor(correlation)).toBe(law);
  });

  test('chooses the law that keeps the power in the middle of the fade nearer to the whole', () => {
    const length = 20_000;
    const shared = noise(length, { seed: 1 });
    for (const share of [0, 0.2, 0.5, 0.8, 0.9, 1]) {
      const mixed = (seed: number): Float32Array => {
        const own = noise(length, { seed });
        return shared.map((sample, i) => sample * share + own[i]! * Math.sqrt(1 - share * share));
      };
      const [older, newer] = [mixed(20), mixed(30)];
      const middleDb = (law: 'equal-gain' | 'equal-power'): number => {
        const out = faded(older, newer, law).subarray(length / 2 - 1500, length / 2 + 1500);
        return Math.abs(10 * Math.log10(powerOf(out) / powerOf(older)));
      };
      const chosen = fadeLawFor(correlationOf(older, newer));
      const other = chosen === 'equal-gain' ? 'equal-power' : 'equal-gain';
      expect(middleDb(chosen)).toBeLessThan(middleDb(other));
    }
  });
});
