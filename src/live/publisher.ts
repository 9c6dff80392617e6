import type { RtcPeer } from '../rtc/rtc-peer.js';
import { createRtcSource, type RtcSource } from '../rtc/rtc-source.js';
import type { PictureSize } from '../rtc/squeeze-i420.js';
import type { Clock } from '../stream/clock.js';
import { MEDIA_RATE } from '../stream/media-clock.js';
import type { LiveSource } from './live-source.js';

/** What squeezing a picture and the event loop may take, after it has left the jitter buffer. Unit: ms. */
const HANDLING_MS = 12;

/** Sound of the source itself is mixed at the latest so long before it is due. Unit: ms. */
const OWN_SOUND_RESERVE_MS = 15;

/** What a receiver's jitter buffer holds back before it has been measured. Unit: ms. */
const FIRST_JITTER_BUFFER_MS = 25;

/** The delayed picture is sent back no larger: what libwebrtc encodes beside the rest. Unit: lines. */
const ECHO_MAX_HEIGHT = 360;

export type PublisherOptions = {
  readonly sessionId: string;
  readonly peer: RtcPeer;
  readonly clock: Clock;
  readonly size: PictureSize;
  /** Of the stream that it goes on with, if it returns. Unit: ms. */
  readonly epochMs?: number;
  /** From a picture's time to the time at which its sound is due, now. Unit: ms. */
  readonly delayMs: () => number;
  /** Whether anybody wants the picture back. */
  readonly isEchoWanted: () => boolean;
};

/** Who sends a stream its pictures: a connection, and what comes through it. */
export class Publisher implements LiveSource {
  readonly sessionId: string;
  readonly peer: RtcPeer;
  readonly source: RtcSource;
  readonly ownSound?: NonNullable<LiveSource['ownSound']>;
  #jitterBufferMs = FIRST_JITTER_BUFFER_MS;

  constructor(options: PublisherOptions) {
    const { peer, clock, size, epochMs, delayMs, isEchoWanted } = options;
    this.sessionId = options.sessionId;
    this.peer = peer;
    this.source = createRtcSource({
      videoTrack: peer.videoTrack!,
      ...(peer.audioTrack ? { audioTrack: peer.audioTrack } : {}),
      clock,
      size,
      ...(epochMs === undefined ? {} : { epochMs }),
      jitterBufferMs: () => this.#jitterBufferMs,
      echo: { maxHeight: ECHO_MAX_HEIGHT, isWanted: isEchoWanted },
      ownSoundLatestMs: (position) =>
        (this.epochMs ?? clock.nowMs()) + (position / MEDIA_RATE) * 1000 + delayMs() - OWN_SOUND_RESERVE_MS,
    });
    const { ownSound } = this.source;
    if (ownSound) this.ownSound = (fromPosition) => ownSound.blocksFrom(fromPosition);
  }

  get frames$(): LiveSource['frames$'] {
    return this.source.frames$;
  }

  get epochMs(): number | undefined {
    return this.source.epochMs;
  }

  /** What the jitter buffer holds back now. Unit: ms. */
  get jitterBufferMs(): number {
    return this.#jitterBufferMs;
  }

  readonly arrivalDelayMs = (): number => this.#jitterBufferMs + HANDLING_MS;

  /** Asks the connection how it is. */
  async look(): Promise<void> {
    const { jitterBufferMs, framesDecoded } = await this.peer.stats();
    if (framesDecoded > 0) this.#jitterBufferMs = jitterBufferMs;
  }

  /** Ends the source, then the connection. Idempotent. */
  async close(): Promise<void> {
    await this.source.close();
    this.peer.close();
  }
}
