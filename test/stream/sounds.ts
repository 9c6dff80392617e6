/** Deterministic white noise in [-amplitude, amplitude]. */
export function noise(length: number, options: { seed?: number; amplitude?: number } = {}): Float32Array {
  const { seed = 1, amplitude = 1 } = options;
  let state = (seed * 2_654_435_761 + 12_345) >>> 0;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) / 2 ** 31 - 1) * amplitude;
  });
}

/** A sine at 48 kHz. */
export function sine(
  length: number,
  options: { hz: number; amplitude?: number; phase?: number },
): Float32Array {
  const { hz, amplitude = 1, phase = 0 } = options;
  return Float32Array.from(
    { length },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / 48_000 + phase),
  );
}

export function concatenate(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function powerOf(samples: Float32Array): number {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  return power / Math.max(1, samples.length);
}

/** The index of the first sample that is not bit for bit the same, or -1. */
export function firstDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  for (let i = 0; i < a.length; i += 1) if (!Object.is(a[i], b[i])) return i;
  return -1;
}

/**
 * The largest value of the wave through the samples, `factor` times oversampled by a Blackman-windowed sinc in double
 * precision that looks `reach` samples to either side: nothing in common with the one under test.
 */
export function oversampledPeak(
  samples: ArrayLike<number>,
  options: { factor?: number; reach?: number } = {},
): number {
  const { factor = 4, reach = 64 } = options;
  let peak = 0;
  for (let phase = 0; phase < factor; phase += 1) {
    const taps = Float64Array.from({ length: 2 * reach }, (_, tap) => {
      const x = tap - reach + 1 - phase / factor;
      if (x === 0) return 1;
      const w = Math.min(1, Math.abs(x) / reach);
      const window = 0.42 + 0.5 * Math.cos(Math.PI * w) + 0.08 * Math.cos(2 * Math.PI * w);
      return (Math.sin(Math.PI * x) / (Math.PI * x)) * window;
    });
    for (let i = 0; i < samples.length; i += 1) {
      let sum = 0;
      for (let tap = 0; tap < taps.length; tap += 1) sum += taps[tap]! * (samples[i + tap - reach + 1] ?? 0);
      peak = Math.max(peak, Math.abs(sum));
    }
  }
  return peak;
}

/** Without what lies above 19 kHz: what no listener and no meter's own filter lets count. */
export function withoutTop(samples: Float32Array): Float32Array {
  const reach = 80;
  const cutoff = 19_000 / 24_000;
  const taps = Float64Array.from({ length: 2 * reach + 1 }, (_, tap) => {
    const x = tap - reach;
    const window =
      0.42 + 0.5 * Math.cos((Math.PI * x) / (reach + 1)) + 0.08 * Math.cos((2 * Math.PI * x) / (reach + 1));
    return x === 0 ? cutoff : (Math.sin(Math.PI * cutoff * x) / (Math.PI * x)) * window;
  });
  return samples.map((_, i) => {
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap += 1) sum += taps[tap]! * (samples[i + tap - reach] ?? 0);
    return sum;
  });
}
