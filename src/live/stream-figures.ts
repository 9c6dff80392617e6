import type { Engine } from '../engine.js';
import type { SessionMetric } from '../session-metrics.js';
import type { Clock } from '../stream/clock.js';
import { LevelMeter } from '../stream/level-meter.js';
import { MEDIA_RATE } from '../stream/media-clock.js';
import type { Playout } from '../stream/playout.js';
import { HopFigures } from './hop-figures.js';
import type { StreamReport } from './stream-report.js';

export type StreamFiguresOptions = {
  readonly engine: Pick<Engine, 'bundle' | 'laneRestarts'>;
  readonly playout: Pick<Playout, 'counts'>;
  readonly clock: Clock;
};

/** What this part of the report is about: all but the stream's settings, its sender and who listens. */
type Figures = Omit<
  StreamReport,
  | 'name'
  | 'state'
  | 'bundle'
  | 'mode'
  | 'settings'
  | 'stepsNow'
  | 'listeners'
  | 'picture'
  | 'hasOwnSound'
  | 'delayMs'
>;

/** What a stream counts and measures from its beginning on, whoever sends it and however often a session is begun anew. */
export class StreamFigures {
  readonly #options: StreamFiguresOptions;
  readonly #startMs: number;
  readonly #laneRestartsBefore: number;
  readonly #hops = new HopFigures();
  readonly #meter = new LevelMeter();
  #stepsChanges = 0;
  #sessionRestarts = 0;

  constructor(options: StreamFiguresOptions) {
    this.#options = options;
    this.#startMs = options.clock.nowMs();
    this.#laneRestartsBefore = options.engine.laneRestarts;
  }

  /** Takes in a block that is handed out. */
  hear(channels: readonly Float32Array[]): void {
    this.#meter.add(channels);
  }

  /** Takes in what a session, which begins at `offset` in the stream, tells of itself. Unit: audio frames. */
  note(metric: SessionMetric, offset: number): void {
    if (metric.kind === 'hop') this.#hops.add(metric, offset);
    if (metric.kind === 'steps') this.#stepsChanges += 1;
  }

  countRestart(): void {
    this.#sessionRestarts += 1;
  }

  /** What a delay of `total` is made of. Unit: ms. */
  delayParts(total: number, jitterBuffer: number): StreamReport['delayMs'] {
    const { gatherMs, queueMs: queue, computeMs: compute } = this.#hops.parts;
    const hop = Math.max(0, gatherMs - jitterBuffer);
    return { jitterBuffer, hop, queue, compute, buffer: total - jitterBuffer - hop - queue - compute, total };
  }

  get report(): Figures {
    const { clock, engine, playout } = this.#options;
    const { underruns, missingFrames } = playout.counts;
    return {
      durationSeconds: (clock.nowMs() - this.#startMs) / 1000,
      hopBudgetMs: (engine.bundle.hopFrames / MEDIA_RATE) * 1000,
      computeMs: this.#hops.computeMs,
      recentHops: this.#hops.recent,
      deadlineMisses: this.#hops.deadlineMisses,
      underruns,
      underrunMs: (missingFrames / MEDIA_RATE) * 1000,
      stepsChanges: this.#stepsChanges,
      sessionRestarts: this.#sessionRestarts,
      laneRestarts: engine.laneRestarts - this.#laneRestartsBefore,
      level: this.#meter.level,
    };
  }
}
