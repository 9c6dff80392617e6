import type { BundleManifest, EncoderManifest } from '../runtime/bundle-manifest.js';
import { RunPlan } from '../stream/run-plan.js';
import type { DecodedWork } from './hop-work.js';

/** How a bundle's manifest reads as spans of the stream. Unit of all frames: audio frames at 48 kHz. */
export type BundleTiming = {
  readonly hopFrames: number;
  readonly fadeFrames: number;
  /** A hop's sound is final this much before the hop's end: the decoder's delay, and in window mode the crossfade. */
  readonly latencyFrames: number;
  readonly plan: RunPlan;
  /** The part of a work's decoded samples that is heard. */
  readonly samplesOf: (pcm: Float32Array) => Float32Array;
  /** Where those samples begin. */
  readonly positionOf: (work: DecodedWork) => number;
  /** How many of the last of them the next segment may replace. */
  readonly heldFramesOf: (work: DecodedWork) => number;
};

/** What a bundle's manifest says about time, in audio frames. */
export function timingOf(manifest: BundleManifest): BundleTiming {
  const { hopPoints, gridFrames, anchor, decoder, mode } = manifest;
  const hopFrames = hopPoints * gridFrames;
  const isWindow = mode === 'window';
  const heardBefore = isWindow ? anchor.crossfadeFrames : 0;
  return {
    hopFrames,
    fadeFrames: anchor.crossfadeFrames,
    latencyFrames: decoder.delayFrames + heardBefore,
    plan: new RunPlan({
      anchorHops: anchor.everyPoints / hopPoints,
      warmHops: anchor.warmUpPoints / hopPoints,
      primeHops: Math.ceil(Math.max(...manifest.encoders.map(memoryOf)) / hopPoints),
      hasTail: !isWindow,
      warmsBeforeStart: isWindow,
    }),
    samplesOf: (pcm) => (isWindow ? pcm.subarray(pcm.length - hopFrames - heardBefore) : pcm),
    positionOf: (work) => work.position - decoder.delayFrames - heardBefore,
    heldFramesOf: (work) => {
      if (isWindow) return heardBefore;
      return work.task.role === 'tail' ? hopFrames : 0;
    },
  };
}

/** Points before a point on which its features depend. */
function memoryOf(encoder: EncoderManifest): number {
  return encoder.memoryPoints + encoder.lagPoints + encoder.everyPoints - 1;
}
