/** Samples looked at on each side of a seam: 2.5 ms at 48 kHz. */
export const SEAM_REACH_FRAMES = 120;

/**
 * How much a seam sticks out: by how much the step between the samples at `at - 1` and `at` exceeds every other
 * step within 2.5 ms on either side, relative to the largest sample there. 0 where it does not stick out; in
 * [0, 2]. A wave's own slope, however steep, does not count: only a step that the neighbourhood does not explain.
 *
 * Shape: `samples` is one channel. Allocates: nothing.
 */
export function seamStep(samples: Float32Array, at: number): number {
  const from = Math.max(1, at - SEAM_REACH_FRAMES);
  const to = Math.min(samples.length, at + SEAM_REACH_FRAMES);
  if (at < from || at >= to) return 0;
  let peak = Math.abs(samples[from - 1]!);
  let largest = 0;
  for (let i = from; i < to; i += 1) {
    peak = Math.max(peak, Math.abs(samples[i]!));
    if (i !== at) largest = Math.max(largest, Math.abs(samples[i]! - samples[i - 1]!));
  }
  const step = Math.abs(samples[at]! - samples[at - 1]!);
  // Below -80 dBFS nothing is heard, and a ratio of rounding errors says nothing.
  return peak < 1e-4 ? 0 : Math.max(0, step - largest) / peak;
}
