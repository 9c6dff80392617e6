import { chromaLength } from './i420.js';
import type { PictureSize } from './squeeze-i420.js';

/** How far a picture is still to be turned, clockwise. Unit: degrees. */
export type Rotation = 0 | 90 | 180 | 270;

/** The nearest quarter turn that means the same; nothing for what is none. */
export function rotationOf(degrees: number | undefined): Rotation {
  const turned = (((degrees ?? 0) % 360) + 360) % 360;
  return turned === 90 || turned === 180 || turned === 270 ? turned : 0;
}

/** The size of a picture after a turn, and, as turns by 90 and 270 swap sides, before it. */
export function turnedSize({ width, height }: PictureSize, rotation: Rotation): PictureSize {
  return rotation === 90 || rotation === 270 ? { width: height, height: width } : { width, height };
}

/** Turns RGB pixels clockwise. Shape: `size` is that of `rgb`; three bytes a pixel, row-major. */
export function turnRgb(
  rgb: Uint8Array<ArrayBuffer>,
  size: PictureSize,
  rotation: Rotation,
): Uint8Array<ArrayBuffer> {
  if (rotation === 0) return rgb;
  const out = new Uint8Array(rgb.length);
  turnPlane({ from: rgb, to: out, size, rotation, stride: 3 });
  return out;
}

/** Turns a picture in I420 clockwise. Shape: `size` is that of `i420`. */
export function turnI420(
  i420: Uint8Array<ArrayBuffer>,
  size: PictureSize,
  rotation: Rotation,
): Uint8Array<ArrayBuffer> {
  if (rotation === 0) return i420;
  const out = new Uint8Array(i420.length);
  const half = { width: chromaLength(size.width), height: chromaLength(size.height) };
  let at = 0;
  for (const plane of [size, half, half]) {
    const end = at + plane.width * plane.height;
    turnPlane({ from: i420.subarray(at, end), to: out.subarray(at, end), size: plane, rotation, stride: 1 });
    at = end;
  }
  return out;
}

type Turn = {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly size: PictureSize;
  readonly rotation: Rotation;
  readonly stride: number;
};

function turnPlane({ from, to, size, rotation, stride }: Turn): void {
  const { width, height } = size;
  const [start, right, down] = {
    0: [0, 1, width],
    90: [height - 1, height, -1],
    180: [width * height - 1, -1, -width],
    270: [(width - 1) * height, -height, 1],
  }[rotation] as [number, number, number];
  for (let y = 0, source = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const target = (start + x * right + y * down) * stride;
      for (let c = 0; c < stride; c += 1, source += 1) to[target + c] = from[source]!;
    }
  }
}
