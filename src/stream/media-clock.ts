/** The one media rate: positions everywhere count frames at this rate. Unit: Hz. */
export const MEDIA_RATE = 48_000;

/** The nearest position to a time in seconds. */
export function positionAtSeconds(seconds: number): number {
  return Math.round(seconds * MEDIA_RATE);
}

/** The time of a position in seconds, for the edges where people and files speak in seconds. */
export function secondsAt(position: number): number {
  return position / MEDIA_RATE;
}
