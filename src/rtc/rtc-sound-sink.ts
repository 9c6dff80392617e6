import { loadWrtc } from './wrtc.js';
import type { WrtcAudioSource, WrtcSound, WrtcStream, WrtcTrack } from './wrtc-types.js';

/** What is handed over at once: libwebrtc takes 10 ms and nothing else. Unit: audio frames at 48 kHz. */
export const SINK_FRAMES = 480;

/** A track that plays what is pushed into it, to any number of peers. Whoever pushes keeps the time. */
export class RtcSoundSink {
  readonly track: WrtcTrack;
  /** What goes with this sound, and is to be played in sync with it, is sent in this stream. */
  readonly stream: WrtcStream;
  readonly #source: WrtcAudioSource;
  readonly #samples = new Int16Array(2 * SINK_FRAMES);
  readonly #sound: WrtcSound;
  #pushes = 0;
  #isClosed = false;

  /** @throws {LivefoleyError} Place `environment`, if WebRTC cannot be used here */
  constructor() {
    const { MediaStream, nonstandard } = loadWrtc();
    this.#source = new nonstandard.RTCAudioSource();
    this.track = this.#source.createTrack();
    this.stream = new MediaStream();
    this.stream.addTrack(this.track);
    this.#sound = {
      samples: this.#samples,
      sampleRate: 48_000,
      bitsPerSample: 16,
      channelCount: 2,
      numberOfFrames: SINK_FRAMES,
    };
  }

  /** Blocks handed over. */
  get pushes(): number {
    return this.#pushes;
  }

  /**
   * Hands 10 ms over. What lies beyond full scale is cut off; after `close()` nothing happens.
   *
   * Shape: one channel, which is carried in both, or two, of `SINK_FRAMES` samples. Allocates: nothing.
   * The caller may write to `channels` again at once.
   * @throws {RangeError} If there are more channels or another number of frames
   */
  push(channels: readonly Float32Array[]): void {
    if (this.#isClosed) return;
    const left = channels[0];
    const right = channels[1] ?? left;
    if (left?.length !== SINK_FRAMES || right?.length !== SINK_FRAMES || channels.length > 2) {
      throw new RangeError(
        `Cannot push sound: 1 or 2 channels of ${SINK_FRAMES} samples are taken, received ${channels.length} of ${left?.length}`,
      );
    }
    interleave(left, right, this.#samples);
    this.#source.onData(this.#sound);
    this.#pushes += 1;
  }

  /** Ends the track. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.track.stop();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function interleave(left: Float32Array, right: Float32Array, out: Int16Array): void {
  for (let i = 0; i < left.length; i += 1) {
    out[2 * i] = Math.max(-32_768, Math.min(32_767, Math.round(left[i]! * 32_767)));
    out[2 * i + 1] = Math.max(-32_768, Math.min(32_767, Math.round(right[i]! * 32_767)));
  }
}
