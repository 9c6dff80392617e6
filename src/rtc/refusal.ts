/** What a refusal means to an HTTP client. 404 no such thing, 406/415 a media type, 409 a state, 422 an offer we cannot take, 503 load. */
export type RefusalStatus = 400 | 404 | 406 | 409 | 422 | 503;

/** A request that is understood and not granted: the message says what was asked, what is required and what to do. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: RefusalStatus;
  /** When to try again. Unit: seconds. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: RefusalStatus,
    message: string,
    options: ErrorOptions & { retryAfterSeconds?: number } = {},
  ) {
    super(message, options);
    this.status = status;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
