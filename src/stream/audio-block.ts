/**
 * A run of audio frames, planar.
 *
 * Shape: each of `channels` holds the same number of samples. Unit: linear amplitude, nominally [-1, 1];
 * `position` counts 48 kHz audio frames from the start of the media.
 * Who receives a block owns it until it asks for the next one; keep samples by copying them.
 */
export type AudioBlock = {
  readonly position: number;
  readonly channels: readonly Float32Array[];
};

/** Audio frames in a block. */
export function frameCountOf(block: AudioBlock): number {
  return block.channels[0]?.length ?? 0;
}
