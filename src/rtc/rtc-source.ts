import { Subject, type Observable } from 'rxjs';
import { assertPositiveInteger } from '../stream/assertions.js';
import type { Clock } from '../stream/clock.js';
import type { VideoFrame } from '../stream/video-frame.js';
import { ArrivalRate } from './arrival-rate.js';
import { ArrivalTimeline } from './arrival-timeline.js';
import { OwnSoundTrack } from './own-sound-track.js';
import type { EchoPicture, SqueezeResult } from './squeeze-job.js';
import type { PictureSize } from './squeeze-i420.js';
import { Squeezer } from './squeezer.js';
import { rotationOf, turnedSize } from './turn-picture.js';
import { loadWrtc } from './wrtc.js';
import type { WrtcAudioSink, WrtcPicture, WrtcTrack, WrtcVideoSink } from './wrtc-types.js';

/** Where a source's pictures and sound come from, and what becomes of them. */
export type RtcSourceOptions = {
  /** The pictures, from `RtcPeer.videoTrack`. */
  readonly videoTrack: WrtcTrack;
  /** The sender's own sound. Default: none. */
  readonly audioTrack?: WrtcTrack;
  /** By which arrivals are stamped; the same for all that must agree. */
  readonly clock: Clock;
  /** Of the frames, whatever size the sender's pictures have. Unit: pixels. */
  readonly size: PictureSize;
  /** When position 0 was, on the clock: that of a sender's earlier source, when it returns. Default: with the first picture. Unit: ms. */
  readonly epochMs?: number;
  /** How long pictures lately waited in the jitter buffer, from the peer's stats. Unit: ms. */
  readonly jitterBufferMs: () => number;
  /** Where the pictures are to be sent back as well: how many lines they may have, and whether anybody wants them
   * just now. Default: `echoes$` is empty. */
  readonly echo?: { readonly maxHeight: number; readonly isWanted?: () => boolean };
  /** When a block of own sound is needed at the latest, on the clock. Default: 200 ms after its time. Unit: ms. */
  readonly ownSoundLatestMs?: (position: number) => number;
  /** The worker's script; for tests. */
  readonly workerEntry?: URL;
};

/** A picture to be sent back. Unit: `position` as that of the frame it was made of. */
export type EchoFrame = EchoPicture & { readonly position: number };

/** Counts since the source was made, and what its pictures are like. */
export type RtcSourceCounts = {
  /** Frames given out. */
  readonly frames: number;
  /** Pictures that arrived and were not given out, for a later one had arrived. */
  readonly dropped: number;
  /** Of the last picture, as it is to be seen. Unit: pixels; 0 before the first. */
  readonly width: number;
  readonly height: number;
  /** As pictures arrive. */
  readonly framesPerSecond: number;
  readonly workerRestarts: number;
  /** Blocks of own sound in which something was missing. */
  readonly ownSoundGaps: number;
  /** How often own sound was shifted to keep up with the sender's clock. */
  readonly ownSoundCorrections: number;
};

/** Makes a source of what a peer sends. Close it before the peer. */
export function createRtcSource(options: RtcSourceOptions): RtcSource {
  return new RtcSource(options);
}

/** Pictures of a peer as frames with positions, squeezed off this thread, and its own sound on the same clock. */
export class RtcSource {
  /** Hot: frames in rgb24 of exactly the size asked for, in order. Errors if pictures cannot be squeezed at all. */
  readonly frames$: Observable<VideoFrame>;
  /** Hot: the same pictures in I420 with even sides, small enough to be sent back. */
  readonly echoes$: Observable<EchoFrame>;
  /** The sender's own sound, if it has any: two channels. */
  readonly ownSound: OwnSoundTrack | undefined;
  readonly #options: RtcSourceOptions;
  readonly #timeline: ArrivalTimeline;
  readonly #frameSubject$ = new Subject<VideoFrame>();
  readonly #echoSubject$ = new Subject<EchoFrame>();
  readonly #squeezer: Squeezer<number>;
  readonly #rate = new ArrivalRate();
  readonly #videoSink: WrtcVideoSink;
  readonly #audioSink: WrtcAudioSink | undefined;
  #frames = 0;
  #shownSize: PictureSize = { width: 0, height: 0 };
  #closing: Promise<void> | undefined;

