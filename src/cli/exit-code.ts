import type { FailurePlace } from '../stream/errors.js';

/** What the command line's exit codes mean; they are part of its contract. */
export const EXIT_CODES = {
  done: 0,
  defect: 1,
  usage: 2,
  input: 3,
  output: 3,
  bundle: 4,
  environment: 5,
  interrupted: 130,
} as const satisfies Record<FailurePlace | 'done' | 'defect' | 'interrupted', number>;
