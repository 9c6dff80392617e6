/**
 * Taps of each phase, half of them beyond the sample. The standard's own filter has 12 and misses up to 4 dB of a wave
 * with much near half the rate, which longer meters (FFmpeg's ebur128) see.
 */
export const TRUE_PEAK_TAPS = 32;

const TAPS_BEFORE = TRUE_PEAK_TAPS / 2 - 1;

const PHASES = 4;

/** Phases 1 to 3 of a 4x interpolator (phase 0 is the sample itself): a Hann-windowed sinc. */
const COEFFICIENTS = Array.from({ length: PHASES - 1 }, (_, phase) =>
  Float64Array.from({ length: TRUE_PEAK_TAPS }, (_tap, tap) => {
    const x = tap - TAPS_BEFORE - (phase + 1) / PHASES;
    const window = 0.5 + 0.5 * Math.cos((2 * Math.PI * x) / TRUE_PEAK_TAPS);
    return (Math.sin(Math.PI * x) / (Math.PI * x)) * window;
  }),
);

/** No true peak exceeds this many times the largest sample that its interpolation reads. */
export const TRUE_PEAK_BOUND = Math.max(
  ...COEFFICIENTS.map((taps) => taps.reduce((sum, tap) => sum + Math.abs(tap), 0)),
);

/**
 * The largest value that the wave reaches between the samples from `at` on and the one after each, four times
 * oversampled.
 *
 * Shape: reads `samples` from `at - 15` up to `at + count + 15`. Unit: linear amplitude. Allocates: nothing.
 * Based on: ITU-R BS.1770-5, annex 2.
 */
export function truePeakOf(samples: Float32Array, at: number, count: number): number {
  let peak = 0;
  for (let i = at; i < at + count; i += 1) {
    peak = Math.max(peak, Math.abs(samples[i]!));
    for (const taps of COEFFICIENTS) {
      let sum = 0;
      for (let tap = 0; tap < TRUE_PEAK_TAPS; tap += 1) sum += taps[tap]! * samples[i + tap - TAPS_BEFORE]!;
      peak = Math.max(peak, Math.abs(sum));
    }
  }
  return peak;
}
