import { squeezeToI420, squeezeToRgb, type PictureSize } from './squeeze-i420.js';
import { turnedSize, turnI420, turnRgb, type Rotation } from './turn-picture.js';

/** One picture to be squeezed; its bytes move to who works on it. */
export type SqueezeJob = PictureSize & {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly rotation: Rotation;
  /** Of the RGB picture, after the turn. */
  readonly size: PictureSize;
  /** Where a second picture is wanted, the lines that it may have. */
  readonly echoMaxHeight?: number;
};

/** A picture in I420. Shape: see `i420Bytes()`. */
export type EchoPicture = PictureSize & { readonly data: Uint8Array<ArrayBuffer> };

/** What became of a picture. Shape: `rgb` is [height, width, 3] of the size asked for. */
export type SqueezeResult = { readonly rgb: Uint8Array<ArrayBuffer>; readonly echo: EchoPicture | undefined };

/** Does one job: squeezed before it is turned, for a small picture is turned faster. */
export function squeeze(job: SqueezeJob): SqueezeResult {
  const before = turnedSize(job.size, job.rotation);
  const rgb = turnRgb(squeezeToRgb(job, before), before, job.rotation);
  return { rgb, echo: job.echoMaxHeight === undefined ? undefined : echoOf(job, job.echoMaxHeight) };
}

/** The picture itself where it is small enough; sides are even, for encoders. */
function echoOf(job: SqueezeJob, maxHeight: number): EchoPicture {
  const shown = turnedSize(job, job.rotation);
  const scale = Math.min(1, maxHeight / shown.height);
  const size = { width: even(shown.width * scale), height: even(shown.height * scale) };
  const before = turnedSize(size, job.rotation);
  const isAsItIs = before.width === job.width && before.height === job.height;
  const squeezed = isAsItIs ? job.data : squeezeToI420(job, before);
  return { ...size, data: turnI420(squeezed, before, job.rotation) };
}

function even(length: number): number {
  return Math.max(2, 2 * Math.floor((length + 1e-6) / 2));
}
