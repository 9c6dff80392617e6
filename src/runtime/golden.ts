import type { GoldenAnswer } from './bundle-manifest.js';

/** Below this an answer counts as silence, and its own size is no measure of its error. */
const RMS_FLOOR = 1e-3;

/**
 * The input that a known answer was asked with: element i is sin(0.01 * ((37 * i) mod 1009) + ordinal), in double
 * precision, rounded to 32 bits. `ordinal` counts the graph's inputs in the order of their names, from 0.
 *
 * Based on: `golden` in models/bundle.schema.json.
 */
export function goldenInput(ordinal: number, length: number): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i += 1) values[i] = Math.sin(0.01 * ((37 * i) % 1009) + ordinal);
  return values;
}

/**
 * Holds an output against its known answer: rms and each of the eight probes must lie within `tolerance` times the
 * answer's rms (at least 0.001). `undefined` if they do, else what must be what, as in 'rms must be ...'.
 *
 * Unit: `tolerance` is relative.
 */
export function compareGolden(
  expected: GoldenAnswer,
  values: Float32Array,
  tolerance: number,
): string | undefined {
  const limit = tolerance * Math.max(expected.rms, RMS_FLOOR);
  const count = expected.probes.length;
  const compared: (readonly [name: string, required: number, received: number])[] = [
    ['rms', expected.rms, rootMeanSquare(values)],
    ...expected.probes.map(
      (probe, j) => [`probes[${j}]`, probe, values[Math.floor((j * values.length) / count)] ?? NaN] as const,
    ),
  ];
  for (const [name, required, received] of compared) {
    // Written so that NaN fails.
    if (Math.abs(received - required) <= limit) continue;
    return `${name} must be within ${limit.toPrecision(3)} of ${required.toPrecision(7)}, received ${received.toPrecision(7)}`;
  }
  return undefined;
}

function rootMeanSquare(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum / values.length);
}
