import { describe, expect, test } from 'vitest';
import { BoundedQueue } from '../../src/stream/bounded-queue.js';
import { Grid, GRID_TOLERANCE_FRAMES } from '../../src/stream/grid.js';
import { keepTicking, type KeepTickingOptions } from '../../src/stream/live-frames.js';
import type { VideoFrame } from '../../src/stream/video-frame.js';
import { frameAt, labelOf } from './frames.js';
import { turn, VirtualClock } from './virtual-clock.js';

const GRID_FRAMES = 1600;
const POINT_MS = 1000 / 30;
/** How long after a grid point nothing can come for it any more. Unit: audio frames. */
const AFTER = GRID_TOLERANCE_FRAMES + 1;

class Live {
  readonly clock = new VirtualClock(5000);
  readonly queue = new BoundedQueue<VideoFrame>({ capacity: 16, policy: 'drop-oldest' });
  readonly stop = new AbortController();
  readonly seen: (readonly [position: number, label: number, atMs: number])[] = [];
  ended: string | undefined;
  readonly #ticks: AsyncGenerator<VideoFrame>;

  constructor(options: Partial<KeepTickingOptions> = {}) {
    this.#ticks = keepTicking(this.queue, {
      clock: this.clock,
      gridFrames: GRID_FRAMES,
      signal: this.stop.signal,
      ...options,
    });
  }

  get ticks(): AsyncGenerator<VideoFrame> {
    return this.#ticks;
  }

  /** Reads as fast as frames come. */
  read(): this {
    const pump = async (): Promise<void> => {
      for await (const frame of this.#ticks) {
        this.seen.push([frame.position, labelOf(frame), Math.round(this.clock.nowMs() - 5000)]);
      }
    };
    pump().then(
      () => (this.ended = 'done'),
      (error: Error) => (this.ended = error.message),
    );
    return this;
  }

  next(): Promise<IteratorResult<VideoFrame>> {
    return this.#ticks.next();
  }

  /** Moves to so many grid points after the start. */
  async at(points: number): Promise<void> {
    await this.clock.advanceTo(5000 + points * POINT_MS);
  }

  async frame(position: number, label: number): Promise<void> {
    this.queue.offer(frameAt(position, label));
    await turn();
  }
}

describe('keepTicking()', () => {
  test('adds nothing to a source that keeps its time', async () => {
    const live = new Live().read();
    for (let i = 0; i < 20; i += 1) {
      await live.at(i);
      await live.frame(i * GRID_FRAMES, i);
    }
    expect(live.seen.map(([position, label]) => [position, label])).toEqual(
      Array.from({ length: 20 }, (_, i) => [i * GRID_FRAMES, i]),
    );
  });

  test('shows the last frame again at every grid point while the source stands still, then goes on with it', async () => {
    const live = new Live().read();
    await live.at(0);
    await live.frame(0, 1);
    await live.at(5.5);
    // The point after the frame has one interval of grace.
    expect(live.seen.map(([position, label]) => [position, label])).toEqual([
      [0, 1],
      [1600 + AFTER, 1],
      [3200 + AFTER, 1],
      [4800 + AFTER, 1],
      [6400 + AFTER, 1],
    ]);
    await live.frame(8800, 2);
    expect(live.seen.at(-1)).toEqual([8800, 2, 183]);
    await live.at(7.5);
    expect(live.seen.at(-1)!.slice(0, 2)).toEqual([9600 + AFTER, 2]);
  });

  test('lets a frame come a little late within its grace', async () => {
    const live = new Live().read();
    await live.at(0);
    await live.frame(0, 0);
    await live.at(1.9);
    await live.frame(1600, 1);
    expect(live.seen.map(([position]) => position)).toEqual([0, 1600]);
  });

  test('tells what a point shows as soon as nothing can come for it any more', async () => {
    const live = new Live({ originMs: 5000, arrivalDelayMs: () => 12 });
    const grid = new Grid(live.ticks, { gridFrames: GRID_FRAMES, hopPoints: 3 });
    let taken = false;
    void grid.take(0).then(() => (taken = true));
    await live.frame(0, 1);
    await live.clock.advanceTo(5000 + 2 * POINT_MS + 11);
    expect(taken).toBe(false);
    await live.clock.advanceTo(5000 + 2 * POINT_MS + 13);
    expect(taken).toBe(true);
  });

  test('goes by the time of the first frame, whatever its position', async () => {
    const live = new Live().read();
    await live.at(100);
    await live.frame(480_000, 3);
    await live.at(103.5);
    expect(live.seen.map(([position]) => position)).toEqual([480_000, 481_600 + AFTER, 483_200 + AFTER]);
  });

  test('keeps the time of the clock when the timestamps of the source jump back', async () => {
    const live = new Live().read();
    await live.at(0);
    await live.frame(4_800_000, 0);
    await live.at(1);
    const before = live.seen.length;
    await live.frame(0, 1);
    await live.at(7);
    // Six points later there are about six frames more, not the hundred seconds of the jump.
    expect(live.seen.length - before).toBeGreaterThanOrEqual(4);
    expect(live.seen.length - before).toBeLessThanOrEqual(8);
    expect(live.seen.at(-1)![1]).toBe(1);
  });

  test('ends with the source', async () => {
    const live = new Live().read();
    await live.frame(0, 0);
    live.queue.close();
    await live.at(10);
    expect(live.ended).toBe('done');
    expect(live.seen).toHaveLength(1);
    const empty = new Live().read();
    empty.queue.close();
    await turn();
    expect(empty.ended).toBe('done');
  });

  test('hands a failure on, one that comes while nobody reads too', async () => {
    const live = new Live();
    await live.frame(0, 0);
    expect((await live.next()).value).toMatchObject({ position: 0 });
    await live.frame(1600, 1);
    await live.next();
    // Now the generator stands at a yield, and the queue fails behind it: no unhandled rejection may come of it.
    live.queue.fail(new Error('the camera is gone'));
    await turn(10);
    await expect(live.next()).rejects.toThrow('the camera is gone');
  });

  test.each(['while it waits for a first frame', 'while it waits for the next'])(
    'ends %s when it is stopped',
    async (when) => {
      const live = new Live().read();
      if (when === 'while it waits for the next') await live.frame(0, 0);
      await turn();
      live.stop.abort();
      await turn();
      expect(live.ended).toBe('done');
      expect(live.clock.waitCount).toBe(0);
    },
  );
});
