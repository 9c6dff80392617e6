import { defer, map, type OperatorFunction } from 'rxjs';
import type { Handle, Lane } from '../runtime/lane.js';
import type { EncodedWork, FusedWork } from './hop-work.js';

/** Posts the fusion of each hop's features, once a lane, where a run needs it. */
export function fuseFeatures(): OperatorFunction<EncodedWork, FusedWork> {
  return (works$) =>
    defer(() => {
      const latest = new Map<Lane, { hop: number; fused: Handle }>();
      return works$.pipe(
        map((work) => {
          const { lane, position, features } = work;
          if (work.task.role === 'prime') return { ...work, fused: undefined };
          const before = latest.get(lane);
          if (before?.hop === work.pictures.hop) return { ...work, fused: before.fused };
          const fused = lane.post({
            kernel: 'fuse',
            key: `${work.sessionKey}/features`,
            position,
            reads: [features],
            releases: before ? [before.fused] : [],
          });
          latest.set(lane, { hop: work.pictures.hop, fused });
          return { ...work, fused };
        }),
      );
    });
}
