import type { Clock } from './clock.js';
import { GRID_TOLERANCE_FRAMES, JUMP_BACK_FRAMES } from './grid.js';
import { MEDIA_RATE } from './media-clock.js';
import type { VideoFrame } from './video-frame.js';

export type KeepTickingOptions = {
  readonly clock: Clock;
  readonly gridFrames: number;
  readonly signal: AbortSignal;
  /** How long after its time a frame may come, asked again for every grid point. Unit: ms. Default: one grid interval. */
  readonly arrivalDelayMs?: () => number;
  /** When position 0 was, by the clock. Unit: ms. Default: the first frame comes in time. */
  readonly originMs?: number;
};

/**
 * Frames of a live source for a grid that must not stand still when the source does: when no frame has come by
 * the time of the next grid point, the last one is shown again right after it. Media time runs with the clock from the
 * first frame on, and from the last one before which the timestamps jumped back.
 */
export async function* keepTicking(
  frames: AsyncIterableIterator<VideoFrame>,
  options: KeepTickingOptions,
): AsyncGenerator<VideoFrame> {
  const { clock, gridFrames, signal } = options;
  const arrivalDelayMs = options.arrivalDelayMs ?? (() => (gridFrames / MEDIA_RATE) * 1000);
  let waiting = new AbortController();
  const stopped = new Promise<undefined>((resolve) => {
    const stop = (): void => {
      waiting.abort();
      resolve(undefined);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  const first = await Promise.race([frames.next(), stopped]);
  if (!first || first.done) return;
  let latest = first.value;
  let startMs = options.originMs ?? startOf(latest, clock);
  yield latest;
  let coming = nextOf(frames);
  while (!signal.aborted) {
    const point = (Math.floor(latest.position / gridFrames) + 1) * gridFrames;
    const dueMs = startMs + (point / MEDIA_RATE) * 1000 + arrivalDelayMs();
    waiting = new AbortController();
    const result = await Promise.race([
      coming,
      clock.waitUntilMs(dueMs, waiting.signal).then(() => undefined),
    ]);
    waiting.abort();
    if (result?.done) return;
    if (result) {
      coming = nextOf(frames);
      if (result.value.position < latest.position - JUMP_BACK_FRAMES) startMs = startOf(result.value, clock);
    }
    // Just after the point, so that nobody waits for more to know what the point shows.
    latest = result ? result.value : { ...latest, position: point + GRID_TOLERANCE_FRAMES + 1 };
    if (!signal.aborted) yield latest;
  }
}

/** When position 0 would have been, for a frame that comes now. */
function startOf(frame: VideoFrame, clock: Clock): number {
  return clock.nowMs() - (frame.position / MEDIA_RATE) * 1000;
}

/** Whoever reads on meets a failure; one that comes while nobody reads must not count as unhandled. */
function nextOf(frames: AsyncIterator<VideoFrame>): Promise<IteratorResult<VideoFrame>> {
  const coming = frames.next();
  coming.catch(() => undefined);
  return coming;
}
