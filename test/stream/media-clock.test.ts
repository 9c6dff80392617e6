import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesPerPixel } from '../../src/stream/video-frame.js';
import { decibelsToGain, gainToDecibels } from '../../src/stream/decibels.js';
import { frameCountOf } from '../../src/stream/audio-block.js';
import { LivefoleyError } from '../../src/stream/errors.js';
import { MEDIA_RATE, positionAtSeconds, secondsAt } from '../../src/stream/media-clock.js';
import { systemClock } from '../../src/stream/clock.js';

describe('positionAtSeconds()', () => {
  test.each([
    [0, 0],
    [1, 48_000],
    [1001 / 24_000, 2002],
    [1001 / 30_000, 1602],
    [-0.5, -24_000],
  ])('puts %s s at the nearest position, %s', (seconds, position) => {
    expect(positionAtSeconds(seconds)).toBe(position);
  });

  test('undoes secondsAt() for every position of a thousand hours', () => {
    const hours = 1000 * 3600 * MEDIA_RATE;
    fc.assert(
      fc.property(fc.integer({ min: -hours, max: hours }), (position) => {
        expect(positionAtSeconds(secondsAt(position))).toBe(position);
      }),
    );
  });
});

describe('decibels', () => {
  test('decibelsToGain() halves the amplitude at -6.02 dB and gainToDecibels() undoes it', () => {
    expect(decibelsToGain(-6.0206)).toBeCloseTo(0.5, 5);
    expect(decibelsToGain(0)).toBe(1);
    expect(gainToDecibels(10)).toBeCloseTo(20, 12);
    expect(gainToDecibels(0)).toBe(-Infinity);
    fc.assert(
      fc.property(fc.double({ min: -120, max: 40, noNaN: true }), (decibels) => {
        expect(gainToDecibels(decibelsToGain(decibels))).toBeCloseTo(decibels, 9);
      }),
    );
  });
});

describe('frames and blocks', () => {
  test('frameCountOf() counts the frames of a channel, 0 without channels', () => {
    expect(frameCountOf({ position: 0, channels: [new Float32Array(480), new Float32Array(480)] })).toBe(480);
    expect(frameCountOf({ position: 0, channels: [] })).toBe(0);
  });

  test('bytesPerPixel() is 3 for rgb24 and 4 for rgba', () => {
    expect(bytesPerPixel('rgb24')).toBe(3);
    expect(bytesPerPixel('rgba')).toBe(4);
  });

  test('LivefoleyError carries its place, its name and its cause', () => {
    const cause = new Error('inner');
    const error = new LivefoleyError('input', 'outer', { cause });
    expect(error).toMatchObject({ name: 'LivefoleyError', place: 'input', message: 'outer', cause });
    expect(error).toBeInstanceOf(Error);
  });
});

describe('systemClock', () => {
  test('waitUntilMs() never resolves before its time, fractions of a millisecond included', async () => {
    for (let i = 0; i < 12; i += 1) {
      const atMs = systemClock.nowMs() + 1.1 + 0.3 * (i % 4);
      await systemClock.waitUntilMs(atMs);
      expect(systemClock.nowMs()).toBeGreaterThanOrEqual(atMs);
    }
  });

  test('waitUntilMs() resolves at once when its signal aborts or has aborted', async () => {
    const stop = new AbortController();
    const waiting = systemClock.waitUntilMs(systemClock.nowMs() + 1e8, stop.signal);
    stop.abort();
    await waiting;
    await systemClock.waitUntilMs(systemClock.nowMs() + 1e8, stop.signal);
  });
});
