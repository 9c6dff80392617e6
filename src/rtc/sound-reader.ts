import type { SoundHistory } from './sound-history.js';

/** Unit: audio frames, 2.5 ms. */
const FADE_FRAMES = 120;

/** Reads a sound in order, and makes silence of what is not there without a click at either end. */
export class SoundReader {
  readonly #history: SoundHistory;
  readonly #left: Float32Array;
  readonly #right: Float32Array;
  #position: number;
  #lastLeft = 0;
  #lastRight = 0;
  #sinceChange = FADE_FRAMES;
  #wasThere = false;

  constructor(history: SoundHistory, options: { readonly position: number; readonly blockFrames: number }) {
    this.#history = history;
    this.#position = options.position;
    this.#left = new Float32Array(options.blockFrames);
    this.#right = new Float32Array(options.blockFrames);
  }

  /** Of the block that comes next. */
  get position(): number {
    return this.#position;
  }

  /** The two channels of the block read last; the next read writes over them. */
  get channels(): readonly Float32Array[] {
    return [this.#left, this.#right];
  }

  /** Reads the next block, whether it is there or not; returns how many frames were missing. Allocates: nothing. */
  read(): number {
    let missing = 0;
    for (let i = 0; i < this.#left.length; i += 1) {
      const isThere = this.#history.holds(this.#position + i);
      if (!isThere) missing += 1;
      this.#copy(i, isThere);
    }
    this.#position += this.#left.length;
    return missing;
  }

  #copy(i: number, isThere: boolean): void {
    if (isThere !== this.#wasThere) this.#sinceChange = 0;
    this.#wasThere = isThere;
    const gain = Math.min(1, this.#sinceChange / FADE_FRAMES);
    if (this.#sinceChange < FADE_FRAMES) this.#sinceChange += 1;
    if (isThere) {
      this.#lastLeft = this.#history.leftAt(this.#position + i);
      this.#lastRight = this.#history.rightAt(this.#position + i);
      this.#left[i] = gain * this.#lastLeft;
      this.#right[i] = gain * this.#lastRight;
    } else {
      this.#left[i] = (1 - gain) * this.#lastLeft;
      this.#right[i] = (1 - gain) * this.#lastRight;
    }
  }
}
