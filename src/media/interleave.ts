/**
 * Interleaves planar channels into a target: sample after sample, each with all its channels.
 *
 * Shape: every channel holds the same number of samples; `target` holds that number times the channels.
 * Allocates: nothing.
 */
export function interleave(channels: readonly Float32Array[], target: Float32Array): void {
  const count = channels.length;
  for (let channel = 0; channel < count; channel += 1) {
    const samples = channels[channel] ?? target;
    for (let frame = 0, at = channel; frame < samples.length; frame += 1, at += count)
      target[at] = samples[frame]!;
  }
}

/** Takes interleaved samples apart: the inverse of `interleave`. Allocates: nothing. */
export function deinterleave(source: Float32Array, channels: readonly Float32Array[]): void {
  const count = channels.length;
  for (let channel = 0; channel < count; channel += 1) {
    const samples = channels[channel] ?? source;
    for (let frame = 0, at = channel; frame < samples.length; frame += 1, at += count)
      samples[frame] = source[at]!;
  }
}
