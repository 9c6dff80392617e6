import { gainToDecibels } from './decibels.js';

/** Blocks of 10 ms that are looked back at: one second. */
const BLOCKS = 100;

/** What silence reads. Unit: dBFS. */
const FLOOR_DB = -120;

/** How loud the last second was. Allocates: once, at creation. */
export class LevelMeter {
  readonly #powers = new Float64Array(BLOCKS);
  readonly #peaks = new Float64Array(BLOCKS);
  #index = 0;

  /** Takes in a block. Shape: planar, all channels of one length. */
  add(channels: readonly Float32Array[]): void {
    let power = 0;
    let peak = 0;
    for (const samples of channels) {
      let sum = 0;
      for (let i = 0; i < samples.length; i += 1) {
        const sample = samples[i]!;
        sum += sample * sample;
        peak = Math.max(peak, Math.abs(sample));
      }
      power = Math.max(power, sum / Math.max(1, samples.length));
    }
    this.#powers[this.#index] = power;
    this.#peaks[this.#index] = peak;
    this.#index = (this.#index + 1) % BLOCKS;
  }

  /** Of the loudest channel, over the last second. Unit: dBFS, at least -120. */
  get level(): { rmsDb: number; peakDb: number } {
    let power = 0;
    let peak = 0;
    for (let i = 0; i < BLOCKS; i += 1) {
      power += this.#powers[i]! / BLOCKS;
      peak = Math.max(peak, this.#peaks[i]!);
    }
    const decibelsOf = (amplitude: number): number => Math.max(FLOOR_DB, gainToDecibels(amplitude));
    return { rmsDb: decibelsOf(Math.sqrt(power)), peakDb: decibelsOf(peak) };
  }
}
