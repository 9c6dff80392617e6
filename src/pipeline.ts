import { tap, type Observable } from 'rxjs';
import type { Lane, StepTiming } from './runtime/lane.js';
import { crossfadeSegments, receiveSound } from './stages/crossfade.js';
import { decodeSound } from './stages/decode.js';
import { encodePictures } from './stages/encode.js';
import { fuseFeatures } from './stages/fuse.js';
import type { FlowSettings } from './stages/flow-settings.js';
import { generateLatents } from './stages/generate.js';
import type { BundleTiming } from './stages/bundle-timing.js';
import { mapTokens } from './stages/map.js';
import { mixBlocks, type MixOptions } from './stages/mix.js';
import { planRuns } from './stages/plan-runs.js';
import { takeHops } from './stages/take-hops.js';
import type { AudioBlock } from './stream/audio-block.js';
import type { Grid } from './stream/grid.js';
import type { Seam } from './stream/segment-joiner.js';

/** A run's work on a hop is done. */
export type ArrivalReport = {
  readonly position: number;
  /** False where nothing of it is heard. */
  readonly sounds: boolean;
  /** The last work of its hop. */
  readonly endsHop: boolean;
  readonly timings: readonly StepTiming[];
};

export type PipelineOptions = {
  readonly sessionKey: string;
  readonly timing: BundleTiming;
  readonly lanes: readonly Lane[];
  readonly firstRun: number;
  readonly grid: Grid;
  readonly isPastEnd: (hop: number) => boolean;
  readonly turnOf?: (hop: number) => Promise<boolean>;
  readonly settingsAt: (position: number) => FlowSettings;
  readonly mix: MixOptions;
  readonly onArrival: (report: ArrivalReport) => void;
  /** A block is final. */
  readonly onBlock: (block: AudioBlock) => void;
  readonly onSeam: (seam: Seam) => void;
};

/**
 * The way of the data, from a credit for a hop to blocks of sound. Every stage is ordered, one in, one out, but for
 * the first two, which make of each hop the works of the runs that need it, and the last, which cuts blocks.
 */
export function runPipeline(credits$: Observable<number>, options: PipelineOptions): Observable<AudioBlock> {
  const { timing } = options;
  const sounds$ = credits$.pipe(
    takeHops(options),
    planRuns({ ...options, ...timing }),
    encodePictures(),
    fuseFeatures(),
    mapTokens(options),
    generateLatents(options),
    decodeSound(),
  );
  return sounds$.pipe(
    receiveSound(),
    tap(({ work, samples, timings }) => {
      options.onArrival({
        position: work.position,
        sounds: samples !== undefined,
        endsHop: work.endsHop,
        timings,
      });
    }),
    crossfadeSegments({ ...options, ...timing }),
    mixBlocks(options.mix),
    tap(options.onBlock),
  );
}
