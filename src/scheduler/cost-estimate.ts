import { assertPositiveInteger } from '../stream/assertions.js';

/** The hops that an estimate remembers: few, so that a machine that was busy is not held for it long after. */
export const REMEMBERED_HOPS = 64;

/** What a hop costs, learned from the recent ones: a quantile of them, so that a forecast errs on the safe side. */
export class CostEstimate {
  readonly #capacity: number;
  readonly #costsMs: number[] = [];

  /**
   * @param capacity The hops remembered
   * @throws {TypeError | RangeError} If `capacity` is not a positive integer
   */
  constructor(capacity = REMEMBERED_HOPS) {
    assertPositiveInteger(capacity, 'capacity');
    this.#capacity = capacity;
  }

  add(costMs: number): void {
    this.#costsMs.push(costMs);
    if (this.#costsMs.length > this.#capacity) this.#costsMs.shift();
  }

  /** The cost that so large a share of the recent hops did not exceed; undefined before the first. Unit: ms. */
  quantileMs(share: number): number | undefined {
    const sorted = [...this.#costsMs].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  }
}
