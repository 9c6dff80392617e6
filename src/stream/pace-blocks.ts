import { Observable } from 'rxjs';
import type { AudioBlock } from './audio-block.js';
import type { Clock } from './clock.js';
import { MEDIA_RATE } from './media-clock.js';

export type PaceOptions = {
  readonly clock: Clock;
  /** Called when a block came so late that it could not be handed over in time. */
  readonly onLate: (late: { position: number; lateMs: number }) => void;
};

/**
 * Hands blocks over when they are due, by an absolute target on the clock: the first at once, each later one as
 * long after it as its position says. A block that comes late moves the target, for what is late is late.
 */
export function paceBlocks(blocks: AsyncIterable<AudioBlock>, options: PaceOptions): Observable<AudioBlock> {
  const { clock, onLate } = options;
  return new Observable((subscriber) => {
    const stop = new AbortController();
    const pump = async (): Promise<void> => {
      let startMs: number | undefined;
      for await (const block of blocks) {
        if (stop.signal.aborted) return;
        const offsetMs = (block.position / MEDIA_RATE) * 1000;
        startMs ??= clock.nowMs() - offsetMs;
        const lateMs = clock.nowMs() - (startMs + offsetMs);
        if (lateMs > LATE_FROM_MS) {
          onLate({ position: block.position, lateMs });
          startMs += lateMs;
        }
        await clock.waitUntilMs(startMs + offsetMs, stop.signal);
        if (stop.signal.aborted) return;
        subscriber.next(block);
      }
      subscriber.complete();
    };
    pump().catch((error: unknown) => subscriber.error(error));
    return () => stop.abort();
  });
}

/** Timers are often late by a few milliseconds; half a block of 10 ms beyond that is an underrun. */
const LATE_FROM_MS = 15;
