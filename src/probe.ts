/** What a probe process starts: answers whether a device can run a bundle. May crash; its owner expects that. */
import { isSounding, openBundle } from './runtime/bundle.js';
import { loadGraphs } from './runtime/load-graphs.js';
import { measureHop } from './runtime/measure-hop.js';
import type { ProbeAnswer, ProbeQuestion } from './runtime/probe-device.js';
import { LivefoleyError } from './stream/errors.js';

// Whoever asked is gone.
process.on('disconnect', () => process.exit(0));
process.once(
  'message',
  (question: ProbeQuestion) => void answer(question).then((reply) => process.send?.(reply)),
);

async function answer({ bundle: folder, identity, device }: ProbeQuestion): Promise<ProbeAnswer> {
  try {
    const startMs = performance.now();
    const bundle = await openBundle(folder, identity);
    const graphs = await loadGraphs(bundle, device);
    const loadMs = performance.now() - startMs;
    // What makes no sound has no hops.
    const hopMs = isSounding(bundle) ? await measureHop(bundle.manifest, graphs, device) : 0;
    return { ok: true, loadMs, hopMs };
  } catch (error) {
    const place = error instanceof LivefoleyError ? error.place : 'environment';
    return { ok: false, place, message: error instanceof Error ? error.message : String(error) };
  }
}
