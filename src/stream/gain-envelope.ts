export type GainEnvelopeOptions = {
  /** Cells over which the gain falls; it has arrived when the cell that needs it is so many cells old. */
  readonly attackCells: number;
  /** Cells after which a need is forgotten. */
  readonly releaseCells: number;
};

/**
 * Smooths the gains that successive cells of time need into one that falls before it must, recovers in a line, and
 * depends on nothing older than attack and release together: what came before is forgotten exactly, so a stream
 * that begins later comes to the same gains.
 *
 * Unit: linear gain. Allocates: once, at creation.
 */
export class GainEnvelope {
  readonly #attackCells: number;
  readonly #releaseCells: number;
  /** What the last cells need, newest last. */
  readonly #needed: Float64Array;

  constructor(options: GainEnvelopeOptions) {
    this.#attackCells = options.attackCells;
    this.#releaseCells = options.releaseCells;
    this.#needed = new Float64Array(options.attackCells + options.releaseCells).fill(1);
  }

  /**
   * Takes the gain the next cell needs; returns the gain at a border between two cells that exceeds none of the
   * needs of the last `attackCells` cells but the newest, nor of the `attackCells` before those.
   */
  push(needed: number): number {
    const cells = this.#needed;
    cells.copyWithin(0, 1);
    cells[cells.length - 1] = needed;
    let sum = 0;
    for (let age = 0; age < this.#attackCells; age += 1) sum += this.#lowestUpTo(cells.length - 1 - age);
    return sum / this.#attackCells;
  }

  #lowestUpTo(newest: number): number {
    const heldCells = 2 * this.#attackCells;
    let lowest = 1;
    for (let age = 0; age < this.#releaseCells; age += 1) {
      const needed = this.#needed[newest - age]!;
      const recovered = Math.max(0, (age - heldCells) / (this.#releaseCells - heldCells));
      lowest = Math.min(lowest, needed + (1 - needed) * recovered);
    }
    return lowest;
  }
}
