import type { Meter } from './meter.js';
import type { Seen } from './sound.js';
import type { Waves } from './spectrogram.js';

const EVERY_MS = 33;
/** After a longer pause than this, time is left out. */
const MOST_COLUMNS = 10;
/** With less motion wanted, the level falls in steps and the spectrum grows calmly. */
const CALM_EVERY_MS = 250;

/** Draws level and waves of the sound that `seen()` gives, if any, for as long as the page is seen. */
export function drawInstruments(
  { meter, waves }: { readonly meter: Meter; readonly waves: Waves },
  seen: () => Seen | undefined,
): void {
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let lastMs = 0;
  const draw = (nowMs: number) => {
    requestAnimationFrame(draw);
    // A little less than the time: the screen's own beat must not halve the rate.
    if (nowMs - lastMs < (still.matches ? CALM_EVERY_MS : EVERY_MS) - 4) return;
    const columns = Math.min(MOST_COLUMNS, Math.max(1, Math.round((nowMs - lastMs) / EVERY_MS)));
    lastMs = nowMs;
    const sound = seen();
    meter.draw(sound?.spectrum, nowMs);
    if (sound) waves.draw(sound, still.matches ? 1 : columns);
  };
  requestAnimationFrame(draw);
}
