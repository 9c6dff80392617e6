import { describe, expect, it } from 'vitest';

import { estimateDelayMs, findOnsets, mean, scoreOnsets, shuffleGaps } from './score-onsets.js';

const SECONDS = 30;

/** Moments with gaps from 0.5 to 1.3 s. Unit: ms. */
function drawMoments(seed: number): number[] {
  const moments = [1500];
  for (let k = 0; moments.at(-1)! < 1000 * SECONDS - 1300; k += 1) {
    moments.push(moments.at(-1)! + 500 + 800 * ((seed * 0.618 + k * 0.7548776662) % 1));
  }
  return moments;
}

/** Hits that die away over a soft ground, by the millisecond. */
function soundOf(hitsMs: readonly number[], gain = 1): Parameters<typeof findOnsets>[0] {
  const timesMs = Array.from({ length: 1000 * SECONDS + 2000 }, (_, i) => i);
  const left = timesMs.map((ms) => {
    const since = Math.min(...hitsMs.map((hit) => (ms >= hit ? ms - hit : Infinity)));
    return gain * (1e-6 + (since === Infinity ? 0 : 0.02 * Math.exp(-since / 40)));
  });
  return { timesMs, left, right: left };
}

const span = { fromMs: 1000, toMs: 1000 * SECONDS };

describe('findOnsets()', () => {
  it('finds each hit once, at its beginning', () => {
    const hits = drawMoments(1);
    const onsets = findOnsets(soundOf(hits));
    expect(onsets).toHaveLength(hits.length);
    for (const [k, hit] of hits.entries()) expect(Math.abs(onsets[k]! - hit)).toBeLessThan(10);
  });

  it('hears nothing in an even sound, however loud, nor in a muted one', () => {
    expect(findOnsets(soundOf([]))).toEqual([]);
    expect(findOnsets(soundOf([], 1e5))).toEqual([]);
    expect(findOnsets(soundOf(drawMoments(1), 1e-6))).toEqual([]);
  });
});

describe('estimateDelayMs()', () => {
  it('finds a constant delay', () => {
    const flashes = drawMoments(2);
    const onsets = flashes.map((flash, k) => flash + 342 + (k % 3));
    expect(estimateDelayMs(onsets, flashes)).toBeCloseTo(343, 0);
  });
});

describe('scoreOnsets()', () => {
  const flashes = drawMoments(3);

  it('gives almost 1 for an onset at each flash', () => {
    const onsets = flashes.map((flash) => flash + 400);
    expect(scoreOnsets(onsets, flashes, span).corrected).toBeGreaterThan(0.95);
  });

  it('falls with onsets that are missing and onsets that are too many', () => {
    const half = flashes.filter((_, k) => k % 2 === 0).map((flash) => flash + 400);
    const tooMany = flashes.flatMap((flash) => [flash + 400, flash + 640]);
    for (const onsets of [half, tooMany]) {
      const { corrected } = scoreOnsets(onsets, flashes, span);
      expect(corrected).toBeGreaterThan(0.3);
      expect(corrected).toBeLessThan(0.75);
    }
  });

  it('gives no more than chance for shuffled flashes, for a beat, and for silence', () => {
    const onsets = flashes.map((flash) => flash + 400);
    const shuffled = Array.from(
      { length: 20 },
      (_, k) => scoreOnsets(onsets, shuffleGaps(flashes, k + 1), span).corrected,
    );
    expect(mean(shuffled)).toBeLessThan(0.15);
    const beat = Array.from({ length: 33 }, (_, k) => 900 * k);
    expect(scoreOnsets(beat, flashes, span).corrected).toBeLessThan(0.3);
    expect(scoreOnsets([], flashes, span).corrected).toBe(0);
  });
});
