import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AudioBlock } from '../../src/stream/audio-block.js';
import { Playout } from '../../src/stream/playout.js';

const BLOCK = 480;
const START_MS = 1_000;

/** Sample `i` of a low tone: steps between neighbours stay under 0.03. */
function toneAt(i: number): number {
  return 0.8 * Math.sin((2 * Math.PI * 220 * i) / 48_000);
}

function blockAt(position: number, frames = BLOCK): AudioBlock {
  return { position, channels: [Float32Array.from({ length: frames }, (_, i) => toneAt(position + i))] };
}

/** A playout, what fed it, and everything that came out. */
class Listener {
  readonly playout = new Playout({ channelCount: 1, capacityFrames: 48_000, startMs: START_MS });
  readonly heard: number[] = [];
  readonly positions: (number | undefined)[] = [];

  play(nowMs: number): number {
    return this.playout.play(nowMs, (channels, position) => {
      for (const sample of channels[0]!) this.heard.push(sample);
      this.positions.push(position);
    });
  }

  /** Plays block by block up to a time, each on time, with sound written ahead. */
  playFed(fromMs: number, toMs: number): void {
    for (let ms = fromMs; ms <= toMs; ms += 10) {
      const next = this.playout.position!;
      this.playout.write(blockAt(Math.max(0, next), 2 * BLOCK));
      this.play(ms);
    }
  }

  get largestStep(): number {
    let largest = 0;
    for (let i = 1; i < this.heard.length; i += 1)
      largest = Math.max(largest, Math.abs(this.heard[i]! - this.heard[i - 1]!));
    return largest;
  }
}

