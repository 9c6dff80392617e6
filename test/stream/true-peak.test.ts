import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TRUE_PEAK_BOUND, TRUE_PEAK_TAPS, truePeakOf } from '../../src/stream/true-peak.js';
import { noise, oversampledPeak, sine } from './sounds.js';

const MARGIN = TRUE_PEAK_TAPS;

function decibels(ratio: number): number {
  return 20 * Math.log10(ratio);
}

describe('truePeakOf()', () => {
  test.each([
    ['a quarter of the rate at 45 degrees: samples 3 dB below the wave', { hz: 12_000, phase: Math.PI / 4 }],
    ['a sixth of the rate at 60 degrees', { hz: 8000, phase: Math.PI / 3 }],
    ['a sine of 997 Hz', { hz: 997 }],
    ['a sine of 100 Hz', { hz: 100 }],
    ['a sine of 5 kHz', { hz: 5000, phase: 1 }],
  ])('finds the height of %s within 0.2 dB', (_what, wave) => {
    const samples = sine(2000, { ...wave, amplitude: 0.5 });
    expect(Math.abs(decibels(truePeakOf(samples, 100, 1800) / 0.5))).toBeLessThan(0.2);
  });

  test('finds the peak between two equal samples of an impulse pair, above both', () => {
    const samples = new Float32Array(64);
    samples[31] = 1;
    samples[32] = 1;
    // sinc(1/2) from either side.
    expect(truePeakOf(samples, 20, 24)).toBeCloseTo(4 / Math.PI, 2);
  });

  test('is never below the largest sample of its span, and silence has none', () => {
    expect(truePeakOf(new Float32Array(200), MARGIN, 50)).toBe(0);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        const samples = noise(60 + 2 * MARGIN, { seed });
        const span = samples.subarray(MARGIN, MARGIN + 60);
        expect(truePeakOf(samples, MARGIN, 60)).toBeGreaterThanOrEqual(Math.max(...span.map(Math.abs)));
      }),
    );
  });

  test('of any split of a span is the largest of its parts', () => {
    const samples = noise(400);
    const whole = truePeakOf(samples, 40, 300);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 299 }), (at) => {
        expect(Math.max(truePeakOf(samples, 40, at), truePeakOf(samples, 40 + at, 300 - at))).toBe(whole);
      }),
    );
  });

  test('reads as far before its span and beyond it as it says, no further', () => {
    const before = TRUE_PEAK_TAPS / 2 - 1;
    const words = new Float32Array(128).fill(NaN);
    words.fill(0.25, 50 - before, 50 + 10 + before + 1);
    expect(truePeakOf(words, 50, 10)).toBeGreaterThanOrEqual(0.25);
    words[50 - before] = NaN;
    expect(truePeakOf(words, 51, 9)).toBeGreaterThanOrEqual(0.25);
  });

  test('never exceeds the largest sample that it reads by more than the bound says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        // Nothing but full scale of random signs is as hostile as samples can be.
        const samples = noise(200, { seed }).map(Math.sign);
        expect(truePeakOf(samples, 60, 80)).toBeLessThanOrEqual(TRUE_PEAK_BOUND);
      }),
    );
    expect(TRUE_PEAK_BOUND).toBeLessThan(3);
  });

  test('agrees with a long interpolator on sound that has nothing near half the rate', () => {
    for (let seed = 1; seed < 6; seed += 1) {
      const raw = noise(1200, { seed });
      // A mean of four in a row, twice: white noise without its top.
      const mean = (x: Float32Array): Float32Array =>
        x.map((_, i) => (x[i]! + (x[i - 1] ?? 0) + (x[i - 2] ?? 0) + (x[i - 3] ?? 0)) / 4);
      const smooth = mean(mean(raw));
      smooth.fill(0, 0, 20);
      smooth.fill(0, 1180);
      expect(Math.abs(decibels(truePeakOf(smooth, 16, 1168) / oversampledPeak(smooth)))).toBeLessThan(0.1);
    }
  });
});
