import { map, type OperatorFunction } from 'rxjs';
import type { FlowSettings } from './flow-settings.js';
import { isSounding, runKeyOf, type FusedWork, type MappedWork } from './hop-work.js';
import type { MapOptions } from './map-kernel.js';

export type MapTokensOptions = {
  /** A diffusion mapper draws its noise by the seed. */
  readonly settingsAt: (position: number) => FlowSettings;
};

/** Posts the mapper's step for each hop that sounds; before that, has the run remember the features. */
export function mapTokens(options: MapTokensOptions): OperatorFunction<FusedWork, MappedWork> {
  return map((work) => {
    const { lane, fused, position, task, pictures } = work;
    if (!fused) return { ...work, tokens: undefined };
    const step = { key: runKeyOf(work), position, reads: [fused] };
    if (!isSounding(work)) {
      lane.post({ ...step, kernel: 'remember' });
      return { ...work, tokens: undefined };
    }
    const { seed } = options.settingsAt(position);
    const mapOptions: MapOptions = { hop: pictures.hop, isFirst: task.isFirst, seed };
    return { ...work, tokens: lane.post({ ...step, kernel: 'map', options: mapOptions }) };
  });
}
