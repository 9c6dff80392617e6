import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PictureDelay, type DelayedPicture } from '../../src/live/picture-delay.js';
import { Playout } from '../../src/stream/playout.js';

const GRID = 1600;
const BLOCK = 480;

function pictureAt(position: number, bytes = 6): DelayedPicture {
  return { position, width: 2, height: 2, data: new Uint8Array(bytes) };
}

/** Pictures that leave while a playout runs, each with the position that was then the next to be played. */
class Screen {
  readonly playout = new Playout({ channelCount: 1, capacityFrames: 48_000, startMs: 0 });
  readonly shown: { position: number; beforeFrame: number }[] = [];
  readonly delay = new PictureDelay(this.playout, {
    gridFrames: GRID,
    show: ({ position }) => this.shown.push({ position, beforeFrame: this.playout.position ?? NaN }),
  });

  /** Block by block, each on time. */
  playTo(ms: number): void {
    for (let now = this.playout.nextDueMs; now <= ms; now += 10) {
      this.playout.play(now, () => undefined);
      this.delay.showDue();
    }
  }
}

describe('PictureDelay', () => {
  test('each leaves within half a block of the sound of the grid point that first shows it, the newest of a point alone', () => {
    const positions = fc.uniqueArray(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(positions, fc.integer({ min: 0, max: 400 }), (unsorted, dueMs) => {
        const screen = new Screen();
        screen.playout.anchor(dueMs);
        const sorted = unsorted.sort((a, b) => a - b);
        for (const position of sorted) screen.delay.add(pictureAt(position));
        screen.playTo(dueMs + 2_000);

        const pointOf = (position: number): number => Math.ceil(position / GRID);
        const newest = sorted.filter(
          (position, i) => pointOf(sorted[i + 1] ?? Infinity) !== pointOf(position),
        );
        expect(screen.shown.map(({ position }) => position)).toEqual(newest);
        for (const { position, beforeFrame } of screen.shown) {
          const block = beforeFrame - BLOCK;
          expect(Math.abs(pointOf(position) * GRID - block)).toBeLessThanOrEqual(BLOCK / 2);
        }
      }),
    );
  });

  test('shows nothing before there is sound to go by, nor what was cleared', () => {
    const screen = new Screen();
    screen.delay.add(pictureAt(0));
    screen.playTo(500);
    expect(screen.shown).toEqual([]);
    screen.delay.clear();
    screen.playout.anchor(600);
    screen.playTo(1_000);
    expect(screen.shown).toEqual([]);
  });

  test('shows the oldest too early rather than keep more than 64 MiB', () => {
    const screen = new Screen();
    for (const position of [0, 1600, 3200]) screen.delay.add(pictureAt(position, 30 * 2 ** 20));
    expect(screen.shown.map(({ position }) => position)).toEqual([0]);
  });
});
