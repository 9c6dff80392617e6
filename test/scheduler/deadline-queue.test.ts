import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeadlineQueue, type Turn } from '../../src/scheduler/deadline-queue.js';
import { turn as settle } from '../stream/virtual-clock.js';

describe('DeadlineQueue.take()', () => {
  test('gives the turn to the earliest deadline of those that wait, of equal ones to the first that asked', async () => {
    const queue = new DeadlineQueue(1);
    const running = await queue.take(1000);
    const order: string[] = [];
    const ask = (name: string, deadlineMs: number): void => {
      void queue.take(deadlineMs).then((turn) => {
        order.push(name);
        turn?.end();
      });
    };
    ask('late', 300);
    ask('early', 100);
    ask('as early, asked later', 100);
    ask('middle', 200);
    await settle();
    expect(order).toEqual([]);
    expect(queue.waiting).toBe(4);
    running?.end();
    await settle(8);
    expect(order).toEqual(['early', 'as early, asked later', 'middle', 'late']);
    expect(queue.underWay).toBe(0);
  });

  test('resolves to undefined for a session that ends while it waits, and the others go on', async () => {
    const queue = new DeadlineQueue(1);
    const running = await queue.take(0);
    const stop = new AbortController();
    const left = queue.take(1, stop.signal);
    const next = queue.take(2);
    stop.abort();
    expect(await left).toBeUndefined();
    expect(await queue.take(1, stop.signal)).toBeUndefined();
    running?.end();
    expect(await next).toBeDefined();
  });

  test('ending a turn twice gives no second turn away', async () => {
    const queue = new DeadlineQueue(1);
    const first = await queue.take(0);
    const second = queue.take(1);
    void queue.take(2);
    first?.end();
    first?.end();
    await second;
    expect(queue.underWay).toBe(1);
    expect(queue.waiting).toBe(1);
  });

  test.each([0, -1, 1.5, NaN])('refuses %d hops at once', (atOnce) => {
    expect(() => new DeadlineQueue(atOnce)).toThrow(/atOnce/);
  });
});

/** Hops of several sessions on one lane in virtual time; each is asked for at `readyMs` and costs `costMs`. */
async function simulate(
  jobs: readonly { readyMs: number; deadlineMs: number; costMs: number }[],
): Promise<number> {
  const queue = new DeadlineQueue(1);
  const arrivals = [...jobs].sort((a, b) => a.readyMs - b.readyMs);
  let next = 0;
  let misses = 0;
  let running: { turn: Turn; endMs: number; deadlineMs: number } | undefined;
  const asked: { job: (typeof jobs)[number]; turn: Turn | undefined }[] = [];
  while (next < arrivals.length || queue.waiting > 0 || running) {
    const nowMs = Math.min(arrivals[next]?.readyMs ?? Infinity, running?.endMs ?? Infinity);
    while (next < arrivals.length && arrivals[next]!.readyMs <= nowMs) {
      const job = arrivals[next]!;
      next += 1;
      void queue.take(job.deadlineMs).then((turn) => asked.push({ job, turn }));
    }
    if (running && running.endMs <= nowMs) {
      if (running.endMs > running.deadlineMs + 1e-6) misses += 1;
      running.turn.end();
      running = undefined;
    }
    // Promises need no time.
    for (let i = 0; i < 4; i += 1) await Promise.resolve();
    const given = asked.shift();
    if (given?.turn)
      running = { turn: given.turn, endMs: nowMs + given.job.costMs, deadlineMs: given.job.deadlineMs };
  }
  return misses;
}

describe('DeadlineQueue, an hour of several sessions in virtual time', () => {
  test('misses no deadline that lies a hop beyond its pictures, below nine tenths of the lane', async () => {
    const load = fc
      .array(
        fc.record({ phaseMs: fc.integer({ min: 0, max: 99 }), costMs: fc.integer({ min: 5, max: 30 }) }),
        {
          minLength: 1,
          maxLength: 8,
        },
      )
      .filter((sessions) => sessions.reduce((sum, { costMs }) => sum + costMs, 0) <= 90);
    await fc.assert(
      fc.asyncProperty(load, async (sessions) => {
        const jobs = sessions.flatMap(({ phaseMs, costMs }) =>
          Array.from({ length: 60 }, (_, i) => {
            const readyMs = phaseMs + 100 * i;
            return { readyMs, deadlineMs: readyMs + 100, costMs };
          }),
        );
        expect(await simulate(jobs)).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  test('an hour of three sessions, one of which is slow now and then', async () => {
    const jobs = [0, 33, 66].flatMap((phaseMs, session) =>
      Array.from({ length: 36_000 }, (_, i) => {
        const readyMs = phaseMs + 100 * i;
        return { readyMs, deadlineMs: readyMs + 70, costMs: session === 0 && i % 50 === 0 ? 40 : 11 };
      }),
    );
    expect(await simulate(jobs)).toBe(0);
  });
});
