import { pictureBudget, type PictureBudget } from './picture-budget.js';

type Held = { readonly bitmap: ImageBitmap; readonly shownAtMs: number };

const NO_BUDGET: PictureBudget = { width: 0, height: 0, framesPerSecond: 30, frames: 0 };

/**
 * Draws a video's pictures on a canvas some time after they were there, so that eye and ear agree.
 * What waits is bounded in number and bytes (see `pictureBudget`); the oldest goes first.
 */
export class DelayedPicture {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #held: Held[] = [];
  #video: HTMLVideoElement | undefined;
  #callback = 0;
  #animation = 0;
  #delayMs = 0;
  #budget = NO_BUDGET;
  #lastKeptMs = -Infinity;
  #isCopying = false;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false })!;
  }

  /** How far the picture is held back. Unit: ms. */
  set delayMs(delayMs: number) {
    this.#delayMs = delayMs;
  }

  start(video: HTMLVideoElement): void {
    this.stop();
    this.#video = video;
    this.#await();
    const draw = (nowMs: number) => {
      this.#draw(nowMs);
      this.#animation = requestAnimationFrame(draw);
    };
    this.#animation = requestAnimationFrame(draw);
  }

  /** Forgets all pictures; the canvas keeps the last one until `clear()`. */
  stop(): void {
    this.#video?.cancelVideoFrameCallback(this.#callback);
    cancelAnimationFrame(this.#animation);
    this.#video = undefined;
    for (const { bitmap } of this.#held.splice(0)) bitmap.close();
    this.#lastKeptMs = -Infinity;
  }

  clear(): void {
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  #await(): void {
    const video = this.#video;
    if (!video) return;
    this.#callback = video.requestVideoFrameCallback((nowMs, metadata) => {
      void this.#keep(video, capturedAt(nowMs, metadata.captureTime));
      this.#await();
    });
  }

  async #keep(video: HTMLVideoElement, shownAtMs: number): Promise<void> {
    const { videoWidth: width, videoHeight: height } = video;
    if (width === 0 || this.#isCopying) return;
    this.#budget = pictureBudget({ width, height }, this.#delayMs);
    // A tenth of tolerance: pictures do not come on the dot.
    if (shownAtMs - this.#lastKeptMs < 900 / this.#budget.framesPerSecond) return;
    this.#lastKeptMs = shownAtMs;
    this.#isCopying = true;
    try {
      const size = { resizeWidth: this.#budget.width, resizeHeight: this.#budget.height };
      const bitmap = await createImageBitmap(video, { ...size, resizeQuality: 'low' });
      if (video === this.#video) this.#held.push({ bitmap, shownAtMs });
      else bitmap.close();
    } catch {
      // The video ended between the callback and the copy: there is nothing to keep.
    } finally {
      this.#isCopying = false;
    }
    while (this.#held.length > this.#budget.frames) this.#held.shift()!.bitmap.close();
  }

  #draw(nowMs: number): void {
    const dueMs = nowMs - this.#delayMs;
    const due = this.#held.filter(({ shownAtMs }) => shownAtMs <= dueMs);
    const newest = due.at(-1);
    if (!newest) return;
    const { width, height } = newest.bitmap;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    this.#context.drawImage(newest.bitmap, 0, 0);
    for (const { bitmap } of this.#held.splice(0, due.length)) bitmap.close();
  }
}

/** When the picture was there. Some sources tell when it was captured; what is not in the last half second is no such time. */
function capturedAt(nowMs: number, captureTimeMs: number | undefined): number {
  const ageMs = nowMs - (captureTimeMs ?? nowMs);
  return ageMs >= 0 && ageMs < 500 ? nowMs - ageMs : nowMs;
}
