/** Where a live engine writes what happens: the part of pino's logger that it uses. */
export interface LiveLog {
  /** What is as it should be. */
  info(fields: object, message: string): void;
  /** What somebody may want to look at. */
  warn(fields: object, message: string): void;
  /** What has failed. */
  error(fields: object, message: string): void;
}

/** Says nothing. */
export const SILENT_LOG: LiveLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