  /** @internal Use `createRtcSource()`. */
  constructor(options: RtcSourceOptions) {
    assertPositiveInteger(options.size.width, 'size.width');
    assertPositiveInteger(options.size.height, 'size.height');
    if (options.echo) assertPositiveInteger(options.echo.maxHeight, 'echo.maxHeight');
    const { clock, workerEntry, audioTrack } = options;
    this.#options = options;
    this.#timeline = new ArrivalTimeline(options);
    this.frames$ = this.#frameSubject$.asObservable();
    this.echoes$ = this.#echoSubject$.asObservable();
    this.#squeezer = new Squeezer({
      onResult: (result, position) => this.#give(result, position),
      onFailure: (error) => this.#frameSubject$.error(error),
      ...(workerEntry ? { entry: workerEntry } : {}),
    });
    this.#squeezer.prepare();
    const { nonstandard } = loadWrtc();
    this.#videoSink = new nonstandard.RTCVideoSink(options.videoTrack);
    this.#videoSink.onframe = ({ frame }) => this.#take(frame, clock.nowMs());
    const latestMs = options.ownSoundLatestMs;
    const ownSound = audioTrack
      ? new OwnSoundTrack({ timeline: this.#timeline, clock, ...(latestMs ? { latestMs } : {}) })
      : undefined;
    this.ownSound = ownSound;
    if (!audioTrack || !ownSound) return;
    this.#audioSink = new nonstandard.RTCAudioSink(audioTrack);
    this.#audioSink.ondata = (sound) => ownSound.arrive(sound, clock.nowMs());
  }

  /** When position 0 was, on the clock; absent before the first picture. Unit: ms. */
  get epochMs(): number | undefined {
    return this.#timeline.epochMs;
  }

  /** When the last picture came, on the clock; absent before the first. Unit: ms. */
  get lastArrivalMs(): number | undefined {
    return this.#rate.lastMs;
  }

  /** Counts up to now. */
  get counts(): RtcSourceCounts {
    return {
      frames: this.#frames,
      dropped: this.#squeezer.dropped,
      width: this.#shownSize.width,
      height: this.#shownSize.height,
      framesPerSecond: this.#rate.perSecond(this.#options.clock.nowMs()),
      workerRestarts: this.#squeezer.restarts,
      ownSoundGaps: this.ownSound?.gaps ?? 0,
      ownSoundCorrections: this.ownSound?.corrections ?? 0,
    };
  }

  /** Stops listening, completes the frames and ends the worker. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Kills the worker as a fault would. @internal For tests. */
  killWorker(): Promise<void> {
    return this.#squeezer.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #take(picture: WrtcPicture, arrivalMs: number): void {
    const { size, echo } = this.#options;
    const rotation = rotationOf(picture.rotation);
    const position = this.#timeline.placePicture(arrivalMs);
    this.#rate.note(arrivalMs);
    this.#shownSize = turnedSize(picture, rotation);
    const job = {
      width: picture.width,
      height: picture.height,
      data: ownBytes(picture.data),
      rotation,
      size,
      ...(echo && (echo.isWanted?.() ?? true) ? { echoMaxHeight: echo.maxHeight } : {}),
    };
    this.#squeezer.offer(job, position);
  }

  #give({ rgb, echo }: SqueezeResult, position: number): void {
    this.#frames += 1;
    this.#frameSubject$.next({ ...this.#options.size, position, format: 'rgb24', data: rgb });
    if (echo) this.#echoSubject$.next({ ...echo, position });
  }

  async #close(): Promise<void> {
    this.#videoSink.onframe = null;
    this.#videoSink.stop();
    if (this.#audioSink) {
      this.#audioSink.ondata = null;
      this.#audioSink.stop();
    }
    this.ownSound?.close();
    this.#frameSubject$.complete();
    this.#echoSubject$.complete();
    await this.#squeezer.close();
  }
}

/** The bytes alone in their buffer, so that they can move to the worker: as they are, if they are. */
function ownBytes(data: Uint8Array | Uint8ClampedArray): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = data;
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) {
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  return new Uint8Array(data);
}
