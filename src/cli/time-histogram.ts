/** Bins grow by 1 % each: a quantile is right to half of that. */
const BIN_RATIO = 1.01;
const LOWEST_MS = 0.001;
const BIN_COUNT = 2_000;

/** Counts times of any number in bounded memory, for their quantiles. */
export class TimeHistogram {
  readonly #bins = new Uint32Array(BIN_COUNT);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    const bin = Math.round(Math.log(Math.max(ms, LOWEST_MS) / LOWEST_MS) / Math.log(BIN_RATIO));
    this.#bins[Math.min(bin, BIN_COUNT - 1)]! += 1;
    this.#count += 1;
  }

  /** The time that a share of all times does not exceed; null where there are none. Unit: ms. */
  quantile(share: number): number | null {
    let left = Math.ceil(share * this.#count);
    if (left === 0) return null;
    const bin = this.#bins.findIndex((count) => (left -= count) <= 0);
    return LOWEST_MS * BIN_RATIO ** bin;
  }
}
