import type { SessionMetric } from '../session-metrics.js';
import { MEDIA_RATE } from '../stream/media-clock.js';
import type { HopReport, Quantiles } from './stream-report.js';

type Hop = Extract<SessionMetric, { kind: 'hop' }>;

/** Hops that the quantiles look back at, and that are listed one by one. */
const REMEMBERED_HOPS = 600;
const LISTED_HOPS = 50;

type Parts = { readonly gatherMs: number; readonly queueMs: number; readonly computeMs: number };

/** How the hops of one stream went: what its report and the page's charts are made of. */
export class HopFigures {
  readonly #computeMs: number[] = [];
  readonly #recent: HopReport[] = [];
  readonly #parts: Parts[] = [];
  #misses = 0;

  get deadlineMisses(): number {
    return this.#misses;
  }

  get recent(): readonly HopReport[] {
    return this.#recent;
  }

  /** Over the last minute of hops of 0.1 s. */
  get computeMs(): Quantiles {
    const sorted = [...this.#computeMs].sort((a, b) => a - b);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }

  /** Medians of the last hops. Unit: ms. */
  get parts(): Parts {
    const median = (part: keyof Parts): number => {
      const sorted = this.#parts.map((each) => each[part]).sort((a, b) => a - b);
      return sorted[Math.floor(sorted.length / 2)] ?? 0;
    };
    return { gatherMs: median('gatherMs'), queueMs: median('queueMs'), computeMs: median('computeMs') };
  }

  /** Takes in a hop of a session that begins at `offset` in the stream. Unit: audio frames. */
  add({ position, times }: Hop, offset: number): void {
    if (!times) return;
    const atMs = ((position + offset) / MEDIA_RATE) * 1000;
    const { gatherMs } = times;
    const computeMs = times.readyMs - times.postedMs;
    const queueMs = times.postedMs - times.takenMs;
    keep(this.#computeMs, computeMs, REMEMBERED_HOPS);
    keep(this.#parts, { gatherMs, queueMs, computeMs }, LISTED_HOPS);
    const { slackMs, steps } = times;
    keep(this.#recent, { atMs, gatherMs, queueMs, computeMs, slackMs, steps }, LISTED_HOPS);
    if (times.slackMs < 0) this.#misses += 1;
  }
}

function keep<T>(list: T[], item: T, count: number): void {
  list.push(item);
  if (list.length > count) list.shift();
}
