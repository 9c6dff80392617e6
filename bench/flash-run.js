import { estimateDelayMs, findOnsets, median, pairDelays } from '../test/e2e/score-onsets.js';

/** Delays are matched window by window: over minutes they may move. Unit: ms. */
const WINDOW_MS = 30_000;
/** What is drawn so late in a window may be heard after it. Unit: ms. */
const TAIL_MS = 2_000;

/** @typedef {import('../test/e2e/flash-page.js').Taken} Taken */

/** What a page drew, heard and saw over several looks at it. */
export class FlashRun {
  /** @type {{ timesMs: number[], left: number[], right: number[] }} */
  #heard = { timesMs: [], left: [], right: [] };
  /** @type {Taken | undefined} */
  #first;
  /** @type {Taken | undefined} */
  #last;

  /** @param {Taken} taken */
  add(taken) {
    const { timesMs, left, right } = taken.heard;
    for (let i = 0; i < timesMs.length; i += 1) {
      this.#heard.timesMs.push(timesMs[i] ?? 0);
      this.#heard.left.push(left[i] ?? 0);
      this.#heard.right.push(right[i] ?? 0);
    }
    this.#first ??= taken;
    this.#last = taken;
  }

  /** Figures of all that was added; delays of flashes that found a sound. Unit: ms. */
  figures() {
    const [first, last] = [this.#first, this.#last];
    if (!first || !last) throw new Error('Nothing was taken');
    const onsets = findOnsets(this.#heard);
    /** @type {number[]} */
    const glassToEarMs = [];
    /** @type {number[]} */
    const earAfterEyeMs = [];
    let flashes = 0;
    for (let fromMs = first.nowMs; fromMs + TAIL_MS < last.nowMs; fromMs += WINDOW_MS) {
      const toMs = Math.min(fromMs + WINDOW_MS, last.nowMs - TAIL_MS);
      /** @param {number} ms */
      const isWithin = (ms) => ms >= fromMs && ms < toMs;
      const drawn = last.flashesMs.filter(isWithin);
      const near = onsets.filter((onset) => onset >= fromMs && onset < toMs + TAIL_MS);
      flashes += drawn.length;
      glassToEarMs.push(...pairDelays(near, drawn, estimateDelayMs(near, drawn)));
      const shown = last.shownMs.filter(isWithin);
      const offsetMs = estimateDelayMs(near, shown, { from: -400, to: 400, step: 5 });
      earAfterEyeMs.push(...pairDelays(near, shown, offsetMs));
    }
    const received = last.sound.receivedSamples - first.sound.receivedSamples;
    return {
      flashes,
      glassToEarMs,
      earAfterEyeMs,
      medianMs: median(glassToEarMs),
      picturesPerSecond: ((last.drawnPictures - first.drawnPictures) * 1000) / (last.nowMs - first.nowMs),
      concealedShare: (last.sound.concealedSamples - first.sound.concealedSamples) / received,
      outputLatencyMs: last.outputLatencyMs,
    };
  }
}
