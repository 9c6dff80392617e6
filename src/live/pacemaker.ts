import type { Clock } from '../stream/clock.js';
import { TimeBins } from './live-metrics.js';

/** What has to be done at its time, again and again. */
export interface Paced {
  /** When it wants to be called next, by the clock. Unit: ms. */
  readonly nextDueMs: number;
  play(nowMs: number): void;
  /** `play()` has thrown: it is not called any more, and the others go on. */
  giveUp(error: unknown): void;
}

/** The longest it sleeps, so that what joins meanwhile is not late. Unit: ms. */
const MAX_SLEEP_MS = 10;

/**
 * The one loop that hands sound out, for all streams: it wakes when the first of them is due, and is never behind by
 * more than a timer is late, as each knows its own time. It does nothing else, and nothing in it waits.
 */
export class Pacemaker {
  readonly lateness = new TimeBins();
  readonly #clock: Clock;
  readonly #paced = new Set<Paced>();
  readonly #stop = new AbortController();
  #isRunning = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls it from now on; after `close()` nothing happens. */
  add(paced: Paced): void {
    if (this.#stop.signal.aborted) return;
    this.#paced.add(paced);
    if (!this.#isRunning) void this.#run();
  }

  /** How many there are. */
  get size(): number {
    return this.#paced.size;
  }

  remove(paced: Paced): void {
    this.#paced.delete(paced);
  }

  close(): void {
    this.#stop.abort();
    this.#paced.clear();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#paced.size > 0) {
      const nowMs = this.#clock.nowMs();
      let nextMs = nowMs + MAX_SLEEP_MS;
      for (const paced of this.#paced) {
        if (paced.nextDueMs <= nowMs) this.#play(paced, nowMs);
        nextMs = Math.min(nextMs, paced.nextDueMs);
      }
      await this.#clock.waitUntilMs(nextMs, this.#stop.signal);
    }
    this.#isRunning = false;
  }

  #play(paced: Paced, nowMs: number): void {
    this.lateness.add(nowMs - paced.nextDueMs);
    try {
      paced.play(nowMs);
    } catch (error) {
      this.#paced.delete(paced);
      paced.giveUp(error);
    }
  }
}
