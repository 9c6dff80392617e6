import { map, type OperatorFunction } from 'rxjs';
import { runKeyOf, type DecodedWork, type GeneratedWork } from './hop-work.js';

/** Asks for the sound of each hop that sounds; with a run's last hop its state ends. */
export function decodeSound(): OperatorFunction<GeneratedWork, DecodedWork> {
  return map((work) => {
    const { lane, latents, position, task } = work;
    if (!latents) return { ...work, sound: undefined };
    const sound = lane.fetch({
      kernel: 'decode',
      key: runKeyOf(work),
      position,
      reads: [latents],
      releases: [latents],
      endsKey: task.isLast,
    });
    // Whoever receives the sound meets the failure; until then it must not count as unhandled.
    sound.catch(() => undefined);
    return { ...work, sound };
  });
}
