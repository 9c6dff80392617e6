import { chromaLength } from './i420.js';
import { meanPlane, type Plane } from './mean-plane.js';

/** A size in pixels. */
export type PictureSize = { readonly width: number; readonly height: number };

/** A picture as it comes in; see `i420Bytes()` for the layout of `data`. */
export type I420Picture = PictureSize & { readonly data: Uint8Array };

/**
 * The picture as RGB of exactly the given size: each pixel the mean of the area it covers, colours by BT.601 with
 * limited range, as WebRTC's codecs carry them.
 *
 * Shape: returns [height, width, 3], row-major, 8 bits.
 */
export function squeezeToRgb(picture: I420Picture, size: PictureSize): Uint8Array<ArrayBuffer> {
  const count = size.width * size.height;
  const target = { columns: size.width, rows: size.height };
  const means = planesOf(picture).map((plane) => {
    const plain = new Float32Array(count);
    meanPlane(plane, target, plain);
    return plain;
  });
  const out = new Uint8Array(count * 3);
  convert(means as [Float32Array, Float32Array, Float32Array], out);
  return out;
}

/** The picture in I420 of the given size, whose sides are even. Shape: see `i420Bytes()`. */
export function squeezeToI420(picture: I420Picture, size: PictureSize): Uint8Array<ArrayBuffer> {
  const half = { columns: chromaLength(size.width), rows: chromaLength(size.height) };
  const targets = [{ columns: size.width, rows: size.height }, half, half];
  const planes = planesOf(picture);
  const total = targets.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
  const out = new Uint8Array(total);
  let at = 0;
  targets.forEach((target, i) => {
    const means = new Float32Array(target.columns * target.rows);
    meanPlane(planes[i]!, target, means);
    for (let k = 0; k < means.length; k += 1) out[at + k] = Math.round(means[k]!);
    at += means.length;
  });
  return out;
}

function planesOf({ width, height, data }: I420Picture): Plane[] {
  const columns = chromaLength(width);
  const rows = chromaLength(height);
  const chroma = { data, columns, rows, width: width / 2, height: height / 2 };
  return [
    { data, at: 0, columns: width, rows: height, width, height },
    { ...chroma, at: width * height },
    { ...chroma, at: width * height + columns * rows },
  ];
}

/** Based on: ITU-R BT.601-7, with Y in [16, 235] and U, V in [16, 240]. The clamped array rounds as well. */
function convert(
  [y, u, v]: readonly [Float32Array, Float32Array, Float32Array],
  out: Uint8Array<ArrayBuffer>,
): void {
  const clamped = new Uint8ClampedArray(out.buffer);
  for (let i = 0, to = 0; i < y.length; i += 1, to += 3) {
    const luma = (y[i]! - 16) * 1.164_383_6;
    const cb = u[i]! - 128;
    const cr = v[i]! - 128;
    clamped[to] = luma + 1.596_026_8 * cr;
    clamped[to + 1] = luma - 0.391_762_3 * cb - 0.812_967_6 * cr;
    clamped[to + 2] = luma + 2.017_232_1 * cb;
  }
}
