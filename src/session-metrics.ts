import type { StepTiming } from './runtime/lane.js';
import type { Seam } from './stream/segment-joiner.js';

/** How a hop of a live session went; moments are by the session's clock. Unit: ms. */
export type HopTimes = {
  /** From the time of its first grid point to when all its pictures were there. */
  readonly gatherMs: number;
  /** Its pictures were there. */
  readonly takenMs: number;
  /** It got its turn on the lane. */
  readonly postedMs: number;
  readonly readyMs: number;
  /** What was left to its deadline then; negative if that was missed. */
  readonly slackMs: number;
  /** Steps of the flow spent on it. */
  readonly steps: number;
};

/** What a session reports while it runs. Positions count audio frames at 48 kHz. */
export type SessionMetric =
  /** A hop has been computed; the timings are those of every kernel run since the report before. */
  | {
      readonly kind: 'hop';
      readonly position: number;
      readonly timings: readonly StepTiming[];
      readonly hopsUnderWay: number;
      readonly levelFrames: number;
      /** For a live session with a delay. */
      readonly times?: HopTimes;
    }
  /** The load of the machine changed what a live session spends, from the next hop on. */
  | {
      readonly kind: 'steps';
      readonly position: number;
      readonly from: number;
      readonly to: number;
      /** What was left to the next deadline at worst, by forecast. Unit: ms. */
      readonly forecastSlackMs: number;
    }
  /** Two segments met. */
  | ({ readonly kind: 'seam' } & Seam)
  /** The prompt changed; words that the bundle does not know had no effect. */
  | {
      readonly kind: 'prompt';
      readonly position: number;
      readonly text: string;
      readonly unknownWords: readonly string[];
    }
  /** A paced block could not be handed over when it was due. */
  | { readonly kind: 'late'; readonly position: number; readonly lateMs: number }
  /** The session is over. */
  | {
      readonly kind: 'end';
      readonly position: number;
      /** Pictures that reached the grid. */
      readonly frames: number;
      /** Of those, how many no grid point showed, and how many came too late. */
      readonly skippedFrames: number;
      readonly lateFrames: number;
      /** Pictures of a live source that were dropped before, because newer ones came. */
      readonly droppedFrames: number;
    };
