import type { Prompt } from '../stages/prompt.js';

/** What a person can change while a stream runs; it takes effect with the next hop, without a gap. */
export type StreamSettings = {
  /** Integer of at least 0. */
  readonly seed: number;
  /** What should be heard, in words; empty for none. */
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

/** The same, with the prompt read. */
export type ReadSettings = Omit<StreamSettings, 'prompt'> & { readonly prompt: string | Prompt };

/** What holds where nothing is said. The steps are those of the bundle. */
export const SETTING_DEFAULTS = Object.freeze({
  seed: 0,
  prompt: '',
  gainDb: 0,
  mix: 'under',
  isDucking: true,
} as const satisfies Partial<ReadSettings>);

/** Settings as a person gave them. */
export function asGiven(settings: ReadSettings): StreamSettings {
  const { prompt } = settings;
  return { ...settings, prompt: typeof prompt === 'string' ? prompt : prompt.text };
}
