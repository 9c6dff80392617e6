import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flowTimes } from '../../src/stages/flow-times.js';

describe('flowTimes()', () => {
  test('are even without a shift', () => {
    expect([...flowTimes({ steps: 4, timeShift: 1 })]).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect([...flowTimes({ steps: 1, timeShift: 1 })]).toEqual([0, 1]);
  });

  test('bend u to u / (u + s (1 - u)), nearer to the noise above 1', () => {
    expect([...flowTimes({ steps: 2, timeShift: 3 })]).toEqual([0, 0.25, 1]);
    expect(flowTimes({ steps: 2, timeShift: 0.5 })[1]).toBeCloseTo(2 / 3, 12);
  });

  test('rise from exactly 0 to exactly 1', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        (steps, timeShift) => {
          const times = flowTimes({ steps, timeShift });
          expect(times).toHaveLength(steps + 1);
          expect([times[0], times.at(-1)]).toEqual([0, 1]);
          for (let i = 0; i < steps; i += 1) expect(times[i + 1]!).toBeGreaterThan(times[i]!);
        },
      ),
    );
  });

  test.each([0, -1, 1.5, NaN, '2'])('%s steps are refused', (steps) => {
    expect(() => flowTimes({ steps: steps as number, timeShift: 1 })).toThrow(/steps/);
  });
});
