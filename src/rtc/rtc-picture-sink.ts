import { i420Bytes } from './i420.js';
import { loadWrtc } from './wrtc.js';
import type { WrtcTrack, WrtcVideoSource } from './wrtc-types.js';

/**
 * A track that shows what is pushed into it; the time of the push is the picture's time. For a receiver to play it in
 * sync with a sound, hand it to the peer together with that sound.
 */
export class RtcPictureSink {
  readonly track: WrtcTrack;
  readonly #source: WrtcVideoSource;
  #pushes = 0;
  #isClosed = false;

  /** @throws {LivefoleyError} Place `environment`, if WebRTC cannot be used here */
  constructor() {
    this.#source = new (loadWrtc().nonstandard.RTCVideoSource)();
    this.track = this.#source.createTrack();
  }

  /** Pictures handed over. */
  get pushes(): number {
    return this.#pushes;
  }

  /**
   * Hands one picture over; after `close()` nothing happens. The caller may write to `i420` again at once.
   *
   * Shape: `i420` holds exactly the planes Y, U and V, without padding.
   * @throws {RangeError} If it does not
   */
  push(i420: Uint8Array, width: number, height: number): void {
    if (this.#isClosed) return;
    if (!(width > 0 && height > 0) || i420.length !== i420Bytes(width, height)) {
      throw new RangeError(
        `Cannot push a picture: ${width}x${height} takes ${i420Bytes(width, height)} bytes, received ${i420.length}`,
      );
    }
    // libwebrtc takes the buffer from its beginning, wherever a view on it begins.
    const data = i420.byteLength === i420.buffer.byteLength ? i420 : i420.slice();
    this.#source.onFrame({ width, height, data });
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
