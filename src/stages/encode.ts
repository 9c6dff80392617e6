import { defer, map, type OperatorFunction } from 'rxjs';
import type { Handle, Lane } from '../runtime/lane.js';
import type { EncodedWork, HopWork } from './hop-work.js';
import type { EncodeOptions } from './encode-kernel.js';

/**
 * Posts each hop's pictures to the lanes that need them, once a lane, and hands on the features' handle. Encoders
 * carry their memory from hop to hop; where a lane skipped hops, it begins anew.
 */
export function encodePictures(): OperatorFunction<HopWork, EncodedWork> {
  return (works$) =>
    defer(() => {
      const latest = new Map<Lane, { hop: number; features: Handle }>();
      return works$.pipe(
        map((work) => {
          const { lane, pictures, position } = work;
          const before = latest.get(lane);
          if (before?.hop === pictures.hop) return { ...work, features: before.features };
          const features = lane.post({
            kernel: 'encode',
            key: `${work.sessionKey}/features`,
            position,
            pictures: pictures.pictures,
            options: {
              hop: pictures.hop,
              pictureOfPoint: pictures.pictureOfPoint,
              restarts: before?.hop !== pictures.hop - 1,
            } satisfies EncodeOptions,
            releases: before ? [before.features] : [],
          });
          latest.set(lane, { hop: pictures.hop, features });
          return { ...work, features };
        }),
      );
    });
}
