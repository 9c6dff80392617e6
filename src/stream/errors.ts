/** What a person can do about a failure depends on where it lies; the command line's exit code follows it. */
export type FailurePlace = 'usage' | 'input' | 'output' | 'bundle' | 'environment';

/**
 * A failure that a person can act on: the message says what was attempted, what was required, what came
 * instead and what to do. Everything else that is thrown is a defect of ours or of the caller's code.
 */
export class LivefoleyError extends Error {
  override readonly name = 'LivefoleyError';
  readonly place: FailurePlace;

  constructor(place: FailurePlace, message: string, options?: ErrorOptions) {
    super(message, options);
    this.place = place;
  }
}
