import { BLOCK_FRAMES } from '../stages/mix.js';
import type { Playout } from '../stream/playout.js';

/** A picture that waits for its sound. Planes Y, U and V, without padding. */
export type DelayedPicture = {
  /** Of the stream. Unit: audio frames. */
  readonly position: number;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
};

/** What may wait: 360p at 30 fps for 6 s, or larger pictures for less. Unit: bytes. */
const MAX_BYTES = 64 * 2 ** 20;

/**
 * Holds pictures back until the sound of their moment leaves, so that both leave together and a receiver plays them in
 * sync. Bounded by bytes: of more, the oldest are shown too early rather than kept.
 */
export class PictureDelay {
  readonly #playout: Playout;
  readonly #show: (picture: DelayedPicture) => void;
  readonly #gridFrames: number;
  readonly #waiting: DelayedPicture[] = [];
  #bytes = 0;

  /** `gridFrames`: from one point at which the picture is looked at to the next. Unit: audio frames. */
  constructor(
    playout: Playout,
    options: { readonly gridFrames: number; readonly show: (picture: DelayedPicture) => void },
  ) {
    this.#playout = playout;
    this.#show = options.show;
    this.#gridFrames = options.gridFrames;
  }

  add(picture: DelayedPicture): void {
    this.#waiting.push(picture);
    this.#bytes += picture.data.byteLength;
    while (this.#bytes > MAX_BYTES) this.#showFirst();
  }

  /** Shows the newest of those whose sound has left; older ones have been overtaken. */
  showDue(): void {
    if (this.#playout.position === undefined) return;
    // Blocks leave when their first frame is due, so the sound of a moment leaves half a block late on average.
    const position = this.#playout.position - BLOCK_FRAMES / 2;
    while (this.#waiting[1] && this.#soundsAt(this.#waiting[1]) <= position) this.#drop();
    if (this.#waiting[0] && this.#soundsAt(this.#waiting[0]) <= position) this.#showFirst();
  }

  clear(): void {
    this.#waiting.length = 0;
    this.#bytes = 0;
  }

  /** A picture is heard from the point on at which it is first looked at. */
  #soundsAt({ position }: DelayedPicture): number {
    return Math.ceil(position / this.#gridFrames) * this.#gridFrames;
  }

  #showFirst(): void {
    this.#show(this.#drop()!);
  }

  #drop(): DelayedPicture | undefined {
    const picture = this.#waiting.shift();
    this.#bytes -= picture?.data.byteLength ?? 0;
    return picture;
  }
}
