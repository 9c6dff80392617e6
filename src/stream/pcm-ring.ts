import { assertPositiveInteger } from './assertions.js';

export type PcmRingOptions = { readonly channelCount: number; readonly capacityFrames: number };

/**
 * Holds the sound between generation and listener, by absolute position: the next frame written has position
 * `endPosition`, the next read `startPosition`. Full and empty are counts returned, not exceptions.
 * Allocates: once, at creation.
 */
export class PcmRing {
  readonly capacityFrames: number;
  readonly #channels: readonly Float32Array[];
  #start: number;
  #end: number;

  /** @throws {TypeError | RangeError} If an option is not a positive integer */
  constructor(options: PcmRingOptions, startPosition = 0) {
    assertPositiveInteger(options.channelCount, 'channelCount');
    assertPositiveInteger(options.capacityFrames, 'capacityFrames');
    this.capacityFrames = options.capacityFrames;
    this.#channels = Array.from(
      { length: options.channelCount },
      () => new Float32Array(options.capacityFrames),
    );
    this.#start = startPosition;
    this.#end = startPosition;
  }

  get startPosition(): number {
    return this.#start;
  }

  get endPosition(): number {
    return this.#end;
  }

  /** Audio frames held. */
  get levelFrames(): number {
    return this.#end - this.#start;
  }

  get freeFrames(): number {
    return this.capacityFrames - this.levelFrames;
  }

  /**
   * Copies in the frames from `offset` on; returns how many fitted.
   * Shape: each of `channels` has the same length. Allocates: nothing.
   */
  write(channels: readonly Float32Array[], offset = 0): number {
    const frameCount = Math.max(0, Math.min((channels[0]?.length ?? 0) - offset, this.freeFrames));
    for (let done = 0; done < frameCount;) {
      const at = modulo(this.#end + done, this.capacityFrames);
      const run = Math.min(frameCount - done, this.capacityFrames - at);
      this.#channels.forEach((ring, c) => {
        const source = channels[c]!;
        for (let i = 0; i < run; i += 1) ring[at + i] = source[offset + done + i]!;
      });
      done += run;
    }
    this.#end += frameCount;
    return frameCount;
  }

  /** Fills `channels` with the oldest frames; returns how many there were. Allocates: nothing. */
  read(channels: readonly Float32Array[]): number {
    const frameCount = Math.min(channels[0]?.length ?? 0, this.levelFrames);
    for (let done = 0; done < frameCount;) {
      const at = modulo(this.#start + done, this.capacityFrames);
      const run = Math.min(frameCount - done, this.capacityFrames - at);
      this.#channels.forEach((ring, c) => {
        const target = channels[c]!;
        for (let i = 0; i < run; i += 1) target[done + i] = ring[at + i]!;
      });
      done += run;
    }
    this.#start += frameCount;
    return frameCount;
  }
}

function modulo(value: number, divisor: number): number {
  const rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}
