import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeEncoderInput } from '../../src/stages/encoder-input.js';

const MARGIN = 2;

describe('writeEncoderInput()', () => {
  test('takes means of boxes, normalises them and puts channels first, where it is told to', () => {
    const picture = { width: 4, height: 2 };
    const data = Uint8Array.from({ length: 24 }, (_, i) => {
      const [y, x, c] = [Math.floor(i / 12), Math.floor(i / 3) % 4, i % 3];
      return 10 * x + 100 * y + c;
    });
    const out = new Float32Array(2 + 6 + 2).fill(NaN);
    const input = { picture, size: { width: 2, height: 1 }, mean: [5, 0, 1], std: [10, 1, 2] };
    writeEncoderInput(data, input, { out, at: 2 });
    // Boxes of 2 x 2: means of x are 5 and 25, of y 50.
    const expected = [(55 - 5) / 10, (75 - 5) / 10, 56, 76, (57 - 1) / 2, (77 - 1) / 2];
    expect([...out.subarray(2, 8)].map((value) => Math.round(value * 1e4) / 1e4)).toEqual(expected);
    expect([...out.subarray(0, 2), ...out.subarray(8)].every((value) => Number.isNaN(value))).toBe(true);
  });

  test('does so for boxes of any size', () => {
    const side = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(
        fc.record({ width: side, height: side }),
        fc.record({ width: side, height: side }),
        fc.infiniteStream(fc.nat(255)),
        (size, box, values) => {
          const picture = { width: size.width * box.width, height: size.height * box.height };
          const data = Uint8Array.from(
            { length: picture.width * picture.height * 3 },
            () => values.next().value,
          );
          const [mean, std] = [
            [5, 0, 127],
            [10, 1, 64],
          ];
          const plane = size.width * size.height;
          const out = new Float32Array(3 * plane + 2 * MARGIN).fill(NaN);
          writeEncoderInput(data, { picture, size, mean, std }, { out, at: MARGIN });
          const expected = Array.from({ length: 3 * plane }, (_, i) => {
            const [c, y, x] = [Math.floor(i / plane), Math.floor((i % plane) / size.width), i % size.width];
            let sum = 0;
            for (let v = y * box.height; v < (y + 1) * box.height; v += 1)
              for (let u = x * box.width; u < (x + 1) * box.width; u += 1)
                sum += data[(v * picture.width + u) * 3 + c]!;
            return (sum / (box.width * box.height) - mean[c]!) / std[c]!;
          });
          out.subarray(MARGIN, -MARGIN).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
          const around = [...out.subarray(0, MARGIN), ...out.subarray(-MARGIN)];
          expect(around.every((value) => Number.isNaN(value))).toBe(true);
        },
      ),
    );
  });
});
