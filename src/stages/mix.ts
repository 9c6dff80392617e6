import { concat, concatMap, defer, of, type OperatorFunction } from 'rxjs';
import type { AudioBlock } from '../stream/audio-block.js';
import { BlockCutter } from '../stream/block-cutter.js';
import { decibelsToGain } from '../stream/decibels.js';
import { Ducker, type DuckingOptions } from '../stream/duck-level.js';
import { LIMITER_DELAY_FRAMES, PeakLimiter } from '../stream/limit-peaks.js';
import type { JoinedPiece } from '../stream/segment-joiner.js';

/** Audio frames of a block: 10 ms. */
export const BLOCK_FRAMES = 480;

/** Sound must begin so long before what is heard of it, for ducking and limiting to be as in the whole. Unit: audio frames. */
export const MIX_MEMORY_FRAMES = 60 * BLOCK_FRAMES;

const CEILING_DBTP = -1;

export type MixOptions = {
  /** Channels that come out; one generated channel sounds in all of them. */
  readonly channelCount: 1 | 2;
  /** Where the first block begins; a multiple of `BLOCK_FRAMES`. */
  readonly fromPosition: number;
  /** Gain of the generated sound at a position. Unit: dB. */
  readonly gainDbAt: (position: number) => number;
  /**
   * The source's own sound, under which ours is ducked: blocks of `BLOCK_FRAMES` with `channelCount` channels
   * from `fromPosition` on. Where it has ended there is silence.
   */
  readonly under?: AsyncIterator<AudioBlock>;
  readonly ducking?: DuckingOptions;
  /** Whether that sound is heard, and whether ours is ducked under it, at a position. Default: both. */
  readonly underAt?: (position: number) => { readonly isHeard: boolean; readonly ducks: boolean };
};

/** Makes final blocks: gain, the source's own sound with ours ducked under it, and a limiter to -1 dBTP. */
export function mixBlocks(options: MixOptions): OperatorFunction<JoinedPiece, AudioBlock> {
  return (pieces$) =>
    defer(() => {
      const cutter = new BlockCutter(BLOCK_FRAMES, options.fromPosition);
      const mixer = new Mixer(options);
      const blocks$ = concat(
        pieces$.pipe(concatMap((piece) => cutter.cut(piece))),
        defer(() => cutter.end()),
      );
      const mixed$ = options.under
        ? blocks$.pipe(concatMap((block) => mixer.mixUnder(block)))
        : blocks$.pipe(concatMap((block) => of(mixer.mix(block))));
      return concat(
        mixed$,
        defer(() => of(mixer.end())),
      );
    });
}

class Mixer {
  readonly #options: MixOptions;
  readonly #limiter: PeakLimiter;
  readonly #ducker: Ducker;
  #gain: number | undefined;
  #otherGain: number | undefined;
  #endPosition: number;
  #otherEnded = false;

  constructor(options: MixOptions) {
    this.#options = options;
    this.#limiter = new PeakLimiter({
      channelCount: options.channelCount,
      blockFrames: BLOCK_FRAMES,
      ceilingDbtp: CEILING_DBTP,
    });
    this.#ducker = new Ducker(options.ducking);
    this.#endPosition = options.fromPosition;
  }

  mix(piece: JoinedPiece): AudioBlock {
    const gain = decibelsToGain(this.#options.gainDbAt(piece.position));
    const before = this.#gain ?? gain;
    this.#gain = gain;
    return this.#finish(piece, { before, after: gain });
  }

  async mixUnder(piece: JoinedPiece): Promise<AudioBlock> {
    const other = await this.#otherBlock();
    const { isHeard, ducks } = this.#options.underAt?.(piece.position) ?? { isHeard: true, ducks: true };
    // The ducker listens on: it remembers as in the whole when it is heard again.
    const ducked = this.#ducker.gainsUnder(other);
    const gain =
      decibelsToGain(this.#options.gainDbAt(piece.position)) * (isHeard && ducks ? ducked.after : 1);
    const before = this.#gain ?? gain;
    this.#gain = gain;
    const otherGain = isHeard ? 1 : 0;
    const others = { before: this.#otherGain ?? otherGain, after: otherGain };
    this.#otherGain = otherGain;
    return this.#finish(piece, { before, after: gain }, { channels: other, gains: others });
  }

  /** The end of the sound, which the limiter still holds. */
  end(): AudioBlock {
    const silence = { position: this.#endPosition, samples: new Float32Array(BLOCK_FRAMES) };
    return this.#finish(silence, { before: 0, after: 0 });
  }

  #finish(
    piece: JoinedPiece,
    gains: { before: number; after: number },
    other?: { channels: readonly Float32Array[]; gains: { before: number; after: number } },
  ): AudioBlock {
    const channels = Array.from({ length: this.#options.channelCount }, (_, c) => {
      const out = new Float32Array(BLOCK_FRAMES);
      for (let i = 0; i < BLOCK_FRAMES; i += 1) out[i] = piece.samples[i]! * between(gains, i);
      const under = other?.channels[c];
      if (under) for (let i = 0; i < BLOCK_FRAMES; i += 1) out[i]! += under[i]! * between(other.gains, i);
      return out;
    });
    this.#limiter.process(channels);
    this.#endPosition = piece.position + BLOCK_FRAMES;
    return { position: piece.position - LIMITER_DELAY_FRAMES, channels };
  }

  async #otherBlock(): Promise<readonly Float32Array[]> {
    if (this.#otherEnded) return [];
    const result = await this.#options.under!.next();
    this.#otherEnded = result.done ?? false;
    return result.done ? [] : result.value.channels;
  }
}

/** The gain at a sample of a block, on the straight line from its start to its end. */
function between({ before, after }: { before: number; after: number }, i: number): number {
  return before + ((after - before) * i) / BLOCK_FRAMES;
}
