import { describe, expect, test } from 'vitest';
import { admit, shareOf } from '../../src/scheduler/admission.js';
import { CostEstimate } from '../../src/scheduler/cost-estimate.js';

const LOAD = { hopCostMs: 15, hopMs: 100 };

describe('admit()', () => {
  test('grants sessions on the lane that bears least, until the forecast holds no more', () => {
    const lanes: (typeof LOAD)[][] = [[], []];
    const taken: number[] = [];
    for (;;) {
      const admission = admit({ lanes, newcomer: LOAD, machine: lanes.flat(), cores: 2 });
      if (!admission.isGranted) {
        expect(admission.load).toBeGreaterThan(admission.limit);
        break;
      }
      taken.push(admission.lane);
      lanes[admission.lane]!.push(LOAD);
    }
    expect(taken).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    expect(shareOf(lanes[0]!)).toBeLessThanOrEqual(0.7);
  });

  test('counts what the lanes of other bundles bear on the same cores', () => {
    const heavy = { hopCostMs: 600, hopMs: 1000 };
    expect(admit({ lanes: [[]], newcomer: LOAD, machine: [heavy], cores: 1 })).toMatchObject({
      isGranted: false,
    });
    expect(admit({ lanes: [[]], newcomer: LOAD, machine: [heavy], cores: 2 })).toMatchObject({
      isGranted: true,
    });
  });

  test('refuses a session that is slower than its own time, and where there is no lane', () => {
    const slow = { hopCostMs: 130, hopMs: 100 };
    expect(admit({ lanes: [[]], newcomer: slow, machine: [], cores: 64 })).toMatchObject({
      isGranted: false,
    });
    expect(admit({ lanes: [], newcomer: LOAD, machine: [], cores: 64 })).toMatchObject({ isGranted: false });
  });
});

describe('CostEstimate.quantileMs()', () => {
  test('tells what so large a share of the recent hops did not exceed, and forgets the old ones', () => {
    const costs = new CostEstimate(100);
    expect(costs.quantileMs(0.9)).toBeUndefined();
    for (let i = 1; i <= 100; i += 1) costs.add(1000);
    for (let i = 1; i <= 100; i += 1) costs.add(i);
    expect(costs.quantileMs(0.9)).toBe(91);
    expect(costs.quantileMs(1)).toBe(100);
  });
});
