import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadBundle, type Bundle } from '../../src/runtime/bundle.js';
import type { GraphManifest, TensorManifest } from '../../src/runtime/bundle-manifest.js';
import { compareGolden, goldenInput } from '../../src/runtime/golden.js';

type Metadata = InferenceSession['inputMetadata'];

function asManifest(metadata: Metadata): Record<string, TensorManifest> {
  return Object.fromEntries(
    metadata.map((value) => {
      if (!value.isTensor) throw new TypeError(`${value.name} is no tensor`);
      return [value.name, { type: value.type as 'float32', shape: value.shape as number[] }];
    }),
  );
}

async function createSession(bundle: Bundle, graph: GraphManifest): Promise<InferenceSession> {
  const externalData = await Promise.all(
    (graph.weights ?? []).map(async (path) => ({ path, data: await bundle.readFile(path) })),
  );
  const model = await bundle.readFile(graph.file);
  return InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, externalData });
}

describe.each(['conformance', 'conformance-window'])('bundle %s', (name) => {
  let bundle: Bundle;
  beforeAll(async () => {
    bundle = await loadBundle(name);
  });

  test('each graph has the names, types and shapes of the manifest', async () => {
    for (const graph of Object.values(bundle.manifest.graphs)) {
      const session = await createSession(bundle, graph);
      expect(asManifest(session.inputMetadata)).toEqual(graph.inputs);
      expect(asManifest(session.outputMetadata)).toEqual(graph.outputs);
      await session.release();
    }
  });

  test('each graph gives the golden answers that Python computed in double precision', async () => {
    const { graphs, golden } = bundle.manifest;
    for (const [graphName, graph] of Object.entries(graphs)) {
      const session = await createSession(bundle, graph);
      const outputs = await session.run(goldenFeeds(graph));
      for (const [output, expected] of Object.entries(golden.graphs[graphName]!)) {
        const values = outputs[output]!.data as Float32Array;
        expect(
          compareGolden(expected, values, golden.tolerance.cpu),
          `${graphName}.${output}`,
        ).toBeUndefined();
      }
      await session.release();
    }
  });
});

function goldenFeeds(graph: GraphManifest): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const [ordinal, name] of Object.keys(graph.inputs).sort().entries()) {
    const { shape } = graph.inputs[name]!;
    const length = shape.reduce((product, size) => product * size, 1);
    feeds[name] = new Tensor('float32', goldenInput(ordinal, length), shape);
  }
  return feeds;
}
