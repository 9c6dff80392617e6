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
