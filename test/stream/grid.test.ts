import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Grid, GRID_TOLERANCE_FRAMES, type GridOptions } from '../../src/stream/grid.js';
import type { VideoFrame } from '../../src/stream/video-frame.js';
import { CountedSource, frameAt, labelOf } from './frames.js';
import { turn } from './virtual-clock.js';

const OPTIONS: GridOptions = { gridFrames: 1600, hopPoints: 3 };

/** What each grid point shows, from `firstHop` on. */
async function shownBy(grid: Grid, hops: { first?: number; count: number }): Promise<number[]> {
  const { first = 0, count } = hops;
  const shown: number[] = [];
  for (let hop = first; hop < first + count; hop += 1) {
    const taken = await grid.take(hop);
    if (!taken) return shown;
    expect(taken.hop).toBe(hop);
    expect(taken.pictureOfPoint).toHaveLength(OPTIONS.hopPoints);
    shown.push(...taken.pictureOfPoint.map((index) => labelOf(taken.pictures[index]!)));
  }
  return shown;
}

function gridOf(frames: readonly VideoFrame[], options: Partial<GridOptions> = {}): Grid {
  return new Grid(new CountedSource(frames), { ...OPTIONS, ...options });
}

/** Frames of a constant rate, labelled 0, 1, 2 ... */
function atRate(fps: number, count: number, from = 0): VideoFrame[] {
  return Array.from({ length: count }, (_, i) => frameAt(from + Math.round((i * 48_000) / fps), i));
}

/**
 * Written from the sentence alone: the newest frame not later than the point by more than a millisecond, before the
 * first frame the first; of frames with one position the last that came. Frames older than one before them do not count.
 */
function reference(frames: readonly VideoFrame[], points: readonly number[]): number[] {
  const inOrder = frames.filter((frame, i) =>
    frames.slice(0, i).every((other) => other.position <= frame.position),
  );
  return points.map((point) => {
    const due = inOrder.filter((frame) => frame.position <= point + GRID_TOLERANCE_FRAMES);
    return labelOf(due.at(-1) ?? inOrder[0]!);
  });
}

function pointsOf(hops: { first: number; count: number }): number[] {
  const { first, count } = hops;
  return Array.from(
    { length: count * OPTIONS.hopPoints },
    (_, i) => (first * OPTIONS.hopPoints + i) * OPTIONS.gridFrames,
  );
}

describe('Grid.take() at constant rates', () => {
  test.each([24_000 / 1001, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60, 120, 10, 1])(
    'shows the newest frame not later than each point at %s fps',
    async (fps) => {
      const frames = atRate(fps, Math.ceil(fps * 2));
      const shown = await shownBy(gridOf(frames), { count: 20 });
      expect(shown).toEqual(reference(frames, pointsOf({ first: 0, count: 20 })));
    },
  );

  test('shows every frame of 30 fps once, every second of 60 fps, and counts those no point shows', async () => {
    const thirty = gridOf(atRate(30, 90));
    expect(await shownBy(thirty, { count: 20 })).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(thirty.counts).toMatchObject({ skipped: 0, late: 0, rebased: 0 });
    const sixty = gridOf(atRate(60, 180));
    expect(await shownBy(sixty, { count: 20 })).toEqual(Array.from({ length: 60 }, (_, i) => 2 * i));
    expect(sixty.counts).toEqual({ frames: 120, skipped: 59, late: 0, rebased: 0 });
  });

  test.each(['round', 'floor', 'ceil'] as const)(
    'shows the same of a source whose times are whole milliseconds, as Matroska and FLV have them (%s)',
    async (rounding) => {
      for (const [fps, every] of [
        [30, 1],
        [60, 2],
      ] as const) {
        const frames = Array.from({ length: 90 * every }, (_, i) =>
          frameAt(48 * Math[rounding]((i * 1000) / fps), i),
        );
        const grid = gridOf(frames);
        expect(await shownBy(grid, { count: 20 })).toEqual(Array.from({ length: 60 }, (_, i) => every * i));
        expect(grid.counts.skipped).toBe(every === 1 ? 0 : 59);
      }
    },
  );

  test('lists a picture that several points of a hop show once', async () => {
    const taken = await gridOf(atRate(20, 9)).take(0);
    expect(taken!.pictures.map(labelOf)).toEqual([0, 1]);
    expect(taken!.pictureOfPoint).toEqual([0, 0, 1]);
  });
});

