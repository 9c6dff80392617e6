import type { StepTiming } from '../runtime/lane.js';
import { TimeHistogram } from './time-histogram.js';

/** Hops whose times may still grow: on several lanes reports come for hops some runs apart. */
const OPEN_HOPS = 4_096;

/** Adds up what every kernel took for a hop, and keeps the quantiles of the sums. */
export class HopTimes {
  readonly #open = new Map<number, number>();
  readonly #histogram = new TimeHistogram();

  add(timings: readonly StepTiming[]): void {
    for (const { position, ms } of timings) this.#open.set(position, (this.#open.get(position) ?? 0) + ms);
    for (const [position, ms] of this.#open) {
      if (this.#open.size <= OPEN_HOPS) break;
      this.#histogram.add(ms);
      this.#open.delete(position);
    }
  }

  /** Unit: ms; null where nothing was computed. */
  quantiles(): { p50: number | null; p95: number | null; p99: number | null } {
    for (const ms of this.#open.values()) this.#histogram.add(ms);
    this.#open.clear();
    return {
      p50: this.#histogram.quantile(0.5),
      p95: this.#histogram.quantile(0.95),
      p99: this.#histogram.quantile(0.99),
    };
  }
}
