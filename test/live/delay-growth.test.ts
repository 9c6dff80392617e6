import { describe, expect, test } from 'vitest';
import { DelayGrowth } from '../../src/live/delay-growth.js';
import type { HopTimes } from '../../src/session-metrics.js';

const HOP_MS = 100;

/** A hop that is ready then, this long before its deadline. */
function hopAt(readyMs: number, slackMs: number, computeMs = 12): HopTimes {
  const postedMs = readyMs - computeMs;
  return { gatherMs: 120, takenMs: postedMs, postedMs, readyMs, slackMs, steps: 2 };
}

/** What the growth answers to hops at their pace, with these slacks. */
function answersTo(growth: DelayGrowth, slacksMs: readonly number[], computeMs?: number): number[] {
  return slacksMs.flatMap((slackMs, i) => growth.observe(hopAt(i * HOP_MS, slackMs, computeMs)) ?? []);
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

describe('DelayGrowth', () => {
  test('pictures that keep coming late: by what nearly all need, with some to spare, after 1.5 s', () => {
    expect(answersTo(new DelayGrowth(HOP_MS), times(14, -83))).toEqual([]);
    expect(answersTo(new DelayGrowth(HOP_MS), times(15, -83))).toEqual([110]);
    const mixed = times(40, [-30, 20, 40]).flat();
    expect(answersTo(new DelayGrowth(HOP_MS), mixed)[0]).toBe(50);
  });

  test('nothing for hops in time, nor for one in ten that is late', () => {
    expect(answersTo(new DelayGrowth(HOP_MS), times(600, 5))).toEqual([]);
    expect(answersTo(new DelayGrowth(HOP_MS), times(100, [-200, ...times(9, 60)]).flat())).toEqual([]);
  });

  test('nothing for stalls of the machine of two seconds, however many hops are late together', () => {
    const growth = new DelayGrowth(HOP_MS);
    for (let stall = 0; stall < 20; stall += 1) {
      const startMs = 10_000 * stall;
      for (let i = 0; i < 20; i += 1)
        expect(growth.observe(hopAt(startMs + 2_000 + 14 * i, -1_900 + 86 * i))).toBeUndefined();
      for (let i = 23; i < 100; i += 1)
        expect(growth.observe(hopAt(startMs + HOP_MS * i, 60))).toBeUndefined();
    }
  });

  test('nothing where computing does not keep pace', () => {
    expect(answersTo(new DelayGrowth(HOP_MS), times(200, -500), 1.2 * HOP_MS)).toEqual([]);
  });

  test('no more than a second in all', () => {
    const grown = answersTo(new DelayGrowth(HOP_MS), times(400, -700));
    expect(grown).toEqual([720, 280]);
  });
});
