import type { OperatorFunction } from 'rxjs';
import type { BundleManifest } from './runtime/bundle-manifest.js';
import type { FlowSettings } from './stages/flow-settings.js';
import { promptOf, type Prompt } from './stages/prompt.js';
import { assertInRange, assertNonNegativeInteger, assertPositiveInteger } from './stream/assertions.js';
import type { AudioBlock } from './stream/audio-block.js';
import type { Clock } from './stream/clock.js';
import type { DuckingOptions } from './stream/duck-level.js';

/** The source's own sound, which ours goes under. */
export type OwnSound = {
  /**
   * Blocks of 480 frames with `channelCount` channels; the first begins at `Engine.neededFrom(startPosition).sound`,
   * for ducking to be as in the whole.
   */
  readonly blocks: AsyncIterable<AudioBlock>;
  readonly channelCount: 1 | 2;
  readonly ducking?: DuckingOptions;
};

/** How a live session, whose frames are an `Observable`, keeps its time. */
export type LiveOptions = {
  /** When position 0 was, by the clock. Unit: ms. Default: the first picture comes in time. */
  readonly originMs?: number;
  /**
   * How long after its time a picture may come, now: asked again for every grid point. Unit: ms. Default: one grid
   * interval.
   */
  readonly arrivalDelayMs?: () => number;
  /**
   * From a picture's time to the time at which its sound is due. Makes deadlines: hops take turns with other live
   * sessions, the earliest deadline first, and steps are lowered before one is missed. Unit: ms.
   */
  readonly delayMs: number;
};

/** How a source's sound is made, from where to where, and what it goes with. */
export type SessionOptions = {
  /** Integer of at least 0. The same bundle, seed, prompt, steps and frames give the same sound. Default 0. */
  readonly seed?: number;
  /** Words of the bundle's vocabulary, or what `Engine.readPrompt()` made of any other text. Default: none. */
  readonly prompt?: string | Prompt;
  /** Steps of the flow, 1 to what the bundle allows. Default: the bundle's. */
  readonly steps?: number;
  /** Gain of the generated sound. Unit: dB, -60 to 24. Default 0. */
  readonly gainDb?: number;
  /**
   * Where the sound that is wanted begins. Frames must begin early enough, at `Engine.neededFrom(startPosition).frames`;
   * then what is heard is the same as in the whole. Unit: position. Default 0.
   */
  readonly startPosition?: number;
  /** Where it ends at the latest. Unit: position. Default: with the last frame. */
  readonly endPosition?: number;
  /** What the generated sound is mixed with. Default: it stands alone. */
  readonly ownSound?: OwnSound;
  /** Deadlines for a live source. Default: none, every hop is computed as soon as it can be. */
  readonly live?: LiveOptions;
  /** A stage of your own after the mix. Keeps positions and channel counts; may look ahead, not back. */
  readonly afterMix?: OperatorFunction<AudioBlock, AudioBlock>;
  /** Ends the session; what reads from it meets the signal's reason. */
  readonly signal?: AbortSignal;
  /** The time by which live frames and paced blocks go. Default: the machine's monotonic clock. */
  readonly clock?: Clock;
};

/**
 * Checks where a session ends.
 * @throws {TypeError | RangeError} If it is given and does not lie beyond the start
 */
export function assertEndPosition(endPosition: number | undefined, startPosition: number): void {
  if (endPosition === undefined) return;
  assertPositiveInteger(endPosition, 'endPosition');
  if (endPosition <= startPosition) {
    throw new RangeError(
      `endPosition must lie beyond startPosition, ${startPosition}, received ${endPosition}`,
    );
  }
}

/**
 * The flow's settings that a session begins with.
 * @throws {TypeError | RangeError | LivefoleyError} If one of them is not what the bundle takes
 */
export function settingsOf(
  options: Pick<SessionOptions, 'seed' | 'prompt' | 'steps'>,
  manifest: BundleManifest,
): FlowSettings {
  const { seed = 0, prompt = '', steps = manifest.flow.steps.default } = options;
  assertNonNegativeInteger(seed, 'seed');
  assertPositiveInteger(steps, 'steps');
  assertInRange(steps, 'steps', [1, manifest.flow.steps.max]);
  return { seed, steps, prompt: promptOf(prompt, manifest)?.vector };
}

/**
 * Checks a gain.
 * @throws {RangeError} If it is not within -60 to 24 dB
 */
export function assertGain(gainDb: number): void {
  assertInRange(gainDb, 'gainDb', [-60, 24]);
}
