import type { Size } from './picture.js';

export type EncoderInput = {
  /** The picture's size; a multiple of `size`. */
  readonly picture: Size;
  readonly size: Size;
  /** Per channel R, G, B, in 8-bit values: value = (mean of the box - mean) / std. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
};

type Target = { readonly out: Float32Array; readonly at: number };

/** value = sum of the box * gain - offset. */
type Scale = { readonly gain: number; readonly offset: number };

/**
 * Writes a picture as an encoder wants it: mean of boxes of whole pixels, normalised, channels first.
 *
 * Shape: `picture` [H, W, 3]; writes [3, size.height, size.width] into `out` from `at` on.
 */
export function writeEncoderInput(picture: Uint8Array, input: EncoderInput, target: Target): void {
  const box: Size = {
    width: input.picture.width / input.size.width,
    height: input.picture.height / input.size.height,
  };
  const scales = input.std.map((std, channel): Scale => ({
    gain: 1 / (box.width * box.height * std),
    offset: input.mean[channel]! / std,
  }));
  const write = box.width === 1 && box.height === 1 ? writePixels : writeBoxes;
  write(picture, { ...input, box, scales: scales as [Scale, Scale, Scale] }, target);
}

type Boxes = {
  readonly picture: Size;
  readonly size: Size;
  readonly box: Size;
  readonly scales: readonly [Scale, Scale, Scale];
};

function writeBoxes(picture: Uint8Array, boxes: Boxes, { out, at }: Target): void {
  const { size, box } = boxes;
  const [red, green, blue] = boxes.scales;
  const plane = size.width * size.height;
  const rowLength = boxes.picture.width * 3;
  for (let y = 0, to = at; y < size.height; y += 1) {
    for (let x = 0; x < size.width; x += 1, to += 1) {
      let sumR = 0;
      let sumG = 0;
      let sumB = 0;
      for (let by = 0; by < box.height; by += 1) {
        let from = (y * box.height + by) * rowLength + x * box.width * 3;
        for (const end = from + box.width * 3; from < end; from += 3) {
          sumR += picture[from]!;
          sumG += picture[from + 1]!;
          sumB += picture[from + 2]!;
        }
      }
      out[to] = sumR * red.gain - red.offset;
      out[to + plane] = sumG * green.gain - green.offset;
      out[to + 2 * plane] = sumB * blue.gain - blue.offset;
    }
  }
}

/** The same for boxes of one pixel, which both encoders of `live` take: in half the time. */
function writePixels(picture: Uint8Array, boxes: Boxes, { out, at }: Target): void {
  const [red, green, blue] = boxes.scales;
  const plane = boxes.size.width * boxes.size.height;
  for (let i = 0, p = 0, to = at; i < plane; i += 1, p += 3, to += 1) {
    out[to] = picture[p]! * red.gain - red.offset;
    out[to + plane] = picture[p + 1]! * green.gain - green.offset;
    out[to + 2 * plane] = picture[p + 2]! * blue.gain - blue.offset;
  }
}
