/** Equal gain where both sides are the same sound, equal power where they are not. */
export type FadeLaw = 'equal-gain' | 'equal-power';

/**
 * Which law keeps the loudness level: with correlation r of the two sides, the power at the middle of an
 * equal-gain fade is (1 + r) / 2 and of an equal-power fade 1 + r, so each is right at its end and the border
 * lies where both miss by the same ratio: (1 + r) / 2 * (1 + r) = 1, r = 0.414.
 */
const CORRELATED_FROM = Math.SQRT2 - 1;

/**
 * The correlation coefficient of two runs of samples, in [-1, 1]; 1 where both are silent.
 * Shape: `a` and `b` are one channel of the same length. Allocates: nothing.
 */
export function correlationOf(a: Float32Array, b: Float32Array): number {
  let cross = 0;
  let powerA = 0;
  let powerB = 0;
  for (let i = 0; i < a.length; i += 1) {
    const x = a[i]!;
    const y = b[i]!;
    cross += x * y;
    powerA += x * x;
    powerB += y * y;
  }
  const scale = Math.sqrt(powerA * powerB);
  return scale < 1e-12 ? 1 : Math.max(-1, Math.min(1, cross / scale));
}

/** The law that fits a measured correlation. */
export function fadeLawFor(correlation: number): FadeLaw {
  return correlation >= CORRELATED_FROM ? 'equal-gain' : 'equal-power';
}

/**
 * Fades from one run of samples into another: `out = older * fall + newer * rise` with raised-cosine gains that
 * sum to one (equal gain) or whose squares do (equal power).
 *
 * Shape: `older`, `newer` and `out` are one channel of the same length; `out` may be either of the others.
 * Unit: linear amplitude. Allocates: nothing.
 * Based on: sine/cosine power-complementary fades, e.g. Zoelzer, DAFX, section 4.
 */
export function crossfade(
  older: Float32Array,
  newer: Float32Array,
  options: { law: FadeLaw; out: Float32Array },
): void {
  const { law, out } = options;
  const count = out.length;
  for (let i = 0; i < count; i += 1) {
    const angle = ((i + 0.5) / count) * (Math.PI / 2);
    const sine = Math.sin(angle);
    const cosine = Math.cos(angle);
    const rise = law === 'equal-gain' ? sine * sine : sine;
    const fall = law === 'equal-gain' ? cosine * cosine : cosine;
    out[i] = older[i]! * fall + newer[i]! * rise;
  }
}
