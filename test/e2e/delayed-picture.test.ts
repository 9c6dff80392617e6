import { describe, expect, it } from 'vitest';

import { HAS_CHROMIUM, note, openFlashPage, sleep, stallsBetween, useStage } from './browser.js';
import { estimateDelayMs, findOnsets, mean, median, pairDelays } from './score-onsets.js';

const WARM_UP_SECONDS = 6;
const SECONDS = 13;
/** Between ear and eye; the bench measures it closely. After a stall Chromium takes a while to bring them together. Unit: ms. */
const IN_SYNC_MS = 60;
const IN_SYNC_AFTER_STALLS_MS = 150;

describe.skipIf(!HAS_CHROMIUM)('The delayed picture', () => {
  const stage = useStage();

  it('comes back together with its sound', async () => {
    await using page = await openFlashPage(stage());
    // Fewer flashes, so that none is taken for its neighbour.
    const scene = { seed: 5, minGapMs: 800, maxGapMs: 1500 };
    await page.begin({ path: '/duplex/picture', scene, wantsVideo: true });
    await sleep(1000 * WARM_UP_SECONDS);
    const warm = await page.take();
    await sleep(1000 * SECONDS);
    const later = await page.take();

    // Up to the loudspeaker and up to the screen, whose own delays are the machine's.
    const onsets = findOnsets(later.heard);
    const shown = later.shownMs.filter((ms) => ms > warm.nowMs);
    const drawn = later.flashesMs.filter((ms) => ms > warm.nowMs);
    const offsetMs = estimateDelayMs(onsets, shown, { from: -400, to: 400, step: 5 });
    const offsets = pairDelays(onsets, shown, offsetMs);
    const pictureDelayMs = estimateDelayMs(shown, drawn);
    const stalls = stallsBetween(stage(), warm, later);
    note('delayed picture', {
      offsetMs: median(offsets),
      spreadMs: mean(offsets.map((each) => Math.abs(each - median(offsets)))),
      pairs: offsets.length,
      shown: shown.length,
      drawn: drawn.length,
      pictureDelayMs,
      picturesPerSecond: (later.shownPictures - warm.shownPictures) / SECONDS,
      stalls,
    });
    expect(shown.length).toBeGreaterThan(6);
    expect(offsets.length).toBeGreaterThan(shown.length / 2);
    expect(pictureDelayMs).toBeGreaterThan(100);
    expect(pictureDelayMs).toBeLessThan(1500);
    expect(Math.abs(median(offsets))).toBeLessThan(stalls.length > 0 ? IN_SYNC_AFTER_STALLS_MS : IN_SYNC_MS);
  }, 90_000);
});
