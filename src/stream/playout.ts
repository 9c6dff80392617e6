import { assertPositiveInteger } from './assertions.js';
import { frameCountOf, type AudioBlock } from './audio-block.js';
import { MEDIA_RATE } from './media-clock.js';

export type PlayoutOptions = {
  readonly channelCount: number;
  /** What can wait to be played. Unit: audio frames. */
  readonly capacityFrames: number;
  /** When the first block is due, by the clock that `play()` is told. Unit: ms. */
  readonly startMs: number;
};

/** What has been played since the start. Unit of all frames: audio frames. */
export type PlayoutCounts = {
  readonly blocks: number;
  /** Times that sound was missing when it was due, after the first sound. */
  readonly underruns: number;
  readonly missingFrames: number;
  /** Frames that came when their time was over. */
  readonly lateFrames: number;
  /** Times that the process itself came too late, and media was skipped to keep up; and how much. */
  readonly skips: number;
  readonly skippedFrames: number;
};

/** Audio frames of a block: 10 ms, what WebRTC takes. */
const BLOCK_FRAMES = 480;
const BLOCK_MS = 10;

/** Backlog that is still played in a burst; what is older is skipped. Unit: ms. */
const BURST_LIMIT_MS = 200;

/** How long the last sound goes on, fading, where the next is missing, and how long that fades in. Unit: audio frames. */
const TAIL_FRAMES = 960;
const FADE_IN_FRAMES = 480;

/** How what goes on after the last sound dies away. */
const TAIL_GAINS = Float32Array.from(
  { length: TAIL_FRAMES },
  (_, i) => 0.5 * (1 + Math.cos((Math.PI * (i + 1)) / TAIL_FRAMES)),
);

/** A person's stop, or a sender's absence, fades over so long. Unit: audio frames. */
const HUSH_FRAMES = 9_600;

/**
 * Plays a stream of sound against a clock: block n is due n times 10 ms after the start, whatever happened before, so
 * nothing drifts. Media time is tied to the clock by `anchor()`: sound is played when it is due or not at all. Where
 * it is missing the last sound goes on and fades, and what follows fades in: an underrun is a dip, never a click.
 *
 * A process that was stopped pushes up to 0.2 s in a burst, and skips what is older: a receiver has waited through it
 * already, as its clock advances only with what is pushed. Allocates: once, at creation.
 */
export class Playout {
  readonly #options: PlayoutOptions;
  readonly #ring: readonly Float32Array[];
  readonly #out: readonly Float32Array[];
  /** What goes on after the last sound, already faded, and how much of it has been played. */
  readonly #tail: readonly Float32Array[];
  #tailAt = TAIL_FRAMES;
  #fadeInAt = 0;
  #blockIndex = 0;
  #startMs: number;
  /** Media position of block 0; undefined before there is media. */
  #origin: number | undefined;
  #start = 0;
  #end = 0;
  #hasSounded = false;
  #isMissing = false;
  #loudness = 1;
  #loudnessTarget = 1;
  readonly #counts = { underruns: 0, missingFrames: 0, lateFrames: 0, skips: 0, skippedFrames: 0 };

  /** @throws {TypeError | RangeError} If a count is not a positive integer */
  constructor(options: PlayoutOptions) {
    assertPositiveInteger(options.channelCount, 'channelCount');
    assertPositiveInteger(options.capacityFrames, 'capacityFrames');
    this.#options = options;
    this.#startMs = options.startMs;
    const buffers = (frames: number): Float32Array[] =>
      Array.from({ length: options.channelCount }, () => new Float32Array(frames));
    this.#ring = buffers(options.capacityFrames);
    this.#out = buffers(BLOCK_FRAMES);
    this.#tail = buffers(TAIL_FRAMES);
  }

