/** What a person can change while a stream runs; it takes effect with the next hop, without a gap. */
export type StreamSettings = {
  /** Integer of at least 0. */
  readonly seed: number;
  /** Words of the bundle's vocabulary; empty for none. */
  readonly prompt: string;
  /** Gain of the generated sound. Unit: dB, -60 to 24. */
  readonly gainDb: number;
  /** Whether the source's own sound is heard too, with ours under it, or ours alone. */
  readonly mix: 'under' | 'replace';
  /** Whether ours goes down while the source's own sound is loud. */
  readonly isDucking: boolean;
  /** Steps of the flow, 1 to what the bundle allows: the most the scheduler will spend. */
  readonly steps: number;
};
