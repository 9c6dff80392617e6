import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the loop is looked at; what is measured contains it. Unit: ms. */
const RESOLUTION_MS = 10;

/** A reading holds at least this much time. Unit: ms. */
const SPAN_MS = 10_000;

/** How late the event loop came to its timers. Unit: ms. */
export type EventLoopDelay = { readonly p50: number; readonly p99: number; readonly max: number };

/** Watches the event loop of this process. */
export class EventLoopMonitor {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #isOver = false;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#histogram.enable();
    this.#timer = setInterval(() => (this.#isOver = true), SPAN_MS).unref();
  }

  /** Since the reading before, or since one before it if that was less than 10 s ago. */
  read(): EventLoopDelay {
    const ms = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    const { count, max } = this.#histogram;
    const at = (share: number): number => (count > 0 ? ms(this.#histogram.percentile(share)) : 0);
    const delay = { p50: at(50), p99: at(99), max: count > 0 ? ms(max) : 0 };
    if (this.#isOver) this.#histogram.reset();
    this.#isOver = false;
    return delay;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }
}
