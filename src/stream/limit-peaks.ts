import { decibelsToGain } from './decibels.js';
import { GainEnvelope } from './gain-envelope.js';
import { TRUE_PEAK_BOUND, TRUE_PEAK_TAPS, truePeakOf } from './true-peak.js';

/** Gains are decided once for so many audio frames: 2 ms. */
export const LIMITER_CELL_FRAMES = 96;

const ATTACK_CELLS = 2;
const RELEASE_CELLS = 50;

/** What the limiter's own estimate of a true peak may miss. Unit: dB. */
const ESTIMATE_MARGIN_DB = 0.2;

/** Audio frames that the limiter's output lies behind its input: 6 ms. */
export const LIMITER_DELAY_FRAMES = (ATTACK_CELLS + 1) * LIMITER_CELL_FRAMES;

/** What comes out at a position depends on nothing that goes in so long after it. Unit: audio frames. */
export const LIMITER_REACH_FRAMES = LIMITER_DELAY_FRAMES + LIMITER_CELL_FRAMES;

export type PeakLimiterOptions = {
  readonly channelCount: number;
  /** Frames of each block; a multiple of `LIMITER_CELL_FRAMES`. */
  readonly blockFrames: number;
  /** The highest true peak let through. Unit: dBTP. */
  readonly ceilingDbtp: number;
};

/**
 * A look-ahead limiter: no true peak of its output lies above the ceiling. It depends on nothing older than 0.12 s,
 * so a stream that begins later gives the same samples.
 *
 * Allocates: once, at creation.
 */
export class PeakLimiter {
  readonly #channels: readonly Float32Array[];
  readonly #ceiling: number;
  readonly #historyFrames = LIMITER_DELAY_FRAMES + TRUE_PEAK_TAPS;
  readonly #envelope = new GainEnvelope({ attackCells: ATTACK_CELLS, releaseCells: RELEASE_CELLS });
  #gain = 1;

  constructor(options: PeakLimiterOptions) {
    this.#ceiling = decibelsToGain(options.ceilingDbtp - ESTIMATE_MARGIN_DB);
    this.#channels = Array.from(
      { length: options.channelCount },
      () => new Float32Array(this.#historyFrames + options.blockFrames),
    );
  }

  /**
   * Takes a block and replaces it by the one that lies `LIMITER_DELAY_FRAMES` earlier, limited.
   * Shape: `block` is planar, each channel `blockFrames` long. Allocates: nothing.
   */
  process(block: readonly Float32Array[]): void {
    const blockFrames = block[0]!.length;
    this.#channels.forEach((line, c) => {
      line.copyWithin(0, blockFrames);
      line.set(block[c]!, this.#historyFrames);
    });
    for (let from = 0; from < blockFrames; from += LIMITER_CELL_FRAMES) {
      // The interpolator looks beyond the sample, so the newest cell that can be judged ends a little earlier.
      const needed = this.#gainNeededAt(this.#historyFrames + from - TRUE_PEAK_TAPS);
      const before = this.#gain;
      this.#gain = this.#envelope.push(needed);
      this.#writeCell(block, { from, before, after: this.#gain });
    }
  }

  #gainNeededAt(at: number): number {
    let peak = 0;
    for (const line of this.#channels) {
      // Most cells are so quiet that no interpolation can reach the ceiling.
      const largest = largestOf(line, at - TRUE_PEAK_TAPS / 2, LIMITER_CELL_FRAMES + TRUE_PEAK_TAPS);
      if (largest * TRUE_PEAK_BOUND > this.#ceiling)
        peak = Math.max(peak, truePeakOf(line, at, LIMITER_CELL_FRAMES));
    }
    return peak > this.#ceiling ? this.#ceiling / peak : 1;
  }

  /** The output cell lies three cells behind the newest one, so both its borders know of every peak in it. */
  #writeCell(block: readonly Float32Array[], cell: { from: number; before: number; after: number }): void {
    const { from, before, after } = cell;
    const source = this.#historyFrames + from - LIMITER_DELAY_FRAMES;
    block.forEach((out, c) => {
      const line = this.#channels[c]!;
      for (let i = 0; i < LIMITER_CELL_FRAMES; i += 1) {
        const gain = before + ((after - before) * i) / LIMITER_CELL_FRAMES;
        out[from + i] = line[source + i]! * gain;
      }
    });
  }
}

function largestOf(samples: Float32Array, at: number, count: number): number {
  let largest = 0;
  for (let i = at; i < at + count; i += 1) largest = Math.max(largest, Math.abs(samples[i]!));
  return largest;
}
