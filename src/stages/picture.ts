import { bytesPerPixel, type VideoFrame } from '../stream/video-frame.js';

/** A size in pixels. */
export type Size = { readonly width: number; readonly height: number };

/**
 * The frame as 8-bit RGB of exactly the given size, each pixel the mean of the area it covers; the frame's own
 * bytes where it has that size and format already.
 *
 * Shape: returns [height, width, 3], row-major.
 */
export function squeezePicture(frame: VideoFrame, size: Size): Uint8Array {
  if (frame.width === size.width && frame.height === size.height && frame.format === 'rgb24')
    return frame.data;
  const rows = spansOf(frame.height, size.height);
  const columns = spansOf(frame.width, size.width);
  const stride = bytesPerPixel(frame.format);
  const out = new Uint8Array(size.width * size.height * 3);
  const sums = new Float64Array(3);
  rows.forEach((row, y) => {
    columns.forEach((column, x) => {
      sums.fill(0);
      for (let sy = row.first; sy <= row.last; sy += 1) {
        for (let sx = column.first; sx <= column.last; sx += 1) {
          const weight = row.weightAt(sy) * column.weightAt(sx);
          const at = (sy * frame.width + sx) * stride;
          for (let c = 0; c < 3; c += 1) sums[c]! += weight * frame.data[at + c]!;
        }
      }
      for (let c = 0; c < 3; c += 1)
        out[(y * size.width + x) * 3 + c] = Math.round(sums[c]! / (row.length * column.length));
    });
  });
  return out;
}

type Span = { first: number; last: number; length: number; weightAt: (pixel: number) => number };

/** Which source pixels, and how much of each, every target pixel covers along one axis. */
function spansOf(sourceSize: number, targetSize: number): Span[] {
  const scale = sourceSize / targetSize;
  return Array.from({ length: targetSize }, (_, i) => {
    const from = i * scale;
    const to = (i + 1) * scale;
    const first = Math.min(sourceSize - 1, Math.floor(from));
    const last = Math.max(first, Math.min(sourceSize - 1, Math.ceil(to) - 1));
    return { first, last, length: to - from, weightAt: (p) => Math.min(to, p + 1) - Math.max(from, p) };
  });
}

export type EncoderInput = {
  /** The picture's size; a multiple of `size`. */
  readonly picture: Size;
  readonly size: Size;
  /** Per channel R, G, B, in 8-bit values: value = (mean of the box - mean) / std. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
};

/**
 * Writes a picture as an encoder wants it: mean of boxes of whole pixels, normalised, channels first.
 *
 * Shape: `picture` [H, W, 3]; writes [3, size.height, size.width] into `out` from `at` on. Allocates: nothing.
 */
export function writeEncoderInput(
  picture: Uint8Array,
  input: EncoderInput,
  target: { out: Float32Array; at: number },
): void {
  const { size, mean, std } = input;
  const { out, at } = target;
  const boxWidth = input.picture.width / size.width;
  const boxHeight = input.picture.height / size.height;
  const plane = size.width * size.height;
  const rowLength = input.picture.width * 3;
  // value = sum / boxArea / std - mean / std
  const gains = std.map((deviation) => 1 / (boxWidth * boxHeight * deviation)) as [number, number, number];
  const [offsetR, offsetG, offsetB] = mean.map((value, c) => value / std[c]!) as [number, number, number];
  const [gainR, gainG, gainB] = gains;
  for (let y = 0, to = at; y < size.height; y += 1) {
    for (let x = 0; x < size.width; x += 1, to += 1) {
      let sumR = 0;
      let sumG = 0;
      let sumB = 0;
      for (let by = 0; by < boxHeight; by += 1) {
        let from = (y * boxHeight + by) * rowLength + x * boxWidth * 3;
        for (const end = from + boxWidth * 3; from < end; from += 3) {
          sumR += picture[from]!;
          sumG += picture[from + 1]!;
          sumB += picture[from + 2]!;
        }
      }
      out[to] = sumR * gainR - offsetR;
      out[to + plane] = sumG * gainG - offsetG;
      out[to + 2 * plane] = sumB * gainB - offsetB;
    }
  }
}
