import type { StepTiming } from './runtime/lane.js';
import type { DeadlineQueue, Turn } from './scheduler/deadline-queue.js';
import { StepGovernor, type StepChange } from './scheduler/step-governor.js';
import type { HopTimes } from './session-metrics.js';
import type { LiveOptions } from './session-options.js';
import type { BundleTiming } from './stages/bundle-timing.js';
import { BLOCK_FRAMES } from './stages/mix.js';
import type { Clock } from './stream/clock.js';
import { LIMITER_DELAY_FRAMES } from './stream/limit-peaks.js';
import { MEDIA_RATE } from './stream/media-clock.js';

/** A reserve that no hop should eat into: what timers, pipes and a busy machine take now and then. Unit: ms. */
const SAFE_SLACK_MS = 30;

export type LiveHopsOptions = {
  readonly live: LiveOptions;
  readonly timing: BundleTiming;
  readonly clock: Clock;
  readonly maxSteps: number;
  /** The turns of the session's lane. */
  readonly turns: DeadlineQueue;
};

/** The hops of a live session against the clock: their turns on the lane, their deadlines, and the steps these allow. */
export class LiveHops {
  readonly #options: LiveHopsOptions;
  readonly #governor: StepGovernor;
  readonly #stop = new AbortController();
  readonly #underWay = new Map<number, { takenMs: number; postedMs: number; steps: number; turn: Turn }>();
  #originMs: number | undefined;
  #delayMs: number;

  constructor(options: LiveHopsOptions) {
    this.#options = options;
    this.#originMs = options.live.originMs;
    this.#delayMs = options.live.delayMs;
    this.#governor = new StepGovernor({
      maxSteps: options.maxSteps,
      hopMs: msOf(options.timing.hopFrames),
      safeSlackMs: SAFE_SLACK_MS,
    });
  }

  /** Steps for the hop that is posted next. */
  get steps(): number {
    return this.#governor.steps;
  }

  /** From a picture's time to the time at which its sound is due, from now on. Unit: ms. */
  setDelay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** The most steps that may be spent. */
  setMaxSteps(steps: number): void {
    this.#governor.setMaxSteps(steps);
  }

  /** Waits for a hop's turn, now that its pictures are there. Resolves to false if the session has ended meanwhile. */
  async turnOf(hop: number): Promise<boolean> {
    const { clock, turns } = this.#options;
    const takenMs = clock.nowMs();
    // Without an origin the first hop's last picture is taken to have come in time.
    this.#originMs ??= takenMs - msOf((hop + 1) * this.#options.timing.hopFrames);
    const turn = await turns.take(this.#deadlineMs(hop), this.#stop.signal);
    if (!turn) return false;
    if (this.#stop.signal.aborted) {
      turn.end();
      return false;
    }
    this.#underWay.set(hop, { takenMs, postedMs: clock.nowMs(), steps: this.steps, turn });
    return true;
  }

  /**
   * A hop is done. Returns how it went, and the change of steps that follows from it; undefined for hops before the
   * start, which only bring encoders and runs up and have no deadline.
   */
  settle(
    hop: number,
    timings: readonly StepTiming[],
  ): { times: HopTimes; change: StepChange | undefined } | undefined {
    const went = this.#underWay.get(hop);
    if (!went) return undefined;
    this.#underWay.delete(hop);
    went.turn.end();
    if (hop < 0) return undefined;
    const { takenMs, postedMs, steps } = went;
    const readyMs = this.#options.clock.nowMs();
    const slackMs = this.#deadlineMs(hop) - readyMs;
    const flowMs = timings.reduce((sum, { kernel, ms }) => (kernel === 'generate' ? sum + ms : sum), 0);
    const computeMs = readyMs - postedMs;
    const change = this.#governor.observe({ slackMs, computeMs, stepMs: flowMs / steps });
    const gatherMs = takenMs - this.#originMs! - msOf(hop * this.#options.timing.hopFrames);
    return { times: { gatherMs, takenMs, postedMs, readyMs, slackMs, steps }, change };
  }

  close(): void {
    this.#stop.abort();
    for (const { turn } of this.#underWay.values()) turn.end();
    this.#underWay.clear();
  }

  /** When the first sample that this hop makes final has to be there. */
  #deadlineMs(hop: number): number {
    const { timing } = this.#options;
    const position = hop * timing.hopFrames - timing.latencyFrames - LIMITER_DELAY_FRAMES - BLOCK_FRAMES;
    return this.#originMs! + msOf(position) + this.#delayMs;
  }
}

function msOf(frames: number): number {
  return (frames / MEDIA_RATE) * 1000;
}
