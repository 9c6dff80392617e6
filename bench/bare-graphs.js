/**
 * What the graphs cost without an engine: the ONNX Runtime calls of each hop, one after the other, with nothing
 * between them but the hand-over of tensors. Run as a process of its own, as a lane is:
 *
 *     node bench/bare-graphs.js BUNDLE HOPS
 */
import { loadBundle } from '../dist/runtime/bundle.js';
import { goldenInput } from '../dist/runtime/golden.js';
import { loadGraphs } from '../dist/runtime/load-graphs.js';

const [name = 'live', hopsText = '600'] = process.argv.slice(2);
const hops = Number(hopsText);
const bundle = await loadBundle(name);
const graphs = await loadGraphs(bundle, 'cpu');
const { encoders, fusion, mapper, flow, decoder, hopPoints } = bundle.manifest;

/** @param {string} graph */
function prepare(graph) {
  const { inputs, state = [] } = bundle.manifest.graphs[graph] ?? { inputs: {} };
  /** @type {Record<string, Float32Array>} */
  const feeds = {};
  Object.entries(inputs).forEach(([key, { shape }], k) => {
    feeds[key] = goldenInput(
      k,
      shape.reduce((n, size) => n * size, 1),
    );
  });
  for (const { input, initial } of state) feeds[input]?.fill(initial);
  return async () => {
    const outputs = (await graphs.get(graph)?.run(feeds)) ?? {};
    for (const { input, output } of state) feeds[input] = outputs[output] ?? new Float32Array();
  };
}

const evaluations = flow.steps.default * (flow.guidance.kind === 'cfg' ? 2 : 1);
const perHop = [
  ...encoders.map(({ graph, everyPoints }) => ({ run: prepare(graph), everyPoints, times: 1 })),
  ...[fusion.graph, mapper.graph].flatMap((graph) =>
    graph ? [{ run: prepare(graph), everyPoints: 1, times: 1 }] : [],
  ),
  { run: prepare(flow.graph), everyPoints: 1, times: evaluations },
  { run: prepare(decoder.graph), everyPoints: 1, times: 1 },
];

const startMs = performance.now();
for (let hop = 0; hop < hops; hop += 1) {
  for (const { run, everyPoints, times } of perHop) {
    const firstPoint = hop * hopPoints;
    const due =
      everyPoints === 1
        ? 1
        : Math.floor((firstPoint + hopPoints - 1) / everyPoints) - Math.floor((firstPoint - 1) / everyPoints);
    for (let i = 0; i < times * due; i += 1) await run();
  }
}
process.stdout.write(JSON.stringify({ hops, wallMs: performance.now() - startMs }));
