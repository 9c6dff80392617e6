import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawNoise, philox, type NoiseOptions } from '../../src/stages/noise.js';

function drawn(points: number, options: NoiseOptions): Float32Array {
  const out = new Float32Array(points * options.width);
  drawNoise(out, options);
  return out;
}

describe('philox()', () => {
  // Random123, tests/kat_vectors, philox4x32 with 10 rounds.
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('of counter %j has its known answer', (counter, key, answer) => {
    const words = Uint32Array.from(counter);
    philox(words, key as [number, number]);
    expect([...words]).toEqual(answer);
  });
});

describe('drawNoise()', () => {
  test('is standard normal: mean, variance, skewness, tails', () => {
    const values = drawn(20_000, { seed: 1, firstPoint: 0, width: 10 });
    const moment = (power: number): number =>
      values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.01);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.015);
    expect(Math.abs(moment(3))).toBeLessThan(0.03);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.1);
    const beyond = values.reduce((count, value) => count + (Math.abs(value) > 1.96 ? 1 : 0), 0);
    expect(Math.abs(beyond / values.length - 0.05)).toBeLessThan(0.003);
  });

  test('gives a point the same values in any window', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        fc.integer({ min: 1, max: 13 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 8 }),
        (seed, firstPoint, width, first, second) => {
          const whole = drawn(first + second, { seed, firstPoint, width });
          const parts = [
            drawn(first, { seed, firstPoint, width }),
            drawn(second, { seed, firstPoint: firstPoint + first, width }),
          ];
          expect([...whole]).toEqual(parts.flatMap((part) => [...part]));
        },
      ),
    );
  });

  test('differs from point to point, also across 0, from seed to seed, also above 32 bits, and from stream to stream', () => {
    const draws = [
      ...[-3, -2, -1, 0, 1, 2].map((firstPoint) => drawn(1, { seed: 7, firstPoint, width: 8 })),
      drawn(1, { seed: 8, firstPoint: 0, width: 8 }),
      drawn(1, { seed: 7 + 2 ** 32, firstPoint: 0, width: 8 }),
      drawn(1, { seed: 7, firstPoint: 2 ** 32, width: 8 }),
      drawn(1, { seed: 7, firstPoint: 0, width: 8, stream: 'tokens' }),
    ];
    const values = draws.flatMap((draw) => [...draw]);
    expect(new Set(values).size).toBe(values.length);
  });

  test('writes only into its array', () => {
    const words = new Float32Array(7 * 3 + 8).fill(Infinity);
    drawNoise(words.subarray(4, 4 + 21), { seed: 1, firstPoint: -2, width: 7 });
    expect([...words.subarray(0, 4), ...words.subarray(25)]).toEqual(
      Array.from({ length: 8 }, () => Infinity),
    );
    expect(words.subarray(4, 25).every((value) => Number.isFinite(value))).toBe(true);
  });
});
