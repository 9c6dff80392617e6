import { decibelsToGain, gainToDecibels } from './decibels.js';
import { GainEnvelope } from './gain-envelope.js';

/** How far a sound gives way to another, by that other's level. */
export type DuckingOptions = {
  /** Below this level of the other sound nothing is ducked. Unit: dBFS, RMS of a block. Default -50. */
  readonly fromDbfs: number;
  /** From this level on the whole depth is reached. Unit: dBFS. Default -30. */
  readonly toDbfs: number;
  /** How far the gain falls. Unit: dB, positive. Default 12. */
  readonly depthDb: number;
};

export const DEFAULT_DUCKING: DuckingOptions = Object.freeze({ fromDbfs: -50, toDbfs: -30, depthDb: 12 });

/** 20 ms to fall and 0.5 s to recover, in blocks of 10 ms. */
const ATTACK_CELLS = 2;
const RELEASE_CELLS = 50;

/** Lowers one sound under another by the other's level, block by block. Forgets exactly what is older than 0.6 s. */
export class Ducker {
  readonly #options: DuckingOptions;
  readonly #envelope = new GainEnvelope({ attackCells: ATTACK_CELLS, releaseCells: RELEASE_CELLS });
  #gain = 1;

  constructor(options: DuckingOptions = DEFAULT_DUCKING) {
    this.#options = options;
  }

  /**
   * The gains at the start and the end of a block during which the other sound is `other`.
   * Shape: `other` is planar, one block of 10 ms.
   */
  gainsUnder(other: readonly Float32Array[]): { before: number; after: number } {
    const { fromDbfs, toDbfs, depthDb } = this.#options;
    const levelDbfs = gainToDecibels(rootMeanSquareOf(other));
    const share = levelDbfs >= toDbfs ? 1 : Math.max(0, (levelDbfs - fromDbfs) / (toDbfs - fromDbfs));
    const before = this.#gain;
    this.#gain = this.#envelope.push(decibelsToGain(-depthDb * share));
    return { before, after: this.#gain };
  }
}

/** The level of the loudest channel. Unit: linear amplitude. */
function rootMeanSquareOf(channels: readonly Float32Array[]): number {
  let loudest = 0;
  for (const samples of channels) {
    let power = 0;
    for (const sample of samples) power += sample * sample;
    loudest = Math.max(loudest, power / Math.max(1, samples.length));
  }
  return Math.sqrt(loudest);
}
