import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Credits, type CreditsOptions } from '../../src/scheduler/credits.js';

const OPTIONS: CreditsOptions = { hopFrames: 100, capacityFrames: 450, maxHops: 3 };

function granted(credits: Credits): number[] {
  const hops: number[] = [];
  credits.credits$.subscribe((hop) => hops.push(hop));
  return hops;
}

describe('Credits.grant()', () => {
  test('grants hops in order from the first on, as many as may be under way', () => {
    const credits = new Credits(OPTIONS, -4);
    const hops = granted(credits);
    credits.grant(0);
    expect(hops).toEqual([-4, -3, -2]);
    expect(credits.underWay).toBe(3);
    credits.grant(0);
    expect(hops).toHaveLength(3);
  });

  test('grants only what fits into the ring beside what it holds and what is under way', () => {
    const credits = new Credits({ ...OPTIONS, maxHops: 10 }, 0);
    const hops = granted(credits);
    credits.grant(251);
    expect(hops).toEqual([0]);
    credits.grant(250);
    expect(hops).toEqual([0, 1]);
    credits.settleUpTo(2);
    credits.grant(450);
    expect(hops).toHaveLength(2);
  });

  test('grants nothing after its end', () => {
    const credits = new Credits(OPTIONS, 0);
    const hops = granted(credits);
    let isComplete = false;
    credits.credits$.subscribe({ complete: () => (isComplete = true) });
    credits.end();
    credits.grant(0);
    expect(hops).toEqual([]);
    expect(isComplete).toBe(true);
    expect(credits.underWay).toBe(0);
  });

  test.each([0, -1, 1.5, NaN, '3'])('an option of %s is refused', (value) => {
    for (const key of ['hopFrames', 'capacityFrames', 'maxHops'] as const) {
      expect(() => new Credits({ ...OPTIONS, [key]: value }, 0)).toThrow(new RegExp(key));
    }
  });

  test('a ring that holds no hop is refused', () => {
    expect(() => new Credits({ ...OPTIONS, capacityFrames: 99 }, 0)).toThrow(
      new RangeError('capacityFrames must hold a hop of 100, received 99'),
    );
  });
});

describe('Credits.settleUpTo()', () => {
  test('never goes back, and never beyond what was granted', () => {
    const credits = new Credits(OPTIONS, 0);
    credits.grant(0);
    credits.settleUpTo(2);
    credits.settleUpTo(1);
    expect(credits.underWay).toBe(1);
    credits.settleUpTo(99);
    expect(credits.underWay).toBe(0);
    expect(credits.highWater).toBe(3);
  });
});

describe('Credits under a random list of actions', () => {
  /** What a session does: hops come back in order and fill the ring, the listener empties it. */
  type Action = { readonly kind: 'arrive' | 'read' | 'grant'; readonly amount: number };
  const action = fc.record<Action>({ kind: fc.constantFrom('arrive', 'read', 'grant'), amount: fc.nat(300) });
  const anyOptions = fc.record({
    hopFrames: fc.integer({ min: 1, max: 200 }),
    capacityFrames: fc.integer({ min: 200, max: 1500 }),
    maxHops: fc.integer({ min: 1, max: 8 }),
  });

  test('never has more under way than allowed, nor more than the ring can take', () => {
    fc.assert(
      fc.property(
        anyOptions,
        fc.integer({ min: -5, max: 5 }),
        fc.array(action, { maxLength: 80 }),
        (options, first, actions) => {
          const { hopFrames, capacityFrames, maxHops } = options;
          const credits = new Credits(options, first);
          const hops = granted(credits);
          let settled = first;
          let level = 0;
          for (const { kind, amount } of actions) {
            if (kind === 'arrive' && settled < first + hops.length) {
              settled += 1;
              level += hopFrames;
              credits.settleUpTo(settled);
            } else if (kind === 'read') level = Math.max(0, level - amount);
            credits.grant(level);
            expect(credits.underWay).toBe(first + hops.length - settled);
            expect(credits.underWay).toBeLessThanOrEqual(maxHops);
            expect(level + credits.underWay * hopFrames).toBeLessThanOrEqual(capacityFrames);
          }
          expect(hops).toEqual(hops.map((_, i) => first + i));
          expect(credits.highWater).toBeLessThanOrEqual(maxHops);
          // No credit is withheld that could be given.
          const more =
            level + (credits.underWay + 1) * hopFrames <= capacityFrames && credits.underWay < maxHops;
          if (actions.length > 0) expect(more).toBe(false);
        },
      ),
    );
  });

  test('keeps to the ring when hops are settled while their credits are handed out', () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        const { hopFrames, capacityFrames } = options;
        const credits = new Credits(options, 0);
        let level = 0;
        let count = 0;
        credits.credits$.subscribe((hop) => {
          count += 1;
          if (count > 10_000) throw new Error('no end of credits');
          level += hopFrames;
          credits.settleUpTo(hop + 1);
          credits.grant(level);
          expect(level).toBeLessThanOrEqual(capacityFrames);
        });
        credits.grant(0);
        expect(count).toBe(Math.floor(capacityFrames / hopFrames));
      }),
    );
  });
});
