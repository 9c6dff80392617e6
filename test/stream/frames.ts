import type { VideoFrame } from '../../src/stream/video-frame.js';

/** A one-pixel frame that can be told from the others by its first byte(s). */
export function frameAt(position: number, label = 0): VideoFrame {
  const data = Uint8Array.of(label & 255, (label >> 8) & 255, 0);
  return { position, width: 1, height: 1, format: 'rgb24', data };
}

export function labelOf(frame: VideoFrame): number {
  return frame.data[0]! + 256 * frame.data[1]!;
}

/** A source that counts what was asked of it. */
export class CountedSource implements AsyncIterableIterator<VideoFrame> {
  pulls = 0;
  returns = 0;
  readonly #frames: readonly VideoFrame[];
  readonly #beforeEach: (index: number) => Promise<void> | void;

  constructor(
    frames: readonly VideoFrame[],
    beforeEach: (index: number) => Promise<void> | void = () => undefined,
  ) {
    this.#frames = frames;
    this.#beforeEach = beforeEach;
  }

  async next(): Promise<IteratorResult<VideoFrame>> {
    const index = this.pulls++;
    await this.#beforeEach(index);
    const frame = this.returns > 0 ? undefined : this.#frames[index];
    return frame ? { value: frame, done: false } : { value: undefined, done: true };
  }

  return(): Promise<IteratorResult<VideoFrame>> {
    this.returns += 1;
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
