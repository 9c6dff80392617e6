import type { StreamSettings } from './stream-settings.js';

/** p50, p95 and p99 over the last minute. Unit: ms. */
export type Quantiles = { readonly p50: number; readonly p95: number; readonly p99: number };

/**
 * `waiting`: no picture has come yet. `live`: pictures come, sound goes out. `frozen`: the connection stands but the
 * picture has stopped. `lost`: the sender has vanished; its sound has faded and its place is kept for a while.
 */
export type StreamState = 'waiting' | 'live' | 'frozen' | 'lost';

/** One hop of sound, as it went. */
export type HopReport = {
  /** Where it begins. Unit: ms of media time. */
  readonly atMs: number;
  /** From the time of its first picture to when its last was there. */
  readonly gatherMs: number;
  /** Waiting for its turn on the lane. */
  readonly queueMs: number;
  readonly computeMs: number;
  /** How long before its deadline it was ready; negative if it came too late. Unit: ms. */
  readonly slackMs: number;
  /** Steps of the flow that were spent on it. */
  readonly steps: number;
};

/** How a stream does, for people and programs: what `GET /streams` gives. */
export type StreamReport = {
  readonly name: string;
  readonly state: StreamState;
  readonly bundle: string;
  /** `causal` answers within a fraction of a second; `window` with seconds of delay. */
  readonly mode: 'causal' | 'window';
  readonly settings: StreamSettings;
  /** The steps in force now: less than `settings.steps` while the machine is short of time. */
  readonly stepsNow: number;
  readonly durationSeconds: number;
  readonly listeners: number;
  readonly picture: {
    readonly width: number;
    readonly height: number;
    readonly framesPerSecond: number;
    readonly droppedFrames: number;
  };
  readonly hasOwnSound: boolean;
  /** Parts of the way from a picture's arrival to its sound's departure. Unit: ms; they add up to `total`. */
  readonly delayMs: {
    /** What the receiver's jitter buffer holds a picture back. */
    readonly jitterBuffer: number;
    /** A hop is made at once, so its first picture waits for its last. */
    readonly hop: number;
    /** Waiting for its turn on the lane, squeezing and posting included. */
    readonly queue: number;
    readonly compute: number;
    /** What is left as a reserve, with what crossfade and limiter hold back. */
    readonly buffer: number;
    /** From a picture's capture to the departure of its sound; grows only when pictures keep coming late. */
    readonly total: number;
  };
  /** A hop's length: what its computing may cost in the long run. Unit: ms. */
  readonly hopBudgetMs: number;
  readonly computeMs: Quantiles;
  readonly recentHops: readonly HopReport[];
  readonly deadlineMisses: number;
  readonly underruns: number;
  /** Sound that was missing in all. Unit: ms. */
  readonly underrunMs: number;
  readonly stepsChanges: number;
  /** Sessions that failed or fell behind, and were begun anew where the stream was. */
  readonly sessionRestarts: number;
  readonly laneRestarts: number;
  /** Of the sound handed out, over the last second. Unit: dBFS, -120 for silence. */
  readonly level: { readonly rmsDb: number; readonly peakDb: number };
};
