import { expect, test } from 'vitest';
import { RECONNECT, retryAfterSeconds, waitBeforeTry } from '../../web/src/backoff.js';

test('waitBeforeTry() doubles up to the longest wait, leaves a fifth to chance, and gives up after the last try', () => {
  const waits = Array.from({ length: RECONNECT.tries }, (_, i) => waitBeforeTry(i + 1, 1));
  expect(waits.slice(0, 6)).toEqual([500, 1000, 2000, 4000, 8000, 10_000]);
  expect(waits.at(-1)).toBe(RECONNECT.longestMs);
  expect(waitBeforeTry(3, 0)).toBe(1600);
  expect(waitBeforeTry(RECONNECT.tries + 1, 1)).toBeUndefined();
});

test('retryAfterSeconds() reads seconds and dates, within bounds, and nothing else', () => {
  const nowMs = Date.parse('Sat, 21 Nov 2026 11:00:00 GMT');
  expect(retryAfterSeconds('20', nowMs)).toBe(20);
  expect(retryAfterSeconds('0', nowMs)).toBe(1);
  expect(retryAfterSeconds('99999', nowMs)).toBe(600);
  expect(retryAfterSeconds('Sat, 21 Nov 2026 11:00:30 GMT', nowMs)).toBe(30);
  for (const header of [null, '', ' ', 'soon']) expect(retryAfterSeconds(header, nowMs)).toBeUndefined();
});
