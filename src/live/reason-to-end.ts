import type { LiveStream } from './live-stream.js';

/** How long a stream lives without what makes it one. Unit: seconds. */
export type Patience = {
  /** The place of a sender that vanished is kept. */
  readonly lostSeconds: number;
  /** A sender has not sent a picture yet. */
  readonly firstPictureSeconds: number;
  /** The picture is frozen. */
  readonly idleSeconds: number;
};

type Looked = Pick<LiveStream, 'state' | 'quietSinceMs' | 'lostSinceMs' | 'epochMs'>;

/** Why a stream has to end, for people; undefined while it may live. Pure. */
export function reasonToEnd(stream: Looked, nowMs: number, patience: Patience): string | undefined {
  const { lostSeconds, firstPictureSeconds, idleSeconds } = patience;
  const quietSeconds = (nowMs - stream.quietSinceMs) / 1000;
  switch (stream.state) {
    case 'live':
      return undefined;
    case 'waiting':
      return quietSeconds > firstPictureSeconds ? 'no picture came' : undefined;
    case 'frozen':
      return quietSeconds > idleSeconds ? 'its picture has been frozen for too long' : undefined;
    case 'lost': {
      // Who left without a picture has no place to be kept.
      if (stream.epochMs === undefined) return 'its sender left before its first picture';
      const lostSecondsNow = (nowMs - (stream.lostSinceMs ?? nowMs)) / 1000;
      return lostSecondsNow > lostSeconds ? 'its sender has not returned' : undefined;
    }
  }
}
