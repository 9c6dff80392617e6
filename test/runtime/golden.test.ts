import { describe, expect, test } from 'vitest';
import { compareGolden, goldenInput } from '../../src/runtime/golden.js';

test('goldenInput() follows the formula of the schema', () => {
  const values = goldenInput(2, 30);
  expect(values).toHaveLength(30);
  expect(values[0]).toBe(Math.fround(Math.sin(2)));
  expect(values[1]).toBe(Math.fround(Math.sin(0.37 + 2)));
  expect(values[28]).toBe(Math.fround(Math.sin(0.01 * ((37 * 28) % 1009) + 2)));
});

describe('compareGolden()', () => {
  const values = Float32Array.from({ length: 20 }, (_, i) => i);
  const expected = { rms: Math.sqrt(123.5), probes: [0, 2, 5, 7, 10, 12, 15, 17] };

  test('accepts the answer itself, and one within the tolerance of the rms', () => {
    expect(compareGolden(expected, values, 1e-6)).toBeUndefined();
    expect(
      compareGolden(
        expected,
        values.map((value) => value + 0.1),
        0.01,
      ),
    ).toBeUndefined();
  });

  test('names the first figure that lies outside', () => {
    expect(
      compareGolden(
        expected,
        values.map((value) => value * 2),
        0.01,
      ),
    ).toMatch(/^rms must be within .* received 22\.2/);
    const other = values.slice();
    other[12] = 12.5;
    expect(compareGolden(expected, other, 0.01)).toMatch(
      /^probes\[5\] must be within 0\.111 of 12\.\d+, received 12\.5/,
    );
  });

  test('counts an answer below 0.001 as silence', () => {
    const silence = { rms: 0, probes: [0, 0, 0, 0, 0, 0, 0, 0] };
    expect(compareGolden(silence, new Float32Array(9), 0.01)).toBeUndefined();
    expect(compareGolden(silence, new Float32Array(9).fill(9e-6), 0.01)).toBeUndefined();
    expect(compareGolden(silence, new Float32Array(9).fill(2e-5), 0.01)).toMatch(/^rms/);
  });

  test('refuses NaN, infinity and no values', () => {
    for (const value of [NaN, Infinity]) {
      expect(
        compareGolden(
          expected,
          values.map(() => value),
          1,
        ),
      ).toMatch(/^rms/);
    }
    expect(compareGolden(expected, new Float32Array(0), 1)).toMatch(/^rms/);
  });
});
