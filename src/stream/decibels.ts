/** The linear gain of a level in decibels. */
export function decibelsToGain(decibels: number): number {
  return 10 ** (decibels / 20);
}

/** The level of a linear gain in decibels; -Infinity for 0. */
export function gainToDecibels(gain: number): number {
  return 20 * Math.log10(gain);
}
