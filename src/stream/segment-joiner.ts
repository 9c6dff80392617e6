import { correlationOf, crossfade, fadeLawFor, type FadeLaw } from './crossfade.js';
import { SEAM_REACH_FRAMES, seamStep } from './seam.js';

/** The sound of one hop or window of one run, before it is joined to the stream. */
export type Segment = {
  /** Position of the first sample. */
  readonly position: number;
  /** One channel. */
  readonly samples: Float32Array;
  /** How many of the last samples the next segment may still replace. */
  readonly heldFrames: number;
};

/** A run of samples that is final. */
export type JoinedPiece = { readonly position: number; readonly samples: Float32Array };

/** How one segment met the one before it. */
export type Seam = {
  readonly position: number;
  /** How much the boundary sticks out, as `seamStep` says it. */
  readonly step: number;
  /** The law of the crossfade; absent where the segments only follow each other. */
  readonly law?: FadeLaw;
};

type Fade = { readonly law: FadeLaw; readonly frames: number };

/**
 * Joins segments into one stream without gaps: where a segment begins inside what the one before it held back,
 * it fades in over `fadeFrames` and then takes over; where it begins at the end, it follows.
 */
export class SegmentJoiner {
  readonly #fadeFrames: number;
  #held: JoinedPiece | undefined;
  readonly #tail = new Float32Array(SEAM_REACH_FRAMES);
  #isFirst = true;

  /** @param fadeFrames Length of a crossfade, in audio frames */
  constructor(fadeFrames: number) {
    this.#fadeFrames = fadeFrames;
  }

  /**
   * Takes the next segment; returns what is final now and, if some of it is and it was joined to another, its seam.
   * @throws {RangeError} If the segment leaves a gap or begins before what is still held
   */
  join(segment: Segment): { piece: JoinedPiece; seam: Seam | undefined } {
    const { samples, fade } = this.#meet(segment);
    const finalFrames = samples.length - segment.heldFrames;
    this.#held = { position: segment.position + finalFrames, samples: samples.subarray(finalFrames) };
    const isHeard = finalFrames > 0;
    const seam = this.#isFirst || !isHeard ? undefined : this.#seamAt(segment.position, { samples, fade });
    this.#isFirst &&= !isHeard;
    const piece = { position: segment.position, samples: samples.subarray(0, finalFrames) };
    this.#remember(piece.samples);
    return { piece, seam };
  }

  /** What was held back, once nothing follows. */
  end(): JoinedPiece | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held && held.samples.length > 0 ? held : undefined;
  }

  #meet(segment: Segment): { samples: Float32Array; fade: Fade | undefined } {
    const held = this.#held;
    if (!held) return { samples: segment.samples, fade: undefined };
    if (held.position !== segment.position) {
      throw new RangeError(
        `Cannot join a segment: it must begin at ${held.position}, received ${segment.position}`,
      );
    }
    const frames = Math.min(this.#fadeFrames, held.samples.length, segment.samples.length);
    if (frames === 0) return { samples: segment.samples, fade: undefined };
    const older = held.samples.subarray(0, frames);
    const newer = segment.samples.subarray(0, frames);
    const law = fadeLawFor(correlationOf(older, newer));
    const samples = segment.samples.slice();
    crossfade(older, newer, { law, out: samples.subarray(0, frames) });
    return { samples, fade: { law, frames } };
  }

  #seamAt(position: number, joined: { samples: Float32Array; fade: Fade | undefined }): Seam {
    const head = joined.samples.subarray(0, SEAM_REACH_FRAMES);
    const around = new Float32Array(this.#tail.length + head.length);
    around.set(this.#tail);
    around.set(head, this.#tail.length);
    let step = seamStep(around, this.#tail.length);
    if (!joined.fade) return { position, step };
    step = Math.max(step, seamStep(joined.samples, joined.fade.frames));
    return { position, step, law: joined.fade.law };
  }

  #remember(samples: Float32Array): void {
    const kept = Math.min(samples.length, this.#tail.length);
    this.#tail.copyWithin(0, kept);
    this.#tail.set(samples.subarray(samples.length - kept), this.#tail.length - kept);
  }
}
