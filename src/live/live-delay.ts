import type { BundleSummary } from '../bundle-summary.js';
import { MEDIA_RATE } from '../stream/media-clock.js';

/** What a receiver's jitter buffer holds a picture back on a calm network (measured: 20 to 30). Unit: ms. */
const JITTER_BUFFER_MS = 30;

/** Against timers, pipes, other sessions' hops and a machine that is busy now and then. Unit: ms. */
const RESERVE_MS = 50;

/** The computing of two hops: its own, and one that was before it on the lane. */
const HOPS_OF_COMPUTING = 2;

/** The share of a hop that is allowed for it at most: a cost measured on a busy machine would make every stream late. */
const COMPUTING_SHARE = 0.3;

/**
 * From a picture's capture to the departure of its sound, for streams of a bundle: what its hops need to end, to be
 * computed, and a reserve. Kept while a stream runs, so that picture and sound stay together. Unit: ms.
 */
export function delayMsFor(bundle: BundleSummary, hopCostMs: number, extraMs: number): number {
  const msOf = (frames: number): number => (frames / MEDIA_RATE) * 1000;
  const computingMs = Math.min(HOPS_OF_COMPUTING * hopCostMs, COMPUTING_SHARE * msOf(bundle.hopFrames));
  const ms = msOf(bundle.latencyFrames) + JITTER_BUFFER_MS + RESERVE_MS + computingMs + extraMs;
  return Math.ceil(ms / 10) * 10;
}
