/**
 * How well sounds that were heard match flashes that were drawn: onsets are found in the recorded loudness, one constant
 * delay is taken off, and the F1 score is corrected by what the same onsets would score by chance.
 */

/** Frames of which the level is taken, and the span before one that it is compared with. Unit: ms. */
const FRAME_MS = 8;
const BEFORE_MS = 60;
/** An onset is so much louder than the loudest frame before it, and no softer than this. Unit: dB, dBFS. */
const RISE_DB = 9;
const FLOOR_DB = -50;
/** No second onset within. Unit: ms. */
const REFRACTORY_MS = 250;

/** How far from each other an onset and a flash may be to match. Unit: ms. */
export const TOLERANCE_MS = 100;

/** Delays that are tried, and the shifts by which chance is measured. Unit: ms. */
const DELAYS_MS = { from: -500, to: 2000, step: 5 };
const SHIFTS_MS = [1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000];

/**
 * @typedef {object} Heard Sound by the millisecond: means of squares
 * @property {readonly number[]} timesMs
 * @property {readonly number[]} left
 * @property {readonly number[]} right
 */

/**
 * When sounds begin: where the level rises by 9 dB within 60 ms. Unit: ms.
 *
 * @param {Heard} heard
 * @returns {number[]}
 */
export function findOnsets({ timesMs, left, right }) {
  const power = left.map((each, i) => (each + (right[i] ?? 0)) / 2);
  const levels = movingLevelsDb(power);
  const onsets = [];
  for (let i = BEFORE_MS + FRAME_MS; i < levels.length; i += 1) {
    const level = levels[i] ?? -Infinity;
    if (level < FLOOR_DB || (timesMs[i] ?? 0) - (onsets.at(-1) ?? -Infinity) < REFRACTORY_MS) continue;
    const before = Math.max(FLOOR_DB - RISE_DB, mean(levels.slice(i - BEFORE_MS, i - FRAME_MS + 1)));
    if (level - before < RISE_DB) continue;
    onsets.push(timesMs[i] ?? 0);
  }
  return onsets;
}

/**
 * The level of the frame that ends at each millisecond. Unit: dBFS.
 *
 * @param {readonly number[]} power
 * @returns {number[]}
 */
function movingLevelsDb(power) {
  let sum = 0;
  return power.map((each, i) => {
    sum += each - (i >= FRAME_MS ? (power[i - FRAME_MS] ?? 0) : 0);
    return 10 * Math.log10(Math.max(sum, 0) / FRAME_MS + 1e-12);
  });
}

/**
 * The level of everything that was heard. Unit: dBFS.
 *
 * @param {readonly number[]} power Means of squares
 */
export function levelDb(power) {
  return 10 * Math.log10(mean(power) + 1e-12);
}

/**
 * The one delay by which onsets follow flashes: where most of them meet. Unit: ms.
 *
 * @param {readonly number[]} onsetsMs
 * @param {readonly number[]} flashesMs
 * @param {{ from: number, to: number, step: number }} [among]
 */
export function estimateDelayMs(onsetsMs, flashesMs, among = DELAYS_MS) {
  let best = { delayMs: among.from, weight: -1 };
  for (let delayMs = among.from; delayMs <= among.to; delayMs += among.step) {
    const weight = onsetsMs.reduce((sum, onset) => {
      const nearest = Math.min(...flashesMs.map((flash) => Math.abs(onset - delayMs - flash)));
      return sum + Math.max(0, 1 - nearest / TOLERANCE_MS);
    }, 0);
    if (weight > best.weight) best = { delayMs, weight };
  }
  const near = pairDelays(onsetsMs, flashesMs, best.delayMs);
  return near.length > 0 ? median(near) : best.delayMs;
}

/**
 * How far behind its flash each matched onset is. Unit: ms.
 *
 * @param {readonly number[]} onsetsMs
 * @param {readonly number[]} flashesMs
 * @param {number} delayMs
 */
export function pairDelays(onsetsMs, flashesMs, delayMs) {
  const free = new Set(onsetsMs);
  return flashesMs.flatMap((flash) => {
    const candidates = [...free].filter((onset) => Math.abs(onset - delayMs - flash) <= TOLERANCE_MS);
    const [onset] = candidates.sort((a, b) => Math.abs(a - delayMs - flash) - Math.abs(b - delayMs - flash));
    if (onset === undefined) return [];
    free.delete(onset);
    return [onset - flash];
  });
}

