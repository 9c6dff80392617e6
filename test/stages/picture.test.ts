import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { squeezePicture, type Size } from '../../src/stages/picture.js';
import type { PixelFormat, VideoFrame } from '../../src/stream/video-frame.js';

function frameOf(
  size: Size,
  format: PixelFormat,
  value: (x: number, y: number, c: number) => number,
): VideoFrame {
  const stride = format === 'rgba' ? 4 : 3;
  const data = new Uint8Array(size.width * size.height * stride);
  for (let y = 0; y < size.height; y += 1) {
    for (let x = 0; x < size.width; x += 1) {
      for (let c = 0; c < stride; c += 1) data[(y * size.width + x) * stride + c] = value(x, y, c);
    }
  }
  return { position: 0, ...size, format, data };
}

/** The mean by whole numbers: every pixel cut into target.width * target.height equal pieces. */
function meanOf(frame: VideoFrame, target: Size, at: { x: number; y: number; c: number }): number {
  const stride = frame.format === 'rgba' ? 4 : 3;
  let sum = 0;
  for (let v = at.y * frame.height; v < (at.y + 1) * frame.height; v += 1) {
    for (let u = at.x * frame.width; u < (at.x + 1) * frame.width; u += 1) {
      const [x, y] = [Math.floor(u / target.width), Math.floor(v / target.height)];
      sum += frame.data[(y * frame.width + x) * stride + at.c]!;
    }
  }
  return sum / (frame.width * frame.height);
}

describe('squeezePicture()', () => {
  test('gives each pixel the mean of the area it covers, whatever the sizes', () => {
    const side = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        fc.constantFrom<PixelFormat>('rgb24', 'rgba'),
        fc.nat(255),
        (width, height, w, h, format, salt) => {
          const frame = frameOf(
            { width, height },
            format,
            (x, y, c) => (x * 71 + y * 37 + c * 101 + salt * 13) & 255,
          );
          const size = { width: w, height: h };
          const out = squeezePicture(frame, size);
          expect(out).toHaveLength(w * h * 3);
          for (let y = 0; y < h; y += 1) {
            for (let x = 0; x < w; x += 1) {
              for (let c = 0; c < 3; c += 1) {
                const exact = meanOf(frame, size, { x, y, c });
                expect(Math.abs(out[(y * w + x) * 3 + c]! - exact)).toBeLessThanOrEqual(0.5 + 1e-9);
              }
            }
          }
        },
      ),
    );
  });

  test.each([
    { width: 1, height: 1 },
    { width: 333, height: 217 },
    { width: 64, height: 64 },
    { width: 1920, height: 2 },
  ])('keeps one colour one colour at $width x $height', (size) => {
    const frame = frameOf(size, 'rgb24', (_x, _y, c) => [255, 1, 128][c]!);
    const out = squeezePicture(frame, { width: 32, height: 32 });
    expect(out.every((value, i) => value === [255, 1, 128][i % 3])).toBe(true);
  });

  test('leaves the alpha out, and a frame of the right size and format as it is', () => {
    const size = { width: 4, height: 2 };
    const rgb = frameOf(size, 'rgb24', (x, y, c) => x * 20 + y * 9 + c);
    const rgba = frameOf(size, 'rgba', (x, y, c) => (c === 3 ? 0 : x * 20 + y * 9 + c));
    expect(squeezePicture(rgb, size)).toBe(rgb.data);
    expect([...squeezePicture(rgba, size)]).toEqual([...rgb.data]);
  });
});
