import { expect, test } from 'vitest';
import { browserDelay, concealedMs, NO_STATS, readStats } from '../../web/src/connection-stats.js';
import { delayParts, delayWords, followDelay, totalDelay } from '../../web/src/delay-parts.js';
import { pictureBudget } from '../../web/src/picture-budget.js';

const SERVER = { jitterBuffer: 28, hop: 100, queue: 9, compute: 34, buffer: 39, total: 210 };
const BROWSER = { encode: 3, roundTrip: 4, jitterBuffer: 30, output: 40 };

test('delayParts() add up to what the server promises and what the browser measures', () => {
  const parts = delayParts(SERVER, BROWSER);
  expect(totalDelay(parts)).toBe(SERVER.total + 77);
  expect(parts).toMatchObject({ network: 7, playout: 70, buffer: 39 });
});

test('delayParts() show no negative part when compute has eaten the reserve, nor one that is no number', () => {
  const parts = delayParts({ ...SERVER, compute: 90, buffer: 0 }, { ...BROWSER, encode: NaN });
  expect(parts).toMatchObject({ buffer: 0, network: 0 });
});

test('followDelay() stays still for little, follows in steps, and takes a new situation at once', () => {
  expect(followDelay(undefined, 300)).toBe(300);
  expect(followDelay(300, 309)).toBe(300);
  expect(followDelay(300, 340)).toBe(320);
  expect(followDelay(300, 4300)).toBe(4300);
});

test('delayWords() say milliseconds below a second and seconds from there', () => {
  expect([0, 412.4, 999, 1000, 4321].map(delayWords)).toEqual(['0 ms', '412 ms', '999 ms', '1.0 s', '4.3 s']);
});

test('readStats() and browserDelay() give means over the time between two readings', () => {
  const records = (frames: number) => [
    { type: 'outbound-rtp', kind: 'video', totalEncodeTime: frames * 0.002, framesEncoded: frames },
    {
      type: 'inbound-rtp',
      kind: 'audio',
      jitterBufferDelay: frames * 0.04,
      jitterBufferEmittedCount: frames,
      concealedSamples: 960,
      silentConcealedSamples: 480,
    },
    { type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 },
    { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.006 },
    { type: 'outbound-rtp', kind: 'audio' },
    null,
    'nonsense',
  ];
  const [before, now] = [readStats(records(30)), readStats(records(60))];
  const delay = browserDelay(before, now, 0.03);
  expect(delay.encode).toBeCloseTo(2, 6);
  expect(delay.jitterBuffer).toBeCloseTo(40, 6);
  expect(delay.roundTrip).toBeCloseTo(6, 6);
  expect(delay.output).toBeCloseTo(30, 6);
  expect(concealedMs(now)).toBe(10);
  expect(browserDelay(now, now, 0)).toMatchObject({ encode: 0, jitterBuffer: 0 });
  expect(readStats([])).toEqual(NO_STATS);
});

test('pictureBudget() keeps every picture up to a second, then fewer, then smaller, never beyond 64 MB', () => {
  const source = { width: 1920, height: 1080 };
  expect(pictureBudget(source, 400)).toMatchObject({ width: 640, height: 360, framesPerSecond: 30 });
  const long = pictureBudget(source, 3000);
  expect(long.width).toBe(640);
  expect(long.framesPerSecond).toBeLessThan(30);
  expect(pictureBudget(source, 4300).width).toBe(480);
  for (const delayMs of [0, 400, 1000, 2500, 4300, 9000, 30_000]) {
    for (const size of [source, { width: 1080, height: 1920 }, { width: 200, height: 100 }]) {
      const { width, height, framesPerSecond, frames } = pictureBudget(size, delayMs);
      expect(width * height * 4 * frames).toBeLessThanOrEqual(64 * 2 ** 20);
      // Room for all that are taken while the first of them waits.
      expect(frames).toBeGreaterThanOrEqual(Math.floor((framesPerSecond * delayMs) / 1000));
    }
  }
});
