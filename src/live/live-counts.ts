import type { SessionMetric } from '../session-metrics.js';
import { TimeBins, type LiveMetrics } from './live-metrics.js';
import type { LiveStream } from './live-stream.js';

/** What is counted over all streams since the start, those that have ended included. */
export class LiveCounts {
  readonly #stageTimes = new Map<string, TimeBins>();
  #pictures = 0;
  #ownSound = 0;

  /** A hop of some stream is done. */
  countHop({ timings }: Extract<SessionMetric, { kind: 'hop' }>): void {
    for (const { kernel, ms } of timings) {
      const bins = this.#stageTimes.get(kernel) ?? new TimeBins();
      bins.add(ms);
      this.#stageTimes.set(kernel, bins);
    }
  }

  /** A stream has ended: what it dropped stays counted. */
  keep({ drops }: LiveStream): void {
    this.#pictures += drops.pictures;
    this.#ownSound += drops.ownSound;
  }

  /** With what the streams that run have dropped so far. */
  with(streams: Iterable<LiveStream>): Pick<LiveMetrics, 'stageTimes' | 'queueDrops'> {
    let [pictures, ownSound] = [this.#pictures, this.#ownSound];
    for (const { drops } of streams) {
      pictures += drops.pictures;
      ownSound += drops.ownSound;
    }
    return {
      stageTimes: this.#stageTimes,
      queueDrops: new Map([
        ['pictures', pictures],
        ['own-sound', ownSound],
      ]),
    };
  }
}
