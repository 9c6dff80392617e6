/** How long to wait before the next try of something that failed. */
export type BackOff = {
  /** The first wait. Unit: ms. */
  readonly firstMs: number;
  /** The longest wait. Unit: ms. */
  readonly longestMs: number;
  /** After so many tries it is given up. */
  readonly tries: number;
};

export const RECONNECT: BackOff = Object.freeze({ firstMs: 500, longestMs: 10_000, tries: 12 });

/**
 * The wait before try number `attempt` (from 1): doubled each time, with a fifth of it left to chance, so that the
 * pages of many people do not all come back at the same moment; undefined when it is time to give up.
 *
 * @param chance From 0 to 1
 */
export function waitBeforeTry(
  attempt: number,
  chance: number,
  backOff: BackOff = RECONNECT,
): number | undefined {
  if (attempt > backOff.tries) return undefined;
  const waitMs = Math.min(backOff.longestMs, backOff.firstMs * 2 ** (attempt - 1));
  return Math.round(waitMs * (0.8 + 0.2 * chance));
}

/** Unit: seconds. What an answer's `Retry-After` asks for: seconds or a date; within 1 s and 10 minutes. */
export function retryAfterSeconds(header: string | null, nowMs: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : (Date.parse(header) - nowMs) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  return Math.min(600, Math.max(1, Math.ceil(seconds)));
}
