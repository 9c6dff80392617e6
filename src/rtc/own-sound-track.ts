import type { AudioBlock } from '../stream/audio-block.js';
import type { Clock } from '../stream/clock.js';
import type { ArrivalTimeline } from './arrival-timeline.js';
import { SoundHistory } from './sound-history.js';
import { SoundPlacer } from './sound-placer.js';
import { SoundReader } from './sound-reader.js';
import type { WrtcSound } from './wrtc-types.js';

const BLOCK_FRAMES = 480;

/** Two seconds; who reads later than that finds silence. Unit: audio frames. */
const HISTORY_FRAMES = 96_000;

/** How long after its time a block is waited for, where nobody says. Unit: ms. */
const PATIENCE_MS = 200;

/** The same where nothing at all has come yet. Unit: ms. */
const MUTE_PATIENCE_MS = 60;

/** How often who waits looks again, before the first picture has said what time it is. Unit: ms. */
const EPOCH_WAIT_MS = 100;

export type OwnSoundTrackOptions = {
  readonly timeline: ArrivalTimeline;
  readonly clock: Clock;
  /**
   * When the block at a position is needed at the latest, on the clock. Unit: ms. Default: 200 ms after the time of
   * its first frame at the sender.
   */
  readonly latestMs?: (position: number) => number;
};

/** A sender's own sound on the media clock: what is not there in time is silence, and counted. */
export class OwnSoundTrack {
  readonly #options: OwnSoundTrackOptions;
  readonly #history = new SoundHistory(HISTORY_FRAMES);
  readonly #placer = new SoundPlacer(this.#history);
  readonly #left = new Float32Array(BLOCK_FRAMES);
  readonly #right = new Float32Array(BLOCK_FRAMES);
  #changed = new AbortController();
  #gaps = 0;
  #isClosed = false;

  constructor(options: OwnSoundTrackOptions) {
    this.#options = options;
  }

  /** Blocks in which sound was missing, once it had begun. */
  get gaps(): number {
    return this.#gaps;
  }

  /** How often sound was left out or repeated because the sender's clock and ours had drifted apart. */
  get corrections(): number {
    return this.#placer.corrections;
  }

  /** Takes what libwebrtc plays. Sound before the first picture has no place, nor what comes at another rate at first. */
  arrive(sound: WrtcSound, arrivalMs: number): void {
    const position = this.#options.timeline.positionAt(arrivalMs);
    const { samples, sampleRate, channelCount, numberOfFrames } = sound;
    if (this.#isClosed || position === undefined) return;
    if (sampleRate !== 48_000 || numberOfFrames !== BLOCK_FRAMES) return;
    const second = channelCount > 1 ? 1 : 0;
    for (let i = 0; i < BLOCK_FRAMES; i += 1) {
      this.#left[i] = samples[i * channelCount]! / 32_768;
      this.#right[i] = samples[i * channelCount + second]! / 32_768;
    }
    this.#placer.place(this.#left, this.#right, position);
    this.#wake();
  }

  /**
   * Blocks of 480 frames in two channels, one after the other from a position on; each as soon as it is there, or at
   * its latest time. Ends when the track is closed.
   */
  async *blocksFrom(position: number): AsyncGenerator<AudioBlock, void, void> {
    const reader = new SoundReader(this.#history, { position, blockFrames: BLOCK_FRAMES });
    for (;;) {
      await this.#until(reader.position);
      if (this.#isClosed) return;
      const at = reader.position;
      const start = this.#history.startPosition;
      if (reader.read() > 0 && start !== undefined && at + BLOCK_FRAMES > start) this.#gaps += 1;
      yield { position: at, channels: reader.channels };
    }
  }

  /** Ends all that read. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async #until(position: number): Promise<void> {
    const { clock, timeline, latestMs } = this.#options;
    while (!this.#isClosed && !this.#isThere(position)) {
      const timeMs = timeline.timeOf(position);
      // A track from which nothing has come yet, as of a sender that is muted, keeps nobody waiting.
      const isMute = this.#history.startPosition === undefined;
      if (isMute && timeMs !== undefined && clock.nowMs() >= timeMs + MUTE_PATIENCE_MS) return;
      const lastMs = latestMs?.(position) ?? (timeMs ?? clock.nowMs()) + PATIENCE_MS;
      if (timeMs !== undefined && clock.nowMs() >= lastMs) return;
      const waitMs = isMute ? Math.min(lastMs, (timeMs ?? 0) + MUTE_PATIENCE_MS) : lastMs;
      const untilMs = timeMs === undefined ? clock.nowMs() + EPOCH_WAIT_MS : waitMs;
      await clock.waitUntilMs(untilMs, this.#changed.signal);
    }
  }

  #isThere(position: number): boolean {
    return (this.#history.endPosition ?? -Infinity) >= position + BLOCK_FRAMES;
  }

  #wake(): void {
    this.#changed.abort();
    this.#changed = new AbortController();
  }
}
