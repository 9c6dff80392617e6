/** How the bytes of a picture are laid out: rows from top to bottom, 8 bits a component, no padding. */
export type PixelFormat = 'rgb24' | 'rgba';

/**
 * One picture with the media time at which it is shown.
 *
 * Shape: `data` holds `width * height * (3 or 4)` bytes.
 * Unit: `position` counts 48 kHz audio frames from the start of the media; it may be negative for a picture
 * shown before that start.
 * Whoever receives a frame may read it until the stream moves on and never writes to it.
 */
export type VideoFrame = {
  readonly position: number;
  readonly width: number;
  readonly height: number;
  readonly format: PixelFormat;
  readonly data: Uint8Array;
};

/** Bytes a pixel takes in a format. */
export function bytesPerPixel(format: PixelFormat): number {
  return format === 'rgba' ? 4 : 3;
}
