import { describe, expect, it } from 'vitest';

import { HAS_CHROMIUM, note, openFlashPage, sleep, stallsBetween, useStage } from './browser.js';
import { levelDb } from './score-onsets.js';

const LOOK_MS = 500;
const FIRST_SOUND_WITHIN_SECONDS = 40;
const WARM_UP_SECONDS = 4;
const SECONDS = 9;

describe.skipIf(!HAS_CHROMIUM)('A bundle that looks at seconds of picture', () => {
  const stage = useStage(['--bundle', 'foley-flow']);

  it('runs live, says its delay of seconds, and is heard without a gap', async () => {
    const { server } = stage();
    await using page = await openFlashPage(stage());
    const begunMs = performance.now();
    await page.begin({ path: '/duplex/window', scene: { seed: 2 } });

    let firstSoundMs: number | undefined;
    while (firstSoundMs === undefined && performance.now() - begunMs < 1000 * FIRST_SOUND_WITHIN_SECONDS) {
      await sleep(LOOK_MS);
      const { heard } = await page.take();
      if (Math.max(...heard.left) > 1e-7) firstSoundMs = performance.now() - begunMs;
    }
    await sleep(1000 * WARM_UP_SECONDS);
    const warm = await page.take();
    const before = await server.stream('window');
    await sleep(1000 * SECONDS);
    const later = await page.take();
    const after = await server.stream('window');

    const stalls = stallsBetween(stage(), warm, later);
    const underruns = after.underruns - before.underruns;
    const { delayMs, computeMs, hopBudgetMs } = after;
    note('window', { firstSoundMs, delayMs, computeMs, hopBudgetMs, underruns, stalls });
    expect(after.mode).toBe('window');
    expect(delayMs.total).toBeGreaterThan(1000);
    // It says what it takes: the first sound leaves no sooner than that.
    expect(firstSoundMs).toBeGreaterThan(delayMs.total - LOOK_MS);
    const { delayMs: total, ...parts } = { ...delayMs, delayMs: delayMs.total };
    expect(parts.jitterBuffer + parts.hop + parts.queue + parts.compute + parts.buffer).toBeCloseTo(total, 3);
    expect(levelDb(later.heard.left)).toBeGreaterThan(-60);
    if (stalls.length === 0) expect(underruns).toBe(0);
  }, 120_000);
});