describe('Playout.play()', () => {
  test('plays each position at its time, whatever the clock of whoever calls', () => {
    const listener = new Listener();
    listener.playout.anchor(START_MS + 50);
    listener.playout.write(blockAt(0, 24_000));
    for (let ms = START_MS; ms < START_MS + 400; ms += 7) listener.play(ms);
    // Five blocks of silence before position 0 is due, then the tone after its fade.
    expect(listener.positions.slice(0, 6)).toEqual([-2400, -1920, -1440, -960, -480, 0]);
    expect(listener.heard.slice(0, 5 * BLOCK).every((sample) => sample === 0)).toBe(true);
    for (let i = 2 * BLOCK; i < 20 * BLOCK; i += 97)
      expect(listener.heard[5 * BLOCK + i]).toBeCloseTo(toneAt(i), 6);
    expect(listener.playout.counts).toMatchObject({
      underruns: 0,
      missingFrames: 0,
      skips: 0,
      lateFrames: 0,
    });
  });

  test('an hour with timers that are late by up to 40 ms has no gap and no drift', () => {
    const listener = new Playout({ channelCount: 1, capacityFrames: 48_000, startMs: 0 });
    listener.anchor(100);
    const hourMs = 3_600_000;
    let seed = 1;
    const zeros = { channels: [new Float32Array(4_800)] };
    let written = 0;
    let blocks = 0;
    for (let ms = 0; ms <= hourMs;) {
      // The hop's sound is there 60 ms before it is due.
      while (written <= (ms - 100 + 60) * 48) {
        listener.write({ position: written, ...zeros });
        written += 4_800;
      }
      blocks += listener.play(ms, () => undefined);
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      ms += 1 + (seed % 40);
    }
    expect(blocks).toBeGreaterThanOrEqual(hourMs / 10 - 4);
    expect(blocks).toBeLessThanOrEqual(hourMs / 10 + 1);
    expect(listener.counts).toMatchObject({ underruns: 0, missingFrames: 0, skips: 0, lateFrames: 0 });
  });

  test('where sound is missing the last goes on and fades, and the next fades in: a dip, never a click', () => {
    const listener = new Listener();
    listener.playout.anchor(START_MS);
    listener.playFed(START_MS, START_MS + 300);
    // The second block that was written ahead, then nothing for 100 ms.
    for (let ms = START_MS + 310; ms <= START_MS + 410; ms += 10) listener.play(ms);
    const before = listener.heard.length;
    listener.playFed(START_MS + 420, START_MS + 600);
    expect(listener.playout.counts).toMatchObject({ underruns: 1, missingFrames: 10 * BLOCK, skips: 0 });
    expect(listener.largestStep).toBeLessThan(0.08);
    expect(listener.heard.slice(before - 6 * BLOCK, before).every((sample) => sample === 0)).toBe(true);
    // In time again: what came out is what belongs there, not what was missed.
    expect(listener.heard.at(-1)).toBeCloseTo(toneAt(listener.heard.length - 1), 5);
  });

  test('a backlog of up to 0.2 s is played at once; a longer one is skipped, faded, and the sound is in time', () => {
    const listener = new Listener();
    listener.playout.anchor(START_MS);
    listener.playFed(START_MS, START_MS + 100);
    listener.playout.write(blockAt(0, 40_000));
    expect(listener.play(START_MS + 290)).toBe(19);
    expect(listener.playout.counts.skips).toBe(0);
    // The process sleeps for 0.4 s.
    const count = listener.play(START_MS + 700);
    expect(count).toBe(1);
    expect(listener.playout.counts).toMatchObject({ skips: 1, skippedFrames: 40 * BLOCK });
    const next = listener.playout.position!;
    expect(Math.abs(next - 710 * 48)).toBeLessThan(BLOCK + 1);
    listener.playout.write(blockAt(next, 10 * BLOCK));
    for (let ms = START_MS + 710; ms < START_MS + 800; ms += 10) listener.play(ms);
    expect(listener.heard.at(-1)).toBeCloseTo(toneAt(listener.playout.position! - 1), 5);
    expect(listener.largestStep).toBeLessThan(0.08);
  });

  test('sound that comes when its time is over is thrown away, and counted', () => {
    const listener = new Listener();
    listener.playout.anchor(START_MS);
    listener.playFed(START_MS, START_MS + 100);
    listener.playout.write(blockAt(0, 2 * BLOCK));
    expect(listener.playout.counts.lateFrames).toBe(2 * BLOCK);
    expect(listener.playout.levelFrames).toBe(BLOCK);
  });

  test('delayBy() fades, pauses for so long, and goes on where it was; nothing of it is an underrun', () => {
    const listener = new Listener();
    listener.playout.anchor(START_MS);
    listener.playFed(START_MS, START_MS + 500);
    const before = listener.playout.position!;
    const heardBefore = listener.heard.length;
    listener.playout.delayBy(4_800);
    expect(listener.playout.position).toBe(before - 4_800);
    // What had been written and not played is kept; nothing that was played is heard again.
    listener.playout.write(blockAt(before, 48_000));
    for (let ms = START_MS + 510; ms <= START_MS + 900; ms += 10) listener.play(ms);
    const after = listener.heard.slice(heardBefore);
    expect(after.slice(1_500, 4_700).every((sample) => sample === 0)).toBe(true);
    for (const i of [5_400, 8_000, 15_000]) expect(after[i]).toBeCloseTo(toneAt(before - 4_800 + i), 5);
    expect(listener.largestStep).toBeLessThan(0.03);
    expect(listener.playout.counts).toMatchObject({ underruns: 0, lateFrames: 0 });
  });

  test('hush() fades to silence and unhush() back, without a click; silence that was asked for is no underrun', () => {
    const listener = new Listener();
    listener.playout.anchor(START_MS);
    listener.playFed(START_MS, START_MS + 200);
    listener.playout.hush();
    listener.playFed(START_MS + 210, START_MS + 450);
    expect(listener.playout.isSilent).toBe(true);
    for (let ms = START_MS + 460; ms <= START_MS + 800; ms += 10) listener.play(ms);
    expect(listener.playout.counts.underruns).toBe(0);
    listener.playout.unhush();
    listener.playFed(START_MS + 810, START_MS + 1200);
    expect(listener.heard.at(-1)).toBeCloseTo(toneAt(listener.playout.position! - 1), 5);
    expect(listener.largestStep).toBeLessThan(0.08);
  });

  test('whatever comes when, it plays 100 blocks a second, within the range of what came', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 500 }) }),
      fc.record({
        kind: fc.constant('write' as const),
        ahead: fc.integer({ min: -9_600, max: 60_000 }),
        frames: fc.integer({ min: 1, max: 9_600 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const listener = new Listener();
        listener.playout.anchor(START_MS + 100);
        let nowMs = START_MS;
        for (const each of actions) {
          if (each.kind === 'wait') {
            nowMs += each.ms;
            listener.play(nowMs);
          } else {
            const position = Math.max(0, (listener.playout.position ?? 0) + each.ahead);
            listener.playout.write(blockAt(position, each.frames));
          }
        }
        listener.play(nowMs);
        expect(listener.playout.nextDueMs).toBeGreaterThan(nowMs);
        expect(listener.playout.nextDueMs).toBeLessThanOrEqual(nowMs + 10);
        expect(listener.heard.every((sample) => Math.abs(sample) <= 0.81)).toBe(true);
        const { position } = listener.playout;
        expect(Math.abs(position! - (listener.playout.nextDueMs - START_MS - 100) * 48)).toBeLessThan(2);
      }),
    );
  });
});

test.each([0, -1, 1.5, NaN])('new Playout() refuses %d channels', (channelCount) => {
  expect(() => new Playout({ channelCount, capacityFrames: 480, startMs: 0 })).toThrow(/channelCount/);
});
