import type { BundleManifest } from './bundle-manifest.js';
import { isGpu, type Device } from './device.js';
import { goldenInput } from './golden.js';
import type { Graph } from './kernel.js';
import type { LoadedGraphs } from './load-graphs.js';

const ROUNDS = 5;

/**
 * How long a device takes for the graphs of one hop at the bundle's default steps: the sum of each graph's median
 * over five runs, a slower encoder counted by its share. Unit: ms.
 */
export async function measureHop(
  manifest: BundleManifest,
  graphs: LoadedGraphs,
  device: Device,
): Promise<number> {
  const { encoders, fusion, mapper, flow, decoder, hopPoints } = manifest;
  const steps = flow.steps.default;
  const unrolled = isGpu(device) ? flow.unrolled?.[steps] : undefined;
  const evaluations = steps * (flow.guidance.kind === 'cfg' ? 2 : 1);
  const parts: [graph: string | undefined, timesAHop: number][] = [
    ...encoders.map((encoder): [string, number] => [
      encoder.graph,
      encoder.everyPoints === 1 ? 1 : hopPoints / encoder.everyPoints,
    ]),
    [fusion.graph, 1],
    [mapper.graph, mapper.kind === 'diffusion' ? (mapper.steps ?? 1) : 1],
    unrolled === undefined ? [flow.graph, evaluations] : [unrolled, 1],
    [decoder.graph, 1],
  ];
  let totalMs = 0;
  for (const [name, timesAHop] of parts) {
    if (name !== undefined)
      totalMs += timesAHop * (await medianMs(graphs.get(name)!, manifest.graphs[name]!.inputs));
  }
  return totalMs;
}

async function medianMs(graph: Graph, declared: BundleManifest['graphs'][string]['inputs']): Promise<number> {
  const inputs = Object.fromEntries(
    Object.entries(declared).map(([key, { shape }], k) => [
      key,
      goldenInput(
        k,
        shape.reduce((n, size) => n * size, 1),
      ),
    ]),
  );
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startMs = performance.now();
    await graph.run(inputs);
    times.push(performance.now() - startMs);
  }
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
}