/**
 * @param {readonly number[]} onsetsMs
 * @param {readonly number[]} flashesMs
 * @param {number} delayMs
 */
function f1(onsetsMs, flashesMs, delayMs) {
  const total = onsetsMs.length + flashesMs.length;
  return total === 0 ? 0 : (2 * pairDelays(onsetsMs, flashesMs, delayMs).length) / total;
}

/**
 * The score: 1 where each flash has its sound and nothing else sounds, 0 where it is no better than chance. The delay
 * for each half of the time is learned from the other half, so that no choice of it flatters the score.
 *
 * @param {readonly number[]} onsetsMs All that were heard
 * @param {readonly number[]} flashesMs All that were drawn
 * @param {{ fromMs: number, toMs: number, delays?: { from: number, to: number, step: number } }} span Of the flashes
 *   that count; sounds count from the first of them to the last, by the delay later
 */
export function scoreOnsets(onsetsMs, flashesMs, { fromMs, toMs, delays }) {
  const middleMs = (fromMs + toMs) / 2;
  const spans = [
    { fromMs, toMs: middleMs },
    { fromMs: middleMs, toMs },
  ];
  /** @param {{ fromMs: number, toMs: number }} span */
  const flashesOf = (span) => flashesMs.filter((flash) => flash >= span.fromMs && flash < span.toMs);
  const learned = spans.map((span) => estimateDelayMs(onsetsMs, flashesOf(span), delays));
  const halves = spans.map((span, k) =>
    scoreSpan({ onsetsMs, flashesMs: flashesOf(span), delayMs: learned[1 - k] ?? 0, ...span }),
  );
  const flashes = flashesOf({ fromMs, toMs });
  const delayMs = estimateDelayMs(onsetsMs, flashes, delays);
  return {
    flashes: flashes.length,
    onsets: onsetsWithin(onsetsMs, { fromMs, toMs, delayMs }).length,
    delayMs,
    /** Of those that match, in their order. */
    delaysMs: pairDelays(onsetsMs, flashes, delayMs),
    f1: mean(halves.map((half) => half.score)),
    chance: mean(halves.map((half) => half.chance)),
    corrected: mean(halves.map(({ score, chance }) => (score - chance) / (1 - chance))),
  };
}

/** @typedef {{ fromMs: number, toMs: number, delayMs: number }} DelayedSpan */

/** @param {{ onsetsMs: readonly number[], flashesMs: readonly number[] } & DelayedSpan} parts */
function scoreSpan({ onsetsMs, flashesMs, ...span }) {
  const { fromMs, toMs, delayMs } = span;
  const onsets = onsetsWithin(onsetsMs, span);
  const startMs = fromMs + delayMs;
  const lengthMs = toMs - fromMs;
  const chances = SHIFTS_MS.map((shift) => {
    const shifted = onsets.map((onset) => startMs + modulo(onset - startMs + shift, lengthMs));
    return f1(shifted, flashesMs, delayMs);
  });
  return { score: f1(onsets, flashesMs, delayMs), chance: mean(chances) };
}

/**
 * @param {readonly number[]} onsetsMs
 * @param {DelayedSpan} span
 */
function onsetsWithin(onsetsMs, { fromMs, toMs, delayMs }) {
  return onsetsMs.filter(
    (onset) => onset - delayMs >= fromMs - TOLERANCE_MS && onset - delayMs <= toMs + TOLERANCE_MS,
  );
}

/**
 * @param {number} value
 * @param {number} length
 */
function modulo(value, length) {
  return ((value % length) + length) % length;
}

/**
 * The same flashes with their gaps in another order, which a seed decides.
 *
 * @param {readonly number[]} flashesMs
 * @param {number} seed
 */
export function shuffleGaps(flashesMs, seed) {
  const gaps = flashesMs.slice(1).map((flash, i) => flash - (flashesMs[i] ?? 0));
  let state = seed * 2_654_435_761;
  for (let i = gaps.length - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [gaps[i], gaps[j]] = [gaps[j] ?? 0, gaps[i] ?? 0];
  }
  let atMs = flashesMs[0] ?? 0;
  return [atMs, ...gaps.map((gap) => (atMs += gap))];
}

/** @param {readonly number[]} values */
export function mean(values) {
  return values.length === 0 ? Number.NaN : values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
