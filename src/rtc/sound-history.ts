/** The last seconds of a stereo sound by absolute position; what is older is overwritten. Allocates: once, at creation. */
export class SoundHistory {
  readonly capacityFrames: number;
  readonly #left: Float32Array;
  readonly #right: Float32Array;
  #start: number | undefined;
  #end: number | undefined;

  constructor(capacityFrames: number) {
    this.capacityFrames = capacityFrames;
    this.#left = new Float32Array(capacityFrames);
    this.#right = new Float32Array(capacityFrames);
  }

  /** The position after the last frame; absent before `begin()`. */
  get endPosition(): number | undefined {
    return this.#end;
  }

  /** The position of the oldest frame that is still there; absent before `begin()`. */
  get startPosition(): number | undefined {
    return this.#start;
  }

  /** Says where the first frame goes. */
  begin(position: number): void {
    this.#start = position;
    this.#end = position;
  }

  /** Adds one frame. Only after `begin()`. Allocates: nothing. */
  append(left: number, right: number): void {
    const at = this.#slot(this.#end!);
    this.#left[at] = left;
    this.#right[at] = right;
    this.#end! += 1;
    if (this.#end! - this.#start! > this.capacityFrames) this.#start! += 1;
  }

  /** Adds so many frames of silence, however many. Only after `begin()`. */
  appendSilence(frameCount: number): void {
    const beyond = Math.max(0, frameCount - this.capacityFrames);
    this.#end! += beyond;
    this.#start = Math.max(this.#start!, this.#end! - this.capacityFrames);
    for (let i = beyond; i < frameCount; i += 1) this.append(0, 0);
  }

  /** The left sample at a position that is held. */
  leftAt(position: number): number {
    return this.#left[this.#slot(position)]!;
  }

  /** The right sample at a position that is held. */
  rightAt(position: number): number {
    return this.#right[this.#slot(position)]!;
  }

  /** Whether there is sound at a position. */
  holds(position: number): boolean {
    return this.#start !== undefined && position >= this.#start && position < this.#end!;
  }

  #slot(position: number): number {
    const rest = position % this.capacityFrames;
    return rest < 0 ? rest + this.capacityFrames : rest;
  }
}