describe('Grid.take() of hostile timestamps', () => {
  test('shows the newest frame not later than each point, as brute force finds it', async () => {
    // Backward steps stay below the half second that counts as a jump of the clock.
    const steps = fc.array(
      fc.oneof(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: -6000, max: 30_000 }), fc.constant(0)),
      {
        minLength: 1,
        maxLength: 40,
      },
    );
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.integer({ min: -9000, max: 9000 }),
        fc.integer({ min: -3, max: 2 }),
        async (list, from, first) => {
          let newest = from;
          const frames = [frameAt(from, 0)];
          for (const [i, step] of list.entries()) {
            frames.push(frameAt(newest + step, i + 1));
            newest = Math.max(newest, newest + step);
          }
          const hops = { first, count: 30 };
          expect(await shownBy(gridOf(frames), hops)).toEqual(reference(frames, pointsOf(hops)));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('drops frames that come late and counts them', async () => {
    const grid = gridOf([frameAt(0, 0), frameAt(3200, 2), frameAt(1600, 1), frameAt(4800, 3)]);
    expect(await shownBy(grid, { count: 2 })).toEqual([0, 0, 2, 3, 3, 3]);
    expect(grid.counts).toEqual({ frames: 4, skipped: 0, late: 1, rebased: 0 });
  });

  test('goes on from the last frame where the clock jumps back, and stays there', async () => {
    const grid = gridOf([
      frameAt(96_000, 0),
      frameAt(97_600, 1),
      frameAt(0, 2),
      frameAt(1600, 3),
      frameAt(3200, 4),
    ]);
    expect(await shownBy(grid, { first: 20, count: 2 })).toEqual([0, 1, 2, 3, 4, 4]);
    expect(grid.counts).toMatchObject({ late: 0, rebased: 1 });
    expect(grid.endPosition).toBe(96_000 + 5 * 1600);
  });

  test('holds a picture through a gap', async () => {
    const grid = gridOf([frameAt(0, 0), frameAt(48_000, 1)]);
    const shown = await shownBy(grid, { count: 11 });
    expect(shown.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 0));
    expect(shown.slice(30)).toEqual([1, 1, 1]);
  });

  test('shows the first frame before a late start and the newest of those before the start of the media', async () => {
    expect(await shownBy(gridOf([frameAt(5000, 7), frameAt(6400, 8)]), { count: 2 })).toEqual([
      7, 7, 7, 7, 8, 8,
    ]);
    expect(
      await shownBy(gridOf([frameAt(-3000, 5), frameAt(-100, 6), frameAt(1600, 7)]), { count: 1 }),
    ).toEqual([6, 7, 7]);
  });

  test('shows one frame for ever', async () => {
    const grid = gridOf([frameAt(0, 9)]);
    expect(await shownBy(grid, { count: 4 })).toEqual(Array.from({ length: 12 }, () => 9));
    expect(grid.counts.frames).toBe(1);
  });

  test('gives nothing where the source has no frame', async () => {
    const grid = gridOf([]);
    expect(await grid.take(0)).toBeUndefined();
    expect(await grid.take(1)).toBeUndefined();
    expect(grid.endPosition).toBeUndefined();
  });
});

describe('Grid.endPosition', () => {
  test.each([
    ['30 fps', atRate(30, 45), 45 * 1600],
    ['25 fps', atRate(25, 50), 96_000],
    ['one frame, which lasts a grid point', [frameAt(800, 0)], 2400],
    ['a duplicate at the end', [frameAt(0), frameAt(1920), frameAt(1920)], 3840],
    ['a late frame at the end', [frameAt(0), frameAt(1920), frameAt(1000)], 3840],
  ])('of %s lies after the last frame as long as that is shown', async (_what, frames, end) => {
    const grid = gridOf(frames);
    await shownBy(grid, { count: 30 });
    expect(grid.endPosition).toBe(end);
  });

  test('is unknown while the source goes on', async () => {
    const grid = gridOf(atRate(30, 9));
    await grid.take(0);
    expect(grid.endPosition).toBeUndefined();
  });
});

describe('Grid and its source', () => {
  test('take() reads no further than the first frame after the last point of the hop', async () => {
    for (const [frames, first] of [
      [atRate(30, 60), 0],
      [atRate(25, 60), 0],
      [atRate(60, 90), -1],
      [atRate(30, 30, 20_000), 0],
      [atRate(30, 30, 20_000), -2],
    ] as const) {
      const source = new CountedSource(frames);
      const grid = new Grid(source, OPTIONS);
      for (let hop = first; hop < first + 5; hop += 1) {
        await grid.take(hop);
        const lastPoint = (hop * OPTIONS.hopPoints + OPTIONS.hopPoints - 1) * OPTIONS.gridFrames;
        expect(source.pulls).toBe(frames.filter((frame) => frame.position <= lastPoint).length + 1);
      }
    }
  });

  test('asks a source that has ended no more', async () => {
    const source = new CountedSource(atRate(30, 2));
    const grid = new Grid(source, OPTIONS);
    await shownBy(grid, { count: 6 });
    expect(source.pulls).toBe(3);
  });

  test('shows the same whatever the pace of the source', async () => {
    const frames = atRate(50, 60, -700);
    const whole = await shownBy(gridOf(frames), { count: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(2), { minLength: 61, maxLength: 61 }), async (turns) => {
        const source = new CountedSource(frames, (index) => turn(turns[index]! % 3));
        expect(await shownBy(new Grid(source, OPTIONS), { count: 12 })).toEqual(whole);
      }),
      { numRuns: 10 },
    );
  });

  test('does not let later frames change what earlier points show', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -60_000, max: 60_000 }), { maxLength: 8 }),
        async (later) => {
          const frames = atRate(30, 12);
          const grid = gridOf([...frames, ...later.map((position, i) => frameAt(position, 100 + i))]);
          expect(await shownBy(grid, { count: 3 })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
        },
      ),
    );
  });

  test('hands a failure of the source on', async () => {
    const source = new CountedSource(atRate(30, 9), (index) => {
      if (index === 4) throw new Error('the disk is gone');
    });
    const grid = new Grid(source, OPTIONS);
    await grid.take(0);
    await expect(grid.take(1)).rejects.toThrow('the disk is gone');
  });

  test.each([0, -1, 1.5, NaN, '3'])('a size of %s is refused', (size) => {
    expect(() => gridOf([], { gridFrames: size as number })).toThrow(/gridFrames/);
    expect(() => gridOf([], { hopPoints: size as number })).toThrow(/hopPoints/);
  });
});
