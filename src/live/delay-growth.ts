import type { HopTimes } from '../session-metrics.js';

/** Hops looked back at, and how many of them must have come too late: what happens now and then is no trend. */
const HOPS = 50;
const LATE_HOPS = 15;

/** Hops that follow each other faster than this share of a hop catch up after a stall, and tell nothing of their own. */
const CATCHING_UP = 0.5;

/** So much of them shall be in time, and with so much to spare. Unit of the second: ms. */
const SHARE_IN_TIME = 0.9;
const SPARE_MS = 20;

/** Who is later than this has another trouble than a jitter buffer. Unit: ms. */
const MOST_MS = 1_000;

/**
 * Tells by how much a stream's delay must grow because its pictures keep coming later than it allows for: a network
 * whose jitter has grown. Hops that are late because computing does not keep pace are left to the steps' governor, for
 * a longer delay would not help them.
 */
export class DelayGrowth {
  readonly #hopMs: number;
  readonly #lateMs: number[] = [];
  #lastReadyMs = -Infinity;
  #grownMs = 0;

  /** `hopMs`: what computing a hop may take in the long run. */
  constructor(hopMs: number) {
    this.#hopMs = hopMs;
  }

  /** Takes a hop in. Returns what the delay should grow by, and then begins to look anew. Unit: ms. */
  observe({ slackMs, takenMs, readyMs }: HopTimes): number | undefined {
    const isCatchingUp = readyMs - this.#lastReadyMs < CATCHING_UP * this.#hopMs;
    this.#lastReadyMs = readyMs;
    if (isCatchingUp || readyMs - takenMs > this.#hopMs) return undefined;
    this.#lateMs.push(-slackMs);
    if (this.#lateMs.length > HOPS) this.#lateMs.shift();
    if (this.#lateMs.filter((ms) => ms > 0).length < LATE_HOPS) return undefined;
    const sorted = this.#lateMs.splice(0).sort((a, b) => a - b);
    const wantedMs = Math.ceil((sorted[Math.floor(SHARE_IN_TIME * sorted.length)]! + SPARE_MS) / 10) * 10;
    const byMs = Math.min(wantedMs, MOST_MS - this.#grownMs);
    if (byMs <= 0) return undefined;
    this.#grownMs += byMs;
    return byMs;
  }
}
