import type { Bundle } from './runtime/bundle.js';
import { timingOf } from './stages/bundle-timing.js';
import { BLOCK_FRAMES } from './stages/mix.js';
import { LIMITER_DELAY_FRAMES } from './stream/limit-peaks.js';

/** The bundle an engine runs, in the words of its bundle. */
export type BundleSummary = {
  readonly name: string;
  readonly version: string;
  readonly system: string;
  readonly licence: string;
  /** `causal`: each hop is final at once; `window`: seconds are made together, and overlap. */
  readonly mode: 'causal' | 'window';
  /**
   * How long after a picture its sound is there at the earliest, computing aside: its hop has to end, and crossfade,
   * limiter and blocks hold some back. Unit: audio frames (48 kHz).
   */
  readonly latencyFrames: number;
  /** SHA-256 of the manifest, in hex; stands for all files. */
  readonly identity: string;
  /** Frames of exactly this size need no resampling. Unit: pixels. */
  readonly picture: { readonly width: number; readonly height: number };
  /** Words a prompt may use; empty if the bundle takes no prompt. */
  readonly promptWords: readonly string[];
  readonly steps: { readonly default: number; readonly max: number };
  /** Audio frames (48 kHz) from one look at the picture to the next. */
  readonly gridFrames: number;
  /** Audio frames (48 kHz) made at once. */
  readonly hopFrames: number;
  /** Audio frames from one anchor to the next: at these positions a render may be cut and joined exactly. */
  readonly anchorFrames: number;
};

/** What people and programs want to know of a bundle. */
export function summaryOf({ manifest, identity }: Bundle): BundleSummary {
  const { name, version, system, licence, mode, picture, prompt, flow, gridFrames, anchor } = manifest;
  const { hopFrames, latencyFrames } = timingOf(manifest);
  return {
    name,
    version,
    system,
    licence,
    mode,
    latencyFrames: hopFrames + latencyFrames + LIMITER_DELAY_FRAMES + BLOCK_FRAMES,
    identity,
    picture,
    promptWords: prompt?.vocabulary ?? [],
    steps: flow.steps,
    gridFrames,
    hopFrames,
    anchorFrames: anchor.everyPoints * gridFrames,
  };
}
