import { Refusal } from '../rtc/refusal.js';
import type { LiveStream } from './live-stream.js';

/** When a client may try again whose stream's name is taken, or which found all places taken. Unit: seconds. */
export const RETRY_AFTER_SECONDS = 5;

/**
 * Holds a stream's name to one sender at a time.
 * @throws {Refusal} 409, if somebody sends the stream; one that is out of reach gives way to one who is there
 */
export function assertFree(stream: LiveStream | undefined): void {
  if (stream && !stream.isFree) throw nameTaken(stream.name);
}

/** Why a stream cannot be begun under a name that somebody sends under. */
export function nameTaken(stream: string): Refusal {
  return new Refusal(409, `Cannot begin stream '${stream}': somebody sends it already; take another name`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

/** Why nobody can connect any more. */
export function isClosing(): Refusal {
  return new Refusal(503, 'Cannot connect: the server is closing');
}
