import { concat, concatMap, defer, from, map, of, type Observable, type OperatorFunction } from 'rxjs';
import type { StepTiming } from '../runtime/lane.js';
import { SegmentJoiner, type JoinedPiece, type Seam } from '../stream/segment-joiner.js';
import type { DecodedWork } from './hop-work.js';

/** What has become of one work: its place in the stream, if it sounded, and what it cost. */
export type Arrival = {
  readonly work: DecodedWork;
  readonly samples: Float32Array | undefined;
  readonly timings: readonly StepTiming[];
};

/** Waits for the sounds in order. What waits is bounded by the credits that were granted. */
export function receiveSound(): OperatorFunction<DecodedWork, Arrival> {
  return concatMap((work): Observable<Arrival> => {
    if (!work.sound) return of({ work, samples: undefined, timings: [] });
    return from(work.sound).pipe(map(({ value, timings }) => ({ work, samples: value['pcm']!, timings })));
  });
}

export type CrossfadeOptions = {
  /** Length of a crossfade. Unit: audio frames. */
  readonly fadeFrames: number;
  /** The part of a work's decoded samples that is heard. */
  readonly samplesOf: (pcm: Float32Array) => Float32Array;
  /** Where in the stream those samples begin. */
  readonly positionOf: (work: DecodedWork) => number;
  /** How many of a work's last samples the next one may replace. */
  readonly heldFramesOf: (work: DecodedWork) => number;
  readonly onSeam: (seam: Seam) => void;
};

/** Joins the segments of all runs into one stream of final samples, crossfaded where they overlap. */
export function crossfadeSegments(options: CrossfadeOptions): OperatorFunction<Arrival, JoinedPiece> {
  return (arrivals$) =>
    defer(() => {
      const joiner = new SegmentJoiner(options.fadeFrames);
      const pieces$ = arrivals$.pipe(
        concatMap((arrival): JoinedPiece[] => {
          if (!arrival.samples) return [];
          const { work } = arrival;
          const samples = options.samplesOf(arrival.samples);
          const { piece, seam } = joiner.join({
            position: options.positionOf(work),
            samples,
            heldFrames: Math.min(samples.length, options.heldFramesOf(work)),
          });
          if (seam) options.onSeam(seam);
          return [piece];
        }),
      );
      const rest$ = defer((): JoinedPiece[] => {
        const piece = joiner.end();
        return piece ? [piece] : [];
      });
      return concat(pieces$, rest$);
    });
}
