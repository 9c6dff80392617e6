/** How long a client may take; who is slower is cut off, so that slow clients cannot hold all connections. Unit: ms. */
export type ServerTimeouts = {
  /** Until all headers are there. */
  readonly headersMs: number;
  /** Until the whole request is there. */
  readonly requestMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  /** Between two requests of a connection. */
  readonly keepAliveMs: number;
  /** How often the first two are looked after. */
  readonly checkMs: number;
};

/** What holds where nothing is said. */
export const SERVER_TIMEOUTS: ServerTimeouts = Object.freeze({
  headersMs: 5_000,
  requestMs: 10_000,
  idleMs: 30_000,
  keepAliveMs: 10_000,
  checkMs: 1_000,
});
