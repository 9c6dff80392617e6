import { chromaLength, i420Bytes } from '../../src/rtc/i420.js';

export type Colour = readonly [red: number, green: number, blue: number];

/** A picture in I420 that has one colour. */
export function plainI420(width: number, height: number, [r, g, b]: Colour): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(i420Bytes(width, height));
  const chroma = chromaLength(width) * chromaLength(height);
  out.fill(16 + 0.257 * r + 0.504 * g + 0.098 * b + 0.5, 0, width * height);
  out.fill(128 - 0.148 * r - 0.291 * g + 0.439 * b + 0.5, width * height, width * height + chroma);
  out.fill(128 + 0.439 * r - 0.368 * g - 0.071 * b + 0.5, width * height + chroma);
  return out;
}

/** The mean colour of a part of an RGB picture. Unit: shares of the picture's sides. */
export function meanColour(
  picture: { readonly width: number; readonly height: number; readonly data: Uint8Array },
  [left, top, right, bottom]: readonly [number, number, number, number] = [0, 0, 1, 1],
): Colour {
  const sums = [0, 0, 0];
  let count = 0;
  for (let y = Math.floor(top * picture.height); y < bottom * picture.height; y += 1) {
    for (let x = Math.floor(left * picture.width); x < right * picture.width; x += 1) {
      for (let c = 0; c < 3; c += 1) sums[c]! += picture.data[(y * picture.width + x) * 3 + c]!;
      count += 1;
    }
  }
  return sums.map((sum) => sum / count) as unknown as Colour;
}

/** The largest difference of two colours in one component. */
export function colourDistance(a: Colour, b: Colour): number {
  return Math.max(...a.map((value, c) => Math.abs(value - b[c]!)));
}
