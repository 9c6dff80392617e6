import type { JoinedPiece } from './segment-joiner.js';

/**
 * Cuts a stream of pieces into blocks of equal length that begin at multiples of it; what lies before
 * `fromPosition` is dropped, and the last block is filled up with silence.
 */
export class BlockCutter {
  readonly #blockFrames: number;
  #block: Float32Array;
  #position: number;
  #filled = 0;

  /** @param fromPosition Where the first block begins; a multiple of `blockFrames` */
  constructor(blockFrames: number, fromPosition: number) {
    this.#blockFrames = blockFrames;
    this.#block = new Float32Array(blockFrames);
    this.#position = fromPosition;
  }

  /** The blocks that this piece completes. Pieces follow each other without gaps. */
  *cut(piece: JoinedPiece): Generator<JoinedPiece> {
    let offset = Math.max(0, this.#position + this.#filled - piece.position);
    while (offset < piece.samples.length) {
      const count = Math.min(this.#blockFrames - this.#filled, piece.samples.length - offset);
      this.#block.set(piece.samples.subarray(offset, offset + count), this.#filled);
      this.#filled += count;
      offset += count;
      if (this.#filled === this.#blockFrames) yield this.#take();
    }
  }

  /** What is left, filled up with silence. */
  *end(): Generator<JoinedPiece> {
    if (this.#filled > 0) yield this.#take();
  }

  #take(): JoinedPiece {
    const piece = { position: this.#position, samples: this.#block };
    this.#block = new Float32Array(this.#blockFrames);
    this.#position += this.#blockFrames;
    this.#filled = 0;
    return piece;
  }
}
