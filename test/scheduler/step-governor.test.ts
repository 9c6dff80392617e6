import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StepGovernor, type StepChange } from '../../src/scheduler/step-governor.js';

const HOP_MS = 100;
const DELAY_MS = 60;

/** A lane in virtual time: a hop costs `baseMs` and `stepMs` a step, times what the machine is slower by just then. */
function run(
  governor: StepGovernor,
  hops: number,
  slownessAt: (hop: number) => number,
): { changes: (StepChange & { hop: number })[]; misses: number[] } {
  const changes: (StepChange & { hop: number })[] = [];
  const misses: number[] = [];
  let freeMs = 0;
  for (let hop = 0; hop < hops; hop += 1) {
    const readyMs = hop * HOP_MS;
    const stepMs = 10 * slownessAt(hop);
    const computeMs = 10 * slownessAt(hop) + governor.steps * stepMs;
    freeMs = Math.max(freeMs, readyMs) + computeMs;
    const slackMs = readyMs + DELAY_MS + HOP_MS - freeMs;
    if (slackMs < 0) misses.push(hop);
    const change = governor.observe({ slackMs, computeMs, stepMs });
    if (change) changes.push({ ...change, hop });
  }
  return { changes, misses };
}

function createGovernor(maxSteps = 4): StepGovernor {
  return new StepGovernor({ maxSteps, hopMs: HOP_MS, safeSlackMs: 30 });
}

describe('StepGovernor.observe()', () => {
  test('leaves the steps alone while there is time', () => {
    const governor = createGovernor();
    const { changes } = run(governor, 36_000, () => 1);
    expect(changes).toEqual([]);
    expect(governor.steps).toBe(4);
  });

  test('lowers the steps before a deadline is missed, when the machine becomes slower bit by bit', () => {
    const governor = createGovernor();
    const { changes, misses } = run(governor, 400, (hop) => 1 + hop / 160);
    expect(changes.length).toBeGreaterThan(0);
    expect(changes.every(({ from, to }) => to === from - 1)).toBe(true);
    expect(misses).toEqual([]);
    expect(governor.changes).toBe(changes.length);
  });

  test('raises them again after a calm, one at a time, once the machine is itself again', () => {
    const governor = createGovernor();
    const { changes } = run(governor, 1000, (hop) => (hop >= 100 && hop < 200 ? 2.3 : 1));
    expect(changes.some(({ to, from }) => to < from)).toBe(true);
    expect(governor.steps).toBe(4);
    const raises = changes.filter(({ to, from }) => to > from);
    expect(raises.every(({ from, to }) => to === from + 1)).toBe(true);
    expect(raises[0]!.hop).toBeGreaterThanOrEqual(200);
  });

  test('does not swing: at a load that bears no more, an hour sees few changes', () => {
    const governor = createGovernor();
    // Every so often a burst takes the time that one more step had been given.
    const { changes } = run(governor, 36_000, (hop) => (hop % 120 < 4 ? 3 : 1.3));
    expect(changes.length).toBeLessThan(120);
  });

  test('stays within 1 and the most whatever comes, and every change is counted', () => {
    const outcome = fc.record({
      slackMs: fc.double({ min: -500, max: 500, noNaN: true }),
      computeMs: fc.double({ min: 0, max: 300, noNaN: true }),
      stepMs: fc.double({ min: 0, max: 100, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 600 }), (outcomes) => {
        const governor = createGovernor(3);
        let steps = governor.steps;
        let changes = 0;
        for (const each of outcomes) {
          const change = governor.observe(each);
          if (change) {
            expect(change.from).toBe(steps);
            expect(Math.abs(change.to - change.from)).toBe(1);
            changes += 1;
          }
          steps = governor.steps;
          expect(steps).toBe(change?.to ?? steps);
          expect(steps >= 1 && steps <= 3).toBe(true);
        }
        expect(governor.changes).toBe(changes);
      }),
    );
  });
});

describe('StepGovernor.setMaxSteps()', () => {
  test('takes what the person wants at once, but not while the machine is short of time', () => {
    const governor = createGovernor(2);
    governor.setMaxSteps(4);
    expect(governor.steps).toBe(4);
    run(governor, 20, () => 3);
    const low = governor.steps;
    expect(low).toBeLessThan(4);
    governor.setMaxSteps(8);
    expect(governor.steps).toBe(low);
    governor.setMaxSteps(1);
    expect(governor.steps).toBe(1);
    expect(() => governor.setMaxSteps(0)).toThrow(/maxSteps/);
  });
});
