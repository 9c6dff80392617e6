import { assertPositiveInteger } from './assertions.js';
import type { VideoFrame } from './video-frame.js';

export type GridOptions = {
  /** Audio frames (48 kHz) from one grid point to the next. */
  readonly gridFrames: number;
  /** Grid points in a hop. */
  readonly hopPoints: number;
  /** Called whenever more is known of the source: it gave a frame, or has ended. */
  readonly onRead?: () => void;
};

/**
 * The pictures of one hop. Several grid points may show the same picture, so pictures are listed once:
 * `pictureOfPoint[i]` is the index in `pictures` of what grid point `hop * hopPoints + i` shows.
 */
export type GridHop = {
  readonly hop: number;
  readonly pictures: readonly VideoFrame[];
  readonly pictureOfPoint: readonly number[];
};

export type GridCounts = {
  /** Frames that came. */
  readonly frames: number;
  /** Frames no grid point showed, because a newer one came before the next point. */
  readonly skipped: number;
  /** Frames older than one already taken, dropped. */
  readonly late: number;
  /** Backward jumps after which time was taken to go on from the last frame. */
  readonly rebased: number;
};

/** A timestamp that falls back by more than this is a jump of the clock, not a late frame. Unit: audio frames (0.5 s). */
export const JUMP_BACK_FRAMES = 24_000;

/**
 * A frame that is later than a grid point by no more than this is shown there: Matroska, WebM and FLV (RTMP) give times
 * in whole milliseconds, so that of 30 frames a second every third would come 0.3 ms too late for its point, and the
 * one before it be shown twice. Unit: audio frames (1 ms).
 */
export const GRID_TOLERANCE_FRAMES = 48;

/**
 * Puts frames of any rate on the grid by time: each grid point shows the newest frame not later than it (but for
 * rounding, `GRID_TOLERANCE_FRAMES`), and before the first frame the first frame. Reads no further than the first frame
 * after the hop's last point. Frames that come late are dropped; a clock that jumps back goes on from the last frame.
 */
export class Grid {
  readonly #frames: AsyncIterator<VideoFrame>;
  readonly #options: GridOptions;
  #current: VideoFrame | undefined;
  #ahead: VideoFrame | undefined;
  #currentShown = false;
  #ended = false;
  #lastPosition = Number.NEGATIVE_INFINITY;
  #lastInterval: number;
  #offset = 0;
  readonly #counts = { frames: 0, skipped: 0, late: 0, rebased: 0 };

  /** @throws {TypeError | RangeError} If an option is not a positive integer */
  constructor(frames: AsyncIterator<VideoFrame>, options: GridOptions) {
    assertPositiveInteger(options.gridFrames, 'gridFrames');
    assertPositiveInteger(options.hopPoints, 'hopPoints');
    this.#frames = frames;
    this.#options = options;
    this.#lastInterval = options.gridFrames;
  }

  get counts(): GridCounts {
    return { ...this.#counts };
  }

  /**
   * Where the media ends, once the source has ended: after the last frame's time on screen, which is taken to be
   * that of the frame before it. Unit: position. Undefined while the source goes on or if it had no frame.
   */
  get endPosition(): number | undefined {
    return this.#ended && this.#current ? this.#lastPosition + this.#lastInterval : undefined;
  }

  /** Position of the newest frame that came, so the media goes on at least so far; -Infinity before the first. */
  get newestPosition(): number {
    return this.#lastPosition;
  }

  /**
   * The pictures of a hop; after the source's end its last picture stays. Hops must be asked for in order.
   * Resolves to undefined if the source ended without a frame.
   */
  async take(hop: number): Promise<GridHop | undefined> {
    const { gridFrames, hopPoints } = this.#options;
    const pictures: VideoFrame[] = [];
    const pictureOfPoint: number[] = [];
    for (let i = 0; i < hopPoints; i += 1) {
      const picture = await this.#pictureAt((hop * hopPoints + i) * gridFrames);
      if (!picture) return undefined;
      if (pictures.at(-1) !== picture) pictures.push(picture);
      pictureOfPoint.push(pictures.length - 1);
    }
    return { hop, pictures, pictureOfPoint };
  }

  async #pictureAt(point: number): Promise<VideoFrame | undefined> {
    const position = point + GRID_TOLERANCE_FRAMES;
    this.#current ??= await this.#read();
    // Before the first frame is due, what follows it does not matter yet.
    if (this.#current && this.#current.position <= position) this.#ahead ??= await this.#read();
    while (this.#ahead && this.#ahead.position <= position) {
      if (!this.#currentShown) this.#counts.skipped += 1;
      this.#current = this.#ahead;
      this.#currentShown = false;
      this.#ahead = await this.#read();
    }
    this.#currentShown = true;
    return this.#current;
  }

  async #read(): Promise<VideoFrame | undefined> {
    while (!this.#ended) {
      const result = await this.#frames.next();
      if (result.done) {
        this.#ended = true;
        this.#options.onRead?.();
        return undefined;
      }
      this.#counts.frames += 1;
      const frame = this.#inOrder(result.value);
      if (!frame) continue;
      this.#options.onRead?.();
      return frame;
    }
    return undefined;
  }

  #inOrder(frame: VideoFrame): VideoFrame | undefined {
    let position = frame.position + this.#offset;
    if (position < this.#lastPosition - JUMP_BACK_FRAMES) {
      this.#counts.rebased += 1;
      this.#offset = this.#lastPosition + this.#lastInterval - frame.position;
      position = frame.position + this.#offset;
    }
    if (position < this.#lastPosition) {
      this.#counts.late += 1;
      return undefined;
    }
    if (position > this.#lastPosition && Number.isFinite(this.#lastPosition)) {
      this.#lastInterval = position - this.#lastPosition;
    }
    this.#lastPosition = position;
    return position === frame.position ? frame : { ...frame, position };
  }
}
