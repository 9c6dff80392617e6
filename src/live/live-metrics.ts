/** Upper bounds of the bins in which times are counted, the last being all above. Unit: ms. */
export const TIME_BINS_MS: readonly number[] = [
  0.5, 1, 2, 4, 6, 8, 10, 15, 20, 30, 50, 75, 100, 200, 500, 1_000,
];

/** How long something took, over all times it was done since the start. */
export class TimeBins {
  /** Times up to the bound of the same index, and one more for those above all bounds. */
  readonly counts = new Float64Array(TIME_BINS_MS.length + 1);
  #sumMs = 0;

  /** Unit: ms. */
  get sumMs(): number {
    return this.#sumMs;
  }

  /** Allocates: nothing. */
  add(ms: number): void {
    let bin = 0;
    while (bin < TIME_BINS_MS.length && ms > TIME_BINS_MS[bin]!) bin += 1;
    this.counts[bin]! += 1;
    this.#sumMs += ms;
  }
}

/** What the live engine counts since its start beyond what its streams report; keys are few, and chosen by us. */
export type LiveMetrics = {
  /** Computing of one hop, by stage: `encode`, `fuse`, `map`, `generate`, `decode`. */
  readonly stageTimes: ReadonlyMap<string, TimeBins>;
  /** What bounded queues dropped, by queue: `pictures`, `own-sound`. */
  readonly queueDrops: ReadonlyMap<string, number>;
  /** How late the pacer handed blocks of sound out. */
  readonly pacerLateness: TimeBins;
  /** Peers that stand now. */
  readonly peers: number;
};
