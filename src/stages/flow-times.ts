import { assertPositiveInteger } from '../stream/assertions.js';

export type FlowTimesOptions = {
  /** Euler steps. */
  readonly steps: number;
  /** Above 1, more steps lie near the noise; 1 spaces them evenly. */
  readonly timeShift: number;
};

/**
 * The times between which a rectified flow is integrated: `steps + 1` of them from 0 (noise) to 1 (data), the
 * even spacing u bent to u / (u + s (1 - u)).
 * Based on: the timestep shift of Esser et al., "Scaling Rectified Flow Transformers", 2024, with time reversed.
 * @throws {RangeError} If `steps` is not a positive integer
 */
export function flowTimes(options: FlowTimesOptions): Float64Array {
  const { steps, timeShift } = options;
  assertPositiveInteger(steps, 'steps');
  return Float64Array.from({ length: steps + 1 }, (_, i) => {
    const u = i / steps;
    return u / (u + timeShift * (1 - u));
  });
}
