import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RunPlan, type RunPlanOptions } from '../../src/stream/run-plan.js';

/** Bundles promise that a warm-up is no longer than a body. */
const anyOptions: fc.Arbitrary<RunPlanOptions> = fc
  .record({
    anchorHops: fc.integer({ min: 1, max: 8 }),
    warmHops: fc.nat(8),
    primeHops: fc.nat(6),
    hasTail: fc.boolean(),
    warmsBeforeStart: fc.boolean(),
  })
  .map((options) => ({ ...options, warmHops: Math.min(options.warmHops, options.anchorHops) }));

function rolesAt(plan: RunPlan, hop: number, firstRun = 0): string[] {
  return plan.tasksAt(hop, firstRun).map((task) => `${task.run} ${task.role}`);
}

/** The hops of a run, by role, found by asking for every hop. */
function hopsOf(plan: RunPlan, run: number): Record<string, number[]> {
  const found: Record<string, number[]> = { prime: [], warm: [], body: [], tail: [] };
  for (let hop = -40; hop < 90; hop += 1) {
    for (const task of plan.tasksAt(hop, 0)) if (task.run === run) found[task.role]!.push(hop);
  }
  return found;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

describe('RunPlan.tasksAt()', () => {
  test('primes, warms, sounds and lets each run ring out over the next', () => {
    const plan = new RunPlan({
      anchorHops: 4,
      warmHops: 2,
      primeHops: 1,
      hasTail: true,
      warmsBeforeStart: false,
    });
    expect(range(-2, 9).map((hop) => rolesAt(plan, hop))).toEqual([
      [],
      ['0 prime'],
      ['0 body'],
      ['0 body', '1 prime'],
      ['0 body', '1 warm'],
      ['0 body', '1 warm'],
      ['0 tail', '1 body'],
      ['1 body', '2 prime'],
      ['1 body', '2 warm'],
      ['1 body', '2 warm'],
      ['1 tail', '2 body'],
    ]);
  });

  test('in window mode warms the first run before the start and needs no tail', () => {
    const plan = new RunPlan({
      anchorHops: 3,
      warmHops: 2,
      primeHops: 1,
      hasTail: false,
      warmsBeforeStart: true,
    });
    expect(range(-4, 4).map((hop) => rolesAt(plan, hop))).toEqual([
      [],
      ['0 prime'],
      ['0 warm'],
      ['0 warm'],
      ['0 body', '1 prime'],
      ['0 body', '1 warm'],
      ['0 body', '1 warm'],
      ['1 body', '2 prime'],
    ]);
  });

  test('gives every hop from the start on exactly one body, and a tail exactly at the runs after the first', () => {
    fc.assert(
      fc.property(anyOptions, fc.integer({ min: -20, max: 60 }), (options, hop) => {
        const roles = new RunPlan(options).tasksAt(hop, 0).map((task) => task.role);
        const isAnchor = hop > 0 && hop % options.anchorHops === 0;
        expect(roles.filter((role) => role === 'body')).toHaveLength(hop >= 0 ? 1 : 0);
        expect(roles.filter((role) => role === 'tail')).toHaveLength(options.hasTail && isAnchor ? 1 : 0);
      }),
    );
  });

  test('gives each run its primes, warm-ups, body and tail as one stretch of hops', () => {
    fc.assert(
      fc.property(anyOptions, fc.nat(5), (options, run) => {
        const { anchorHops, primeHops, hasTail, warmsBeforeStart } = options;
        const start = run * anchorHops;
        const warm = warmsBeforeStart || run > 0 ? options.warmHops : 0;
        expect(hopsOf(new RunPlan(options), run)).toEqual({
          prime: range(start - warm - primeHops, start - warm),
          warm: range(start - warm, start),
          body: range(start, start + anchorHops),
          tail: hasTail ? [start + anchorHops] : [],
        });
      }),
    );
  });

  test('marks each run first where its body begins and last where nothing of it follows', () => {
    fc.assert(
      fc.property(anyOptions, fc.nat(4), (options, run) => {
        const plan = new RunPlan(options);
        const tasks = range(-40, 90).flatMap((hop) => plan.tasksAt(hop, 0).map((task) => ({ hop, ...task })));
        const own = tasks.filter((task) => task.run === run);
        expect(own.filter((task) => task.isFirst).map((task) => task.hop)).toEqual([
          run * options.anchorHops,
        ]);
        expect(own.filter((task) => task.isLast)).toEqual([own.at(-1)]);
      }),
    );
  });

  test('lists the oldest run first, so that a tail sounds before what replaces it', () => {
    fc.assert(
      fc.property(anyOptions, fc.integer({ min: -20, max: 60 }), (options, hop) => {
        const runs = new RunPlan(options).tasksAt(hop, 0).map((task) => task.run);
        expect(runs).toEqual([...runs].sort((a, b) => a - b));
        expect(new Set(runs).size).toBe(runs.length);
      }),
    );
  });

  test('leaves out runs before the first, and nothing else', () => {
    fc.assert(
      fc.property(anyOptions, fc.integer({ min: -20, max: 60 }), fc.nat(6), (options, hop, firstRun) => {
        const plan = new RunPlan(options);
        const whole = plan.tasksAt(hop, 0).filter((task) => task.run >= firstRun);
        expect(plan.tasksAt(hop, firstRun)).toEqual(whole);
      }),
    );
  });
});

describe('RunPlan.spanFrom()', () => {
  test('begins with the run of the hop, at its lead-in; at an anchor one run earlier, for its tail', () => {
    const plan = new RunPlan({
      anchorHops: 10,
      warmHops: 4,
      primeHops: 4,
      hasTail: true,
      warmsBeforeStart: false,
    });
    expect(plan.spanFrom(0)).toEqual({ firstRun: 0, firstHop: -4 });
    expect(plan.spanFrom(9)).toEqual({ firstRun: 0, firstHop: -4 });
    expect(plan.spanFrom(10)).toEqual({ firstRun: 0, firstHop: -4 });
    expect(plan.spanFrom(11)).toEqual({ firstRun: 1, firstHop: 2 });
    expect(plan.spanFrom(30)).toEqual({ firstRun: 2, firstHop: 12 });
  });

  test('covers every task of every run that sounds from the hop on', () => {
    fc.assert(
      fc.property(anyOptions, fc.nat(40), (options, hop) => {
        const plan = new RunPlan(options);
        const { firstRun, firstHop } = plan.spanFrom(hop);
        const sounding = new Set(
          range(hop, hop + 20).flatMap((at) =>
            plan
              .tasksAt(at, 0)
              .flatMap((task) => (task.role === 'body' || task.role === 'tail' ? [task.run] : [])),
          ),
        );
        for (const run of sounding) expect(run).toBeGreaterThanOrEqual(firstRun);
        for (const at of range(-40, firstHop)) expect(plan.tasksAt(at, firstRun)).toEqual([]);
        expect(plan.tasksAt(firstHop, firstRun).length).toBeGreaterThan(0);
      }),
    );
  });
});
