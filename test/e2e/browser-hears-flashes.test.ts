import { describe, expect, it } from 'vitest';

import type { Taken } from './flash-page.js';
import { HAS_CHROMIUM, note, openFlashPage, sleep, stallsBetween, useStage } from './browser.js';
import { findOnsets, levelDb, mean, median, scoreOnsets, shuffleGaps } from './score-onsets.js';

/** The page's sound needs so long until its jitter buffer and our steps have settled. */
const WARM_UP_SECONDS = 5;
const SECONDS = 20;
const MUTED_SECONDS = 7;
/** What a flash's sound may take, whatever the machine. Unit: ms. */
const DELAY_BUDGET_MS = 1500;
/** Sounds of flashes drawn later may not have arrived. Unit: ms. */
const TAIL_MS = 1600;
const SHUFFLES = 12;

describe.skipIf(!HAS_CHROMIUM)('Chromium that sends flashes', () => {
  const stage = useStage();

  it('hears a sound for each, by one constant delay; not when shuffled, not when muted', async () => {
    const { server } = stage();
    await using page = await openFlashPage(stage());
    await page.begin({ path: '/duplex/flashes', scene: { seed: 7 } });
    await sleep(1000 * WARM_UP_SECONDS);
    const warm = await page.take();
    await sleep(1000 * SECONDS);
    const later = await page.take();
    const stalls = stallsBetween(stage(), warm, later);
    const [onsets, span] = [findOnsets(later.heard), spanOf(warm, later)];
    const score = scoreOnsets(onsets, later.flashesMs, span);
    const report = await server.stream('flashes');
    const shuffled = Array.from(
      { length: SHUFFLES },
      (_, k) => scoreOnsets(onsets, shuffleGaps(later.flashesMs, k + 1), span).corrected,
    );
    const received = later.sound.receivedSamples - warm.sound.receivedSamples;
    const concealed = (later.sound.concealedSamples - warm.sound.concealedSamples) / received;
    const third = Math.floor(score.delaysMs.length / 3);
    const drift = median(score.delaysMs.slice(-third)) - median(score.delaysMs.slice(0, third));
    const { flashes, delayMs, corrected } = score;
    const shuffledScore = mean(shuffled);
    note('flashes', {
      flashes,
      onsets: score.onsets,
      delayMs,
      corrected,
      shuffledScore,
      drift,
      concealed,
      stalls,
      picturesPerSecond: report.picture.framesPerSecond,
      underruns: report.underruns,
    });

    expect(levelDb(later.heard.left)).toBeGreaterThan(-55);
    expect(flashes).toBeGreaterThan(15);
    expect(corrected).toBeGreaterThan(0.5);
    expect(delayMs).toBeGreaterThan(0);
    expect(delayMs).toBeLessThan(DELAY_BUDGET_MS);
    expect(shuffledScore).toBeLessThan(0.25);
    // A machine that stands still for longer than the sound waits has nothing to give.
    if (stalls.length === 0) {
      expect(concealed).toBeLessThan(0.01);
      expect(Math.abs(drift)).toBeLessThan(60);
    }

    await server.change('flashes', { gainDb: -60 });
    await sleep(1500);
    const beforeMuted = await page.take();
    await sleep(1000 * MUTED_SECONDS);
    const muted = await page.take();
    const mutedSpan = spanOf(beforeMuted, muted);
    const mutedScore = scoreOnsets(findOnsets(muted.heard), muted.flashesMs, mutedSpan);
    expect(mutedScore.flashes).toBeGreaterThan(3);
    expect(mutedScore.corrected).toBeLessThan(0.25);
    expect(levelDb(muted.heard.left)).toBeLessThan(levelDb(later.heard.left) - 30);
  }, 120_000);

  it.each([
    ['each ear its own sound where the offer asks for stereo', true],
    ['the same sound in both ears where it does not', false],
  ])(
    'gets %s',
    async (_, isStereo) => {
      const name = isStereo ? 'stereo' : 'mono';
      await using page = await openFlashPage(stage());
      // Tones of the sender's own: what is generated is the same in both ears.
      await page.begin({
        path: `/duplex/${name}?gainDb=-40&isDucking=false`,
        tones: { left: 440, right: 0 },
        isStereo,
      });
      await sleep(4000);
      await page.take();
      await sleep(2000);
      const { heard, sound } = await page.take();
      const [left, right] = [levelDb(heard.left), levelDb(heard.right)];
      note(name, { left, right, ...sound });
      expect(left).toBeGreaterThan(-50);
      expect(sound.formatParameters.includes('stereo=1')).toBe(isStereo);
      if (isStereo) expect(left - right).toBeGreaterThan(12);
      else expect(Math.abs(left - right)).toBeLessThan(1);
    },
    60_000,
  );
});

/** Flashes between two looks whose sound must have arrived by the second. */
function spanOf(from: Taken, to: Taken): { fromMs: number; toMs: number } {
  return { fromMs: from.nowMs, toMs: to.nowMs - TAIL_MS };
}
