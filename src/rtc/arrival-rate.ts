/** What one interval counts in the mean: about the last second at 30 pictures a second. */
const SHARE = 0.05;

/** How often something arrives, as a running mean of the intervals; falls when nothing comes. */
export class ArrivalRate {
  #lastMs: number | undefined;
  #intervalMs: number | undefined;

  /** The last arrival; absent before the first. Unit: ms. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  /** Something arrives. Unit: ms. */
  note(nowMs: number): void {
    if (this.#lastMs !== undefined) {
      const intervalMs = nowMs - this.#lastMs;
      this.#intervalMs ??= intervalMs;
      this.#intervalMs += SHARE * (intervalMs - this.#intervalMs);
    }
    this.#lastMs = nowMs;
  }

  /** Arrivals a second; 0 before the second. */
  perSecond(nowMs: number): number {
    if (this.#lastMs === undefined || this.#intervalMs === undefined) return 0;
    return 1000 / Math.max(1, this.#intervalMs, nowMs - this.#lastMs);
  }
}
