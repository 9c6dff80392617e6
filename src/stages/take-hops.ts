import { concatMap, takeWhile, type OperatorFunction } from 'rxjs';
import type { Grid, GridHop } from '../stream/grid.js';

/**
 * The only stage that consumes credits: takes exactly the frames of each granted hop from the grid. Completes with
 * the first credit for a hop that is past the end, or if the source has no picture.
 */
export function takeHops(options: {
  readonly grid: Grid;
  /** Whether a hop lies wholly after the end of the media, as far as that is known. */
  readonly isPastEnd: (hop: number) => boolean;
  /** Waits for the hop's turn, once its frames are there; resolves to false if it is not to be computed any more. */
  readonly turnOf?: (hop: number) => Promise<boolean>;
}): OperatorFunction<number, GridHop> {
  const { grid, isPastEnd, turnOf } = options;
  const take = async (hop: number): Promise<GridHop | undefined> => {
    const taken = await grid.take(hop);
    return taken && turnOf && !(await turnOf(hop)) ? undefined : taken;
  };
  return (credits$) =>
    credits$.pipe(
      // Credits wait here, at most as many as were granted.
      concatMap((hop) => (isPastEnd(hop) ? Promise.resolve(undefined) : take(hop))),
      takeWhile((hop): hop is GridHop => hop !== undefined),
    );
}
