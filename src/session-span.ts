import type { BundleManifest } from './runtime/bundle-manifest.js';
import { timingOf } from './stages/bundle-timing.js';
import { BLOCK_FRAMES, MIX_MEMORY_FRAMES } from './stages/mix.js';

/** Which hops and runs must flow for a position, and what the mix remembers before it, to sound as in the whole. */
export function spanFor(
  manifest: BundleManifest,
  startPosition: number,
): { firstHop: number; firstRun: number } {
  const { hopFrames, plan } = timingOf(manifest);
  return plan.spanFrom(Math.floor(mixFromPosition(startPosition) / hopFrames));
}

/** From where on the mix must run for its memory to be as in the whole. Unit: positions. */
export function mixFromPosition(startPosition: number): number {
  return Math.max(0, Math.floor((startPosition - MIX_MEMORY_FRAMES) / BLOCK_FRAMES) * BLOCK_FRAMES);
}

/** From which positions on a session needs frames and, if there is one, the source's own sound. */
export type NeededFrom = { readonly frames: number; readonly sound: number };

/** What a session needs for its sound from `startPosition` on to be that of the whole. Unit: positions. */
export function neededFrom(manifest: BundleManifest, startPosition: number): NeededFrom {
  const { firstHop } = spanFor(manifest, startPosition);
  return {
    frames: Math.max(0, firstHop * timingOf(manifest).hopFrames),
    sound: mixFromPosition(startPosition),
  };
}