  get counts(): PlayoutCounts {
    return { blocks: this.#blockIndex, ...this.#counts };
  }

  /** When the next block is due. Unit: ms. */
  get nextDueMs(): number {
    return this.#startMs + this.#blockIndex * BLOCK_MS;
  }

  /** Where the next block lies in the media; undefined before there is media. */
  get position(): number | undefined {
    return this.#origin === undefined ? undefined : this.#origin + this.#blockIndex * BLOCK_FRAMES;
  }

  /** Sound that waits to be played. Unit: audio frames. */
  get levelFrames(): number {
    return Math.max(0, this.#end - Math.max(this.#start, this.position ?? this.#start));
  }

  /** Whether the fade that `hush()` began is over. */
  get isSilent(): boolean {
    return this.#loudness === 0;
  }

  /**
   * Ties media to the clock: position 0 is to be heard at `dueMs`. What waits belongs to what was before and is
   * dropped, faded; until the first sound that follows nothing is said to be missing.
   */
  anchor(dueMs: number): void {
    this.#origin = Math.round(((this.#startMs - dueMs) / 1000) * MEDIA_RATE);
    this.#start = 0;
    this.#end = 0;
    this.#hasSounded = false;
    this.#isMissing = false;
  }

  /**
   * Puts off everything from the next block on: what was played last dies away, and goes on so much later. Nothing of
   * it counts as missing.
   */
  delayBy(frames: number): void {
    if (this.#origin === undefined) return;
    this.#start = Math.max(this.#start, this.position!);
    this.#origin -= frames;
    this.#hasSounded = false;
    this.#isMissing = false;
  }

  /** Fades everything out, in 0.2 s; blocks go on, silent. */
  hush(): void {
    this.#loudnessTarget = 0;
  }

  /** Fades in again. */
  unhush(): void {
    this.#loudnessTarget = 1;
  }

  /**
   * Takes sound to be played when its position is due. What is already past is thrown away, and counted; so is what
   * lies further ahead than there is room, which can only be a mistake in its position.
   */
  write(block: AudioBlock): void {
    const { capacityFrames } = this.#options;
    const frameCount = frameCountOf(block);
    const now = this.position ?? block.position;
    const from = Math.max(block.position, now);
    const to = Math.min(block.position + frameCount, now + capacityFrames);
    this.#counts.lateFrames += Math.min(frameCount, Math.max(0, now - block.position));
    if (to <= from) return;
    // One span is held: what does not follow on the last takes its place.
    if (from > this.#end || this.#end <= now) this.#start = from;
    this.#end = to;
    for (let position = from; position < to; position += 1) {
      const at = position % capacityFrames;
      const i = position - block.position;
      for (let c = 0; c < this.#ring.length; c += 1)
        this.#ring[c]![at] = (block.channels[c] ?? block.channels[0]!)[i]!;
    }
  }

  /**
   * Plays every block that is due by now, oldest first. What `push` is given is valid during the call.
   * Shape: `channels` are planar, 480 samples each. Allocates: nothing.
   * @returns Blocks that were pushed
   */
  play(
    nowMs: number,
    push: (channels: readonly Float32Array[], position: number | undefined) => void,
  ): number {
    this.#skipBacklog(nowMs);
    let count = 0;
    while (this.nextDueMs <= nowMs) {
      const position = this.position;
      this.#fill(position);
      this.#blockIndex += 1;
      push(this.#out, position);
      count += 1;
    }
    return count;
  }

  #skipBacklog(nowMs: number): void {
    const lateMs = nowMs - this.nextDueMs;
    if (lateMs <= BURST_LIMIT_MS) return;
    const blocks = Math.floor(lateMs / BLOCK_MS);
    const frames = blocks * BLOCK_FRAMES;
    this.#startMs += blocks * BLOCK_MS;
    if (this.#origin !== undefined) this.#origin += frames;
    this.#counts.skips += 1;
    this.#counts.skippedFrames += frames;
    this.#fadeInAt = 0;
  }

  #fill(position: number | undefined): void {
    const isThere = position !== undefined && position >= this.#start && position + BLOCK_FRAMES <= this.#end;
    if (isThere) this.#copyFrom(position);
    else this.#conceal();
    this.#applyLoudness();
  }

  #copyFrom(position: number): void {
    const { capacityFrames } = this.#options;
    for (let c = 0; c < this.#out.length; c += 1) {
      const out = this.#out[c]!;
      const ring = this.#ring[c]!;
      for (let i = 0; i < BLOCK_FRAMES; i += 1) out[i] = ring[(position + i) % capacityFrames]!;
    }
    if (this.#fadeInAt < FADE_IN_FRAMES) this.#fadeIn();
    this.#hasSounded = true;
    this.#isMissing = false;
    this.#keepTail();
  }

  /** New sound rises while what went on of the old dies away. */
  #fadeIn(): void {
    for (let c = 0; c < this.#out.length; c += 1) {
      const out = this.#out[c]!;
      const tail = this.#tail[c]!;
      for (let i = 0; i < BLOCK_FRAMES; i += 1) {
        const gain = Math.min(1, (this.#fadeInAt + i) / FADE_IN_FRAMES);
        const old = this.#tailAt + i < TAIL_FRAMES ? tail[this.#tailAt + i]! : 0;
        out[i] = out[i]! * gain + old * (1 - gain);
      }
    }
    this.#fadeInAt += BLOCK_FRAMES;
  }

  #conceal(): void {
    for (let c = 0; c < this.#out.length; c += 1) {
      const out = this.#out[c]!;
      const tail = this.#tail[c]!;
      for (let i = 0; i < BLOCK_FRAMES; i += 1)
        out[i] = this.#tailAt + i < TAIL_FRAMES ? tail[this.#tailAt + i]! : 0;
    }
    this.#tailAt = Math.min(TAIL_FRAMES, this.#tailAt + BLOCK_FRAMES);
    this.#fadeInAt = 0;
    // Silence that was asked for lacks nothing.
    if (!this.#hasSounded || this.#loudnessTarget === 0) return;
    if (!this.#isMissing) this.#counts.underruns += 1;
    this.#isMissing = true;
    this.#counts.missingFrames += BLOCK_FRAMES;
  }

  /** The last block backwards, which goes on without a step, then forwards; dying away over both. */
  #keepTail(): void {
    for (let c = 0; c < this.#out.length; c += 1) {
      const out = this.#out[c]!;
      const tail = this.#tail[c]!;
      for (let i = 0; i < TAIL_FRAMES; i += 1) {
        const from = i < BLOCK_FRAMES ? BLOCK_FRAMES - 1 - i : i - BLOCK_FRAMES;
        tail[i] = out[from]! * TAIL_GAINS[i]!;
      }
    }
    this.#tailAt = 0;
  }

  #applyLoudness(): void {
    if (this.#loudness === 1 && this.#loudnessTarget === 1) return;
    const step = Math.sign(this.#loudnessTarget - this.#loudness) / HUSH_FRAMES;
    let gain = this.#loudness;
    for (let i = 0; i < BLOCK_FRAMES; i += 1) {
      gain = Math.min(1, Math.max(0, gain + step));
      for (const out of this.#out) out[i] = out[i]! * gain;
    }
    this.#loudness = gain;
  }
}
