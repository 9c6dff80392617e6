import { RtcSoundSink } from '../rtc/rtc-sound-sink.js';
import type { WrtcStream, WrtcTrack } from '../rtc/wrtc-types.js';
import type { AudioBlock } from '../stream/audio-block.js';
import { systemClock, type Clock } from '../stream/clock.js';
import { MEDIA_RATE } from '../stream/media-clock.js';
import { Playout, type PlayoutCounts } from '../stream/playout.js';
import { Pacemaker, type Paced } from './pacemaker.js';

/** What can wait to be played beyond the delay. Unit: audio frames. */
const RESERVE_FRAMES = 2 * MEDIA_RATE;

/** When sound is due. */
export type PlayTiming = {
  /** When position 0 was, by the clock: `epochMs` of the source. Unit: ms. */
  readonly originMs: number;
  /** From a picture's time to its sound's departure. Unit: ms. */
  readonly delayMs: number;
};

/**
 * Makes a track that any number of peers can hear, and that plays a session's sound against the clock.
 *
 * @throws {LivefoleyError} Place `environment`, if WebRTC cannot be used here
 * @example
 * const source = createRtcSource({ videoTrack, clock: systemClock, size: engine.bundle.picture, jitterBufferMs: () => 25 });
 * const sink = createRtcSink();
 * await firstValueFrom(source.frames$);
 * const timing = { originMs: source.epochMs ?? systemClock.nowMs(), delayMs: 250 };
 * const session = engine.score(source.frames$, { live: timing });
 * await sink.play(session.blocks, timing);
 */
export function createRtcSink(options: { readonly clock?: Clock } = {}): RtcSink {
  return new RtcSink(options.clock ?? systemClock);
}

/** A track of sound, paced. Made by `createRtcSink()`. */
export class RtcSink {
  readonly #clock: Clock;
  readonly #pacemaker: Pacemaker;
  readonly #sink = new RtcSoundSink();
  #playing: Playout | undefined;

  /** @internal Use `createRtcSink()`. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#pacemaker = new Pacemaker(clock);
  }

  /** What peers hear: give it to `RtcPeer.answer()`. */
  get sound(): { readonly track: WrtcTrack; readonly stream: WrtcStream } {
    return { track: this.#sink.track, stream: this.#sink.stream };
  }

  /** What was played since `play()`; undefined before. */
  get counts(): PlayoutCounts | undefined {
    return this.#playing?.counts;
  }

  /**
   * Plays sound, each block when it is due; what is missing then is faded over, and counted. Resolves when the last
   * block has been played.
   * @throws {TypeError} If something is being played already
   */
  async play(blocks: AsyncIterable<AudioBlock>, { originMs, delayMs }: PlayTiming): Promise<void> {
    if (this.#playing) throw new TypeError('Cannot play two sounds into one sink: make another');
    const playout = new Playout({
      channelCount: 2,
      capacityFrames: Math.ceil((delayMs / 1000) * MEDIA_RATE) + RESERVE_FRAMES,
      startMs: this.#clock.nowMs(),
    });
    this.#playing = playout;
    playout.anchor(originMs + delayMs);
    const push = (channels: readonly Float32Array[]): void => this.#sink.push(channels);
    let failure: { readonly error: unknown } | undefined;
    const paced: Paced = {
      get nextDueMs() {
        return playout.nextDueMs;
      },
      play: (nowMs) => void playout.play(nowMs, push),
      giveUp: (error) => (failure = { error }),
    };
    this.#pacemaker.add(paced);
    try {
      for await (const block of blocks) {
        if (failure) throw failure.error;
        playout.write(block);
      }
      await this.#clock.waitUntilMs(this.#clock.nowMs() + (playout.levelFrames / MEDIA_RATE) * 1000);
    } finally {
      this.#pacemaker.remove(paced);
    }
  }

  /** Ends the track. Idempotent. */
  close(): void {
    this.#pacemaker.close();
    this.#sink.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
