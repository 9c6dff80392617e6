import { map, type OperatorFunction } from 'rxjs';
import type { FlowSettings } from './flow-settings.js';
import { runKeyOf, type GeneratedWork, type MappedWork } from './hop-work.js';
import type { GenerateOptions } from './generate-kernel.js';

/** Posts the flow for each hop that sounds, with the settings in force for that hop. */
export function generateLatents(options: {
  readonly settingsAt: (position: number) => FlowSettings;
}): OperatorFunction<MappedWork, GeneratedWork> {
  return map((work) => {
    const { lane, tokens, position, pictures } = work;
    if (!tokens) return { ...work, latents: undefined };
    const latents = lane.post({
      kernel: 'generate',
      key: runKeyOf(work),
      position,
      reads: [tokens],
      releases: [tokens],
      options: { hop: pictures.hop, ...options.settingsAt(position) } satisfies GenerateOptions,
    });
    return { ...work, latents };
  });
}
