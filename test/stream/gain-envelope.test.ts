import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GainEnvelope } from '../../src/stream/gain-envelope.js';

const OPTIONS = { attackCells: 3, releaseCells: 20 };
const needs = fc.array(fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })), {
  minLength: 1,
  maxLength: 80,
});

function gainsOf(needed: readonly number[], options = OPTIONS): number[] {
  const envelope = new GainEnvelope(options);
  return needed.map((need) => envelope.push(need));
}

describe('GainEnvelope.push()', () => {
  test('exceeds none of the needs whose time it is, and never 1', () => {
    fc.assert(
      fc.property(needs, (needed) => {
        const { attackCells } = OPTIONS;
        gainsOf(needed).forEach((gain, i) => {
          expect(gain).toBeLessThanOrEqual(1);
          for (let age = attackCells - 1; age <= 2 * attackCells; age += 1) {
            expect(gain).toBeLessThanOrEqual((needed[i - age] ?? 1) + 1e-12);
          }
        });
      }),
    );
  });

  test('falls in a line over the attack, holds, recovers in a line and is then exactly 1', () => {
    const gains = gainsOf([1, 1, 0.4, ...Array.from({ length: 30 }, () => 1)]);
    expect(gains.slice(0, 2)).toEqual([1, 1]);
    expect(gains[2]).toBeCloseTo(0.8, 12);
    expect(gains[3]).toBeCloseTo(0.6, 12);
    for (let i = 4; i < 9; i += 1) expect(gains[i]).toBeCloseTo(0.4, 12);
    for (let i = 9; i < 33; i += 1) expect(gains[i]!).toBeGreaterThanOrEqual(gains[i - 1]!);
    const steps = gains.slice(12, 22).map((gain, i) => gain - gains[11 + i]!);
    for (const step of steps) expect(step).toBeCloseTo(steps[0]!, 12);
    expect(gains.slice(2 + OPTIONS.attackCells + OPTIONS.releaseCells)).toEqual(
      Array.from({ length: 8 }, () => 1),
    );
  });

  test('depends on nothing older than attack and release together, bit for bit', () => {
    const memory = OPTIONS.attackCells + OPTIONS.releaseCells;
    const recent = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: memory,
      maxLength: memory,
    });
    fc.assert(
      fc.property(needs, needs, recent, (one, other, same) => {
        expect(gainsOf([...one, ...same]).at(-1)).toBe(gainsOf([...other, ...same]).at(-1));
      }),
    );
  });

  test('a greater need never gives a greater gain', () => {
    fc.assert(
      fc.property(needs, fc.nat(79), (needed, at) => {
        const lower = needed.map((need, i) => (i === at ? need / 2 : need));
        const gains = gainsOf(needed);
        gainsOf(lower).forEach((gain, i) => expect(gain).toBeLessThanOrEqual(gains[i]! + 1e-12));
      }),
    );
  });
});
