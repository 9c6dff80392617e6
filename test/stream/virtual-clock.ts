import type { Clock } from '../../src/stream/clock.js';

/** Lets everything that can go on without time go on. */
export async function turn(times = 3): Promise<void> {
  for (let i = 0; i < times; i += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

type Wait = { readonly atMs: number; readonly resolve: () => void };

/** A clock that stands still until a test moves it. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #waits: Wait[] = [];

  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  waitUntilMs(atMs: number, signal?: AbortSignal): Promise<void> {
    if (atMs <= this.#nowMs || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#waits = this.#waits.filter((other) => other !== wait);
        resolve();
      };
      const wait = {
        atMs,
        resolve: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      this.#waits.push(wait);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** When the first of those who wait will go on. */
  get nextWaitMs(): number | undefined {
    return this.#waits.length === 0 ? undefined : Math.min(...this.#waits.map((wait) => wait.atMs));
  }

  get waitCount(): number {
    return this.#waits.length;
  }

  /** Moves time, stopping wherever somebody wakes. */
  async advanceTo(atMs: number): Promise<void> {
    await turn();
    for (let next = this.nextWaitMs; next !== undefined && next <= atMs; next = this.nextWaitMs) {
      this.jumpTo(Math.max(next, this.#nowMs));
      await turn();
    }
    this.jumpTo(atMs);
    await turn();
  }

  /** Moves time at once, like a machine that slept. */
  jumpTo(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs);
    const due = this.#waits.filter((wait) => wait.atMs <= this.#nowMs);
    this.#waits = this.#waits.filter((wait) => wait.atMs > this.#nowMs);
    for (const wait of due) wait.resolve();
  }
}
