import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chromaLength, i420Bytes } from '../../src/rtc/i420.js';
import { squeezeToI420, squeezeToRgb } from '../../src/rtc/squeeze-i420.js';
import { squeeze } from '../../src/rtc/squeeze-job.js';
import { turnI420, turnRgb } from '../../src/rtc/turn-picture.js';
import { colourDistance, meanColour, plainI420, type Colour } from './pictures.js';

type Sized = { width: number; height: number };

const sides = fc.record({ width: fc.integer({ min: 1, max: 24 }), height: fc.integer({ min: 1, max: 24 }) });

const pictures = sides.chain((size) =>
  fc
    .uint8Array({
      minLength: i420Bytes(size.width, size.height),
      maxLength: i420Bytes(size.width, size.height),
    })
    .map((data) => ({ ...size, data })),
);

/** The plain way: each target pixel adds up what it covers of each source pixel, then becomes a colour. */
function reference(picture: Sized & { data: Uint8Array }, size: Sized): number[] {
  const half = chromaLength(picture.width);
  const planes = [
    (x: number, y: number) => picture.data[y * picture.width + x]!,
    (x: number, y: number) => picture.data[picture.width * picture.height + (y >> 1) * half + (x >> 1)]!,
    (x: number, y: number) =>
      picture.data[
        picture.width * picture.height + half * chromaLength(picture.height) + (y >> 1) * half + (x >> 1)
      ]!,
  ];
  const overlap = (i: number, k: number, ratio: number): number =>
    Math.max(0, Math.min((k + 1) * ratio, i + 1) - Math.max(k * ratio, i));
  const out: number[] = [];
  for (let ty = 0; ty < size.height; ty += 1) {
    for (let tx = 0; tx < size.width; tx += 1) {
      const [y, u, v] = planes.map((at) => {
        let sum = 0;
        let area = 0;
        for (let sy = 0; sy < picture.height; sy += 1) {
          for (let sx = 0; sx < picture.width; sx += 1) {
            const part =
              overlap(sx, tx, picture.width / size.width) * overlap(sy, ty, picture.height / size.height);
            sum += part * at(sx, sy);
            area += part;
          }
        }
        return sum / area;
      }) as [number, number, number];
      out.push(1.164384 * (y - 16) + 1.596027 * (v - 128));
      out.push(1.164384 * (y - 16) - 0.391762 * (u - 128) - 0.812968 * (v - 128));
      out.push(1.164384 * (y - 16) + 2.017232 * (u - 128));
    }
  }
  return out.map((value) => Math.max(0, Math.min(255, value)));
}

describe('squeezeToRgb()', () => {
  test('is the mean of the area, for any sizes, odd ones and 1x1 too', () => {
    fc.assert(
      fc.property(pictures, sides, (picture, size) => {
        const wanted = reference(picture, size);
        squeezeToRgb(picture, size).forEach((value, i) => {
          expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(0.51);
        });
      }),
      { numRuns: 150 },
    );
  });

  test.each<Colour>([
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 255, 255],
    [0, 0, 0],
  ])('keeps the colour %i %i %i', (...colour) => {
    const size = { width: 16, height: 9 };
    const rgb = squeezeToRgb({ width: 321, height: 181, data: plainI420(321, 181, colour) }, size);
    expect(colourDistance(meanColour({ ...size, data: rgb }), colour)).toBeLessThan(4);
  });
});

describe('squeezeToI420()', () => {
  test('changes nothing where the size stays', () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        fc.pre(picture.width % 2 === 0 && picture.height % 2 === 0);
        expect(squeezeToI420(picture, picture)).toEqual(picture.data);
      }),
      { numRuns: 50 },
    );
  });
});

describe('turnRgb(), turnI420()', () => {
  test('four quarter turns change nothing, and one of 180 is two of 90', () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const data = new Uint8Array(picture.data);
        const turned = { width: picture.height, height: picture.width };
        const once = turnI420(data, picture, 90);
        expect(turnI420(once, turned, 270)).toEqual(data);
        expect(turnI420(once, turned, 90)).toEqual(turnI420(data, picture, 180));
      }),
      { numRuns: 50 },
    );
  });

  test('turns clockwise', () => {
    const pixels = [1, 2, 3, 4, 5, 6];
    const rgb = new Uint8Array(pixels.flatMap((value) => [value, value, value]));
    const turned = turnRgb(rgb, { width: 3, height: 2 }, 90);
    expect([...turned].filter((_, i) => i % 3 === 0)).toEqual([4, 1, 5, 2, 6, 3]);
  });
});

describe('squeeze()', () => {
  test.each([0, 90, 180, 270] as const)(
    'gives the sizes asked for after a turn of %i degrees',
    (rotation) => {
      const job = { width: 641, height: 481, data: plainI420(641, 481, [200, 100, 50]), rotation };
      const { rgb, echo } = squeeze({ ...job, size: { width: 20, height: 10 }, echoMaxHeight: 120 });
      expect(rgb.length).toBe(20 * 10 * 3);
      expect(echo!.height).toBe(120);
      expect(echo!.width).toBe(rotation % 180 === 0 ? 158 : 90);
      expect(echo!.data.length).toBe(i420Bytes(echo!.width, echo!.height));
      const back = squeezeToRgb(echo!, { width: 4, height: 4 });
      expect(colourDistance(meanColour({ width: 4, height: 4, data: back }), [200, 100, 50])).toBeLessThan(4);
    },
  );

  test('sends small pictures back as they are', () => {
    const data = plainI420(320, 180, [10, 20, 30]);
    const result = squeeze({
      width: 320,
      height: 180,
      data,
      rotation: 0,
      size: { width: 1, height: 1 },
      echoMaxHeight: 360,
    });
    expect(result.echo!.data).toBe(data);
  });
});
