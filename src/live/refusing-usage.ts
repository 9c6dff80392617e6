import { Refusal } from '../rtc/refusal.js';
import { LivefoleyError } from '../stream/errors.js';

/**
 * Does what a client asked for; what the bundle does not take is the client's mistake.
 * @throws {Refusal} 422, instead of an error of usage; any other error as it is
 */
export function refusingUsage(act: () => void): void {
  try {
    act();
  } catch (error) {
    throw refusedUsage(error);
  }
}

/** The refusal of an error of usage; any other error as it is. */
export function refusedUsage(error: unknown): unknown {
  if (!(error instanceof Error) || !isUsage(error)) return error;
  return new Refusal(422, `Cannot use these settings: ${error.message}`, { cause: error });
}

function isUsage(error: Error): boolean {
  return error instanceof LivefoleyError
    ? error.place === 'usage'
    : error instanceof RangeError || error instanceof TypeError;
}
