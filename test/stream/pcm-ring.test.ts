import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PcmRing } from '../../src/stream/pcm-ring.js';

const GUARD = 7;

/** A view with guard words before and after it; `check()` fails if one was written. */
function guarded(length: number): { view: Float32Array; check: () => void } {
  const whole = new Float32Array(length + 2 * GUARD).fill(NaN);
  const view = whole.subarray(GUARD, GUARD + length);
  return {
    view,
    check: () => {
      expect(whole.subarray(0, GUARD).every((word) => Number.isNaN(word))).toBe(true);
      expect(whole.subarray(GUARD + length).every((word) => Number.isNaN(word))).toBe(true);
    },
  };
}

describe('PcmRing', () => {
  test('begins empty at its start position and counts levels from there', () => {
    const ring = new PcmRing({ channelCount: 1, capacityFrames: 8 }, -3);
    expect(ring).toMatchObject({ startPosition: -3, endPosition: -3, levelFrames: 0, freeFrames: 8 });
    expect(ring.write([Float32Array.of(1, 2, 3)])).toBe(3);
    expect(ring).toMatchObject({ startPosition: -3, endPosition: 0, levelFrames: 3, freeFrames: 5 });
  });

  test('write() from an offset takes only what follows it, and nothing where nothing follows', () => {
    const ring = new PcmRing({ channelCount: 1, capacityFrames: 8 });
    expect(ring.write([Float32Array.of(1, 2, 3, 4)], 2)).toBe(2);
    expect(ring.write([Float32Array.of(1, 2)], 2)).toBe(0);
    expect(ring.write([Float32Array.of(1, 2)], 5)).toBe(0);
    const out = new Float32Array(8);
    expect(ring.read([out])).toBe(2);
    expect([...out.subarray(0, 2)]).toEqual([3, 4]);
    expect(ring).toMatchObject({ startPosition: 2, endPosition: 2 });
  });

  test('returns what fitted, does what a plain array does, and writes nothing out of bounds', () => {
    type Action = { readonly kind: 'write' | 'read'; readonly frames: number };
    const action = fc.record<Action>({ kind: fc.constantFrom('write', 'read'), frames: fc.nat(20) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: -100, max: 100 }),
        fc.array(action, { maxLength: 60 }),
        (capacityFrames, channelCount, startPosition, actions) => {
          const ring = new PcmRing({ channelCount, capacityFrames }, startPosition);
          const model: number[] = [];
          let written = 0;
          let read = 0;
          for (const { kind, frames } of actions) {
            const sides = Array.from({ length: channelCount }, () => guarded(frames));
            if (kind === 'write') {
              sides.forEach(({ view }, c) => view.forEach((_, i) => (view[i] = written + i + c * 0.25)));
              const fitted = ring.write(sides.map((side) => side.view));
              expect(fitted).toBe(Math.min(frames, capacityFrames - model.length));
              for (let i = 0; i < fitted; i += 1) model.push(written + i);
              written += fitted;
            } else {
              const count = ring.read(sides.map((side) => side.view));
              const expected = model.splice(0, count);
              expect(count).toBe(Math.min(frames, written - read));
              read += count;
              sides.forEach(({ view }, c) => {
                expect([...view.subarray(0, count)]).toEqual(expected.map((value) => value + c * 0.25));
                expect(view.subarray(count).every((word) => Number.isNaN(word))).toBe(true);
              });
            }
            for (const side of sides) side.check();
            expect(ring.startPosition).toBe(startPosition + read);
            expect(ring.endPosition).toBe(startPosition + written);
            expect(ring.levelFrames + ring.freeFrames).toBe(capacityFrames);
          }
        },
      ),
    );
  });

  test.each([0, -1, 1.5, NaN, '2'])('a size of %s is refused', (size) => {
    expect(() => new PcmRing({ channelCount: size as number, capacityFrames: 4 })).toThrow(/channelCount/);
    expect(() => new PcmRing({ channelCount: 1, capacityFrames: size as number })).toThrow(/capacityFrames/);
  });
});
