import type { VideoFrame } from '../stream/video-frame.js';
import type { Device } from './device.js';
import type { Tensors } from './tensors.js';

/** Names a value in a lane that may not be computed yet: to be read by later steps of the same lane. */
export type Handle = { readonly id: number };

/** One kernel's work. A lane executes steps in the order in which they were posted. */
export type Step = {
  /** Which kernel runs. */
  readonly kernel: string;
  /** Whose state it reads and writes, as `owner/part`: one part for each run of a session. */
  readonly key: string;
  /** The start of the hop it works for. Unit: position. */
  readonly position: number;
  /** Earlier results it works on. */
  readonly reads?: readonly Handle[];
  /** Pictures it works on. Kept for as long as the step may have to be done again: never written to afterwards. */
  readonly pictures?: readonly VideoFrame[];
  /** Small plain data for the kernel. */
  readonly options?: object;
  /** Values nobody reads after this step. */
  readonly releases?: readonly Handle[];
  /** Whether the key's state ends with this step. */
  readonly endsKey?: boolean;
};

/** How long a kernel took for a hop. */
export type StepTiming = { readonly kernel: string; readonly position: number; readonly ms: number };

/** A result that came back, and what was computed for the same owner since the one before it. */
export type StepResult = { readonly value: Tensors; readonly timings: readonly StepTiming[] };

/** A result that stays in the lane, and the key of the step that made it. */
export type LaneValue = { readonly key: string; readonly tensors: Tensors };

/** All state of a lane between two steps, as plain data: bounded tensors, nothing else. */
export type LaneSnapshot = {
  readonly values: ReadonlyMap<number, LaneValue>;
  readonly states: ReadonlyMap<string, RunState>;
  /** Why keys failed. */
  readonly failures: ReadonlyMap<string, string>;
};

/** What a run carries from hop to hop. */
export type RunState = Map<string, Float32Array>;

/**
 * Something that computes steps in order: a child process, or (in tests) this process.
 * `post` and `fetch` return at once; the steps of one tick travel together.
 */
export interface Lane extends AsyncDisposable {
  readonly device: Device;
  /** How often the lane died and was started again. */
  readonly restarts: number;
  /** Adds a step; its result stays in the lane until a step releases it (an empty result is not kept). */
  post(step: Step): Handle;
  /** Adds a step whose result comes back; rejects if it, an earlier step of its key, or one it reads from fails. */
  fetch(step: Step): Promise<StepResult>;
  /** Drops everything of every key that begins so, and the values given. */
  forget(keyPrefix: string, values: readonly Handle[]): void;
  /** The state after the steps posted so far. */
  snapshot(): Promise<LaneSnapshot>;
  /** Replaces all state, also by that of another lane; steps posted later see it, and its handles name its values. */
  restore(snapshot: LaneSnapshot): void;
  /** Ends the lane; what is pending rejects. Idempotent. */
  close(): Promise<void>;
}
