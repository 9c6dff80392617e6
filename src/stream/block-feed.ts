import { frameCountOf, type AudioBlock } from './audio-block.js';
import { PcmRing } from './pcm-ring.js';

export type BlockFeedOptions = {
  readonly channelCount: number;
  readonly capacityFrames: number;
  /** Frames of the blocks that are read; the last may be shorter. */
  readonly blockFrames: number;
  readonly startPosition: number;
  /** Where reading has to stop: the end of the media or, until that is known, as far as it is known to go on. */
  readonly readableTo: () => number;
  /** Called after each read, with the frames then held. */
  readonly onRead: (levelFrames: number) => void;
};

/**
 * Where the pipeline's blocks wait for the listener: a PCM ring that is written at once and read as an async
 * iterable. One reader. A block that was read is valid until the next is asked for. Allocates: once, at creation.
 */
export class BlockFeed implements AsyncIterableIterator<AudioBlock> {
  readonly #options: BlockFeedOptions;
  readonly #ring: PcmRing;
  readonly #buffers: readonly Float32Array[];
  #isEnded = false;
  #error: { reason: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(options: BlockFeedOptions) {
    this.#options = options;
    this.#ring = new PcmRing(options, options.startPosition);
    this.#buffers = Array.from({ length: options.channelCount }, () => new Float32Array(options.blockFrames));
  }

  get levelFrames(): number {
    return this.#ring.levelFrames;
  }

  /**
   * Adds the part of a block that lies beyond where the ring ends.
   * @throws {RangeError} If it leaves a gap, or does not fit, which demand by credits rules out
   */
  write(block: AudioBlock): void {
    const offset = this.#ring.endPosition - block.position;
    if (offset < 0) {
      throw new RangeError(
        `Cannot hold a block: it must begin at or before ${this.#ring.endPosition}, received ${block.position}`,
      );
    }
    const frameCount = frameCountOf(block) - offset;
    if (frameCount <= 0) return;
    if (frameCount > this.#ring.freeFrames) {
      throw new RangeError(
        `Cannot hold a block: ${frameCount} audio frames must fit, ${this.#ring.freeFrames} are free`,
      );
    }
    this.#ring.write(block.channels, offset);
    this.look();
  }

  /** Looks again whether there is enough to read. */
  look(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** No more blocks: what is held is still read. */
  end(): void {
    this.#isEnded = true;
    this.look();
  }

  /** Fails the reader at once. */
  fail(reason: unknown): void {
    this.#error ??= { reason };
    this.look();
  }

  async next(): Promise<IteratorResult<AudioBlock>> {
    const { blockFrames, onRead } = this.#options;
    while (this.#error === undefined && !this.#isEnded && this.#readableFrames() < blockFrames) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#error) throw this.#error.reason;
    const position = this.#ring.startPosition;
    const frameCount = this.#readableFrames();
    if (frameCount === 0) return { value: undefined, done: true };
    const channels =
      frameCount === blockFrames
        ? this.#buffers
        : this.#buffers.map((samples) => samples.subarray(0, frameCount));
    this.#ring.read(channels);
    onRead(this.#ring.levelFrames);
    return { value: { position, channels }, done: false };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What of the next block may be read now. */
  #readableFrames(): number {
    const { blockFrames, readableTo } = this.#options;
    return Math.max(
      0,
      Math.min(blockFrames, this.#ring.levelFrames, readableTo() - this.#ring.startPosition),
    );
  }
}
