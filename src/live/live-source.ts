import type { Observable } from 'rxjs';
import type { AudioBlock } from '../stream/audio-block.js';
import type { VideoFrame } from '../stream/video-frame.js';

/** Pictures that come as they come, on the stream's media clock; WebRTC gives one, tests give others. */
export interface LiveSource {
  /** Hot: whoever listens hears what comes from then on. Completes when the source has ended. */
  readonly frames$: Observable<VideoFrame>;
  /** When position 0 was, by the clock; known from the first picture on. Unit: ms. */
  readonly epochMs: number | undefined;
  /** How long after its time a picture may come, now. Unit: ms. */
  readonly arrivalDelayMs: () => number;
  /** The source's own sound from a position on, if it has one: blocks of 480 frames, in two channels, without a gap. */
  readonly ownSound?: (fromPosition: number) => AsyncIterable<AudioBlock>;
}
