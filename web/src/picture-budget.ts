/** How pictures are kept until their sound is heard. */
export type PictureBudget = {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  /** The most that are kept at once; beyond it the oldest goes. */
  readonly frames: number;
};

const MOST_BYTES = 64 * 2 ** 20;
const BYTES_PER_PIXEL = 4;
const WIDTHS = [640, 480, 320];
const FULL_RATE = 30;
/** Rather than show fewer pictures per second than this, show smaller ones. */
const LEAST_RATE = 15;
const SHORT_MS = 1000;
/** Pictures are kept a little longer than the delay: it moves. */
const MARGIN = 1.15;

/**
 * For how large pictures, and how many, there is room within 64 MB when each is held back by `delayMs`: at up to a
 * second all of them at up to 640 wide; beyond it the rate goes down first, then the size.
 */
export function pictureBudget(
  source: { readonly width: number; readonly height: number },
  delayMs: number,
): PictureBudget {
  const seconds = (Math.max(delayMs, SHORT_MS) / 1000) * MARGIN;
  const budgets = WIDTHS.map((widest) => budgetAt(source, widest, seconds));
  return budgets.find(({ framesPerSecond }) => framesPerSecond >= LEAST_RATE) ?? budgets.at(-1)!;
}

function budgetAt(
  source: { readonly width: number; readonly height: number },
  widest: number,
  seconds: number,
): PictureBudget {
  const scale = Math.min(1, widest / Math.max(1, source.width, source.height));
  const width = Math.max(2, Math.round(source.width * scale));
  const height = Math.max(2, Math.round(source.height * scale));
  const room = Math.floor(MOST_BYTES / (width * height * BYTES_PER_PIXEL));
  const framesPerSecond = Math.min(FULL_RATE, Math.max(1, Math.floor(room / seconds)));
  const frames = Math.min(room, Math.ceil(FULL_RATE * 2 * seconds));
  return { width, height, framesPerSecond, frames };
}
