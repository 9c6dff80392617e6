import type { SoundHistory } from './sound-history.js';

/** How far sound may lie from where its arrival says, before it is moved. Unit: audio frames, 20 ms. */
const DRIFT_FRAMES = 960;

/** Over how many blocks arrivals are watched: what comes late of these is jitter of ours, the earliest tells. */
const WINDOW_BLOCKS = 50;

/** Unit: audio frames, 2.5 ms. */
const FADE_FRAMES = 120;

/** A longer lack is filled with silence, for as repetition it would be heard. Unit: audio frames, 100 ms. */
const LONGEST_REPEAT_FRAMES = 4_800;

/**
 * Lays a sound that comes in blocks, by a clock of its own, on the media clock: without a seam as long as both clocks
 * agree within 20 ms, else by leaving out or repeating what lies between, with a short crossfade.
 */
export class SoundPlacer {
  readonly #history: SoundHistory;
  readonly #heldLeft = new Float32Array(FADE_FRAMES);
  readonly #heldRight = new Float32Array(FADE_FRAMES);
  #skipFrames = 0;
  #fadedFrames = FADE_FRAMES;
  #watched = 0;
  #leastError = Infinity;
  #corrections = 0;

  constructor(history: SoundHistory) {
    this.#history = history;
  }

  /** How often sound was left out or repeated. */
  get corrections(): number {
    return this.#corrections;
  }

  /**
   * Adds a block that came when its sound belonged at `position`.
   * Shape: both channels have the same length, at least 120. Allocates: nothing.
   */
  place(left: Float32Array, right: Float32Array, position: number): void {
    if (this.#history.endPosition === undefined) this.#history.begin(position);
    else if (this.#skipFrames === 0) this.#watch(position - this.#history.endPosition, left, right);
    this.#append(left, right);
  }

  #watch(error: number, left: Float32Array, right: Float32Array): void {
    this.#leastError = Math.min(this.#leastError, error);
    this.#watched += 1;
    if (this.#watched < WINDOW_BLOCKS) return;
    const least = this.#leastError;
    this.#watched = 0;
    this.#leastError = Infinity;
    if (Math.abs(least) <= DRIFT_FRAMES) return;
    this.#corrections += 1;
    if (least < 0) this.#leaveOut(-least, left, right);
    else if (least <= LONGEST_REPEAT_FRAMES) this.#repeat(least, left, right);
    else this.#pause(least, left, right);
  }

  /** From here on so many frames are left out; what would have followed fades out under what follows then. */
  #leaveOut(frameCount: number, left: Float32Array, right: Float32Array): void {
    this.#skipFrames = frameCount;
    this.#fadedFrames = 0;
    this.#heldLeft.set(left.subarray(0, FADE_FRAMES));
    this.#heldRight.set(right.subarray(0, FADE_FRAMES));
  }

  /** The last frames again: begun under the fading continuation, they end where the continuation begins anew. */
  #repeat(frameCount: number, left: Float32Array, right: Float32Array): void {
    const history = this.#history;
    const from = history.endPosition! - frameCount;
    for (let i = 0; i < frameCount; i += 1) {
      const gain = Math.min(1, i / FADE_FRAMES);
      const under = 1 - gain;
      const isHeld = history.holds(from + i);
      const oldLeft = isHeld ? history.leftAt(from + i) : 0;
      const oldRight = isHeld ? history.rightAt(from + i) : 0;
      history.append(
        gain * oldLeft + (under > 0 ? under * left[i]! : 0),
        gain * oldRight + (under > 0 ? under * right[i]! : 0),
      );
    }
  }

  #pause(frameCount: number, left: Float32Array, right: Float32Array): void {
    for (let i = 0; i < FADE_FRAMES; i += 1) {
      const gain = 1 - i / FADE_FRAMES;
      this.#history.append(gain * left[i]!, gain * right[i]!);
    }
    this.#history.appendSilence(frameCount - FADE_FRAMES);
    this.#heldLeft.fill(0);
    this.#heldRight.fill(0);
    this.#fadedFrames = 0;
  }

  #append(left: Float32Array, right: Float32Array): void {
    const skipped = Math.min(this.#skipFrames, left.length);
    this.#skipFrames -= skipped;
    for (let i = skipped; i < left.length; i += 1) {
      if (this.#fadedFrames === FADE_FRAMES) {
        this.#history.append(left[i]!, right[i]!);
        continue;
      }
      const gain = this.#fadedFrames / FADE_FRAMES;
      this.#history.append(
        gain * left[i]! + (1 - gain) * this.#heldLeft[this.#fadedFrames]!,
        gain * right[i]! + (1 - gain) * this.#heldRight[this.#fadedFrames]!,
      );
      this.#fadedFrames += 1;
    }
  }
}
