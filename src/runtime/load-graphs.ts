import { InferenceSession, Tensor } from 'onnxruntime-node';
import { LivefoleyError } from '../stream/errors.js';
import type { Bundle } from './bundle.js';
import type { AnyManifest, GraphManifest } from './bundle-manifest.js';
import { isGpu, type Device } from './device.js';
import { compareGolden, goldenInput } from './golden.js';
import type { Graph } from './kernel.js';
import type { Tensors } from './tensors.js';

/** A bundle's graphs in memory, by name. */
export type LoadedGraphs = ReadonlyMap<string, Graph>;

/**
 * Loads the graphs of a bundle that a device needs, one native thread each, and holds each against the manifest:
 * names, types and shapes, then the golden run, which also warms it up. Blocks its thread while it loads, so it is called
 * in a lane process, never where audio is paced.
 *
 * @throws {LivefoleyError} Place `bundle`, if a file, a graph or its golden answer is not as the manifest says;
 * place `environment`, if the device cannot run a graph
 */
export async function loadGraphs(bundle: Bundle<AnyManifest>, device: Device): Promise<LoadedGraphs> {
  const graphs = new Map<string, Graph>();
  for (const name of graphsFor(bundle, device)) {
    const graph = await loadGraph(bundle, { name, device });
    await checkGolden(bundle, { name, device, graph });
    graphs.set(name, graph);
  }
  return graphs;
}

/** On a GPU also the unrolled flows; for other step counts it, too, needs the single step. */
function graphsFor({ manifest }: Bundle<AnyManifest>, device: Device): string[] {
  const unrolled = new Set(manifest.system === 'text' ? [] : Object.values(manifest.flow.unrolled ?? {}));
  return Object.keys(manifest.graphs).filter((name) => isGpu(device) || !unrolled.has(name));
}

async function loadGraph(
  bundle: Bundle<AnyManifest>,
  which: { name: string; device: Device },
): Promise<Graph> {
  const { name, device } = which;
  const manifest = bundle.manifest.graphs[name]!;
  const variant = isGpu(device) && manifest.gpu ? manifest.gpu : manifest;
  const model = await bundle.readFile(variant.file);
  const externalData = await Promise.all(
    (variant.weights ?? []).map(async (path) => ({ path, data: await bundle.readFile(path) })),
  );
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(model, { ...sessionOptions(device), externalData });
  } catch (error) {
    const place = device === 'cpu' ? 'bundle' : 'environment';
    const reason = error instanceof Error ? error.message : String(error);
    throw new LivefoleyError(
      place,
      `Cannot load ${variant.file} of bundle '${bundle.manifest.name}' on ${device}: ${reason}`,
      {
        cause: error,
      },
    );
  }
  checkSignature(session, { bundle, name, manifest });
  return new OnnxGraph(name, manifest, session);
}

/**
 * One thread a session (several spinning sessions halve each other), no silent fallback of a GPU session's nodes
 * to the CPU, only errors on stderr.
 */
function sessionOptions(device: Device): InferenceSession.SessionOptions {
  return {
    // In its own preferred layout (NHWC) ONNX Runtime 1.30.0 computes a convolution whose kernel is as large as its
    // stride wrongly: the motion encoder's first one, 9 channels, 4 x 4, was off by 100 % on two drivers.
    executionProviders: [device === 'webgpu' ? { name: 'webgpu', preferredLayout: 'NCHW' } : device],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    ...(isGpu(device) ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
  };
}

function checkSignature(
  session: InferenceSession,
  expected: { bundle: Bundle<AnyManifest>; name: string; manifest: GraphManifest },
): void {
  const { bundle, name, manifest } = expected;
  const sides = [
    ['inputs', session.inputMetadata, manifest.inputs],
    ['outputs', session.outputMetadata, manifest.outputs],
  ] as const;
  for (const [side, actual, declared] of sides) {
    const found = Object.fromEntries(
      actual.map((value) => [
        value.name,
        value.isTensor ? `${value.type} [${value.shape.join(', ')}]` : 'no tensor',
      ]),
    );
    const wanted = Object.fromEntries(
      Object.entries(declared).map(([key, value]) => [key, `${value.type} [${value.shape.join(', ')}]`]),
    );
    for (const key of new Set([...Object.keys(found), ...Object.keys(wanted)])) {
      if (found[key] === wanted[key]) continue;
      throw new LivefoleyError(
        'bundle',
        `Bundle '${bundle.manifest.name}': bundle.json, graphs.${name}.${side}.${key} must be what ${manifest.file} holds, ` +
          `${found[key] ?? 'nothing'}, received ${wanted[key] ?? 'nothing'}`,
      );
    }
  }
}

async function checkGolden(
  bundle: Bundle<AnyManifest>,
  run: { name: string; device: Device; graph: Graph },
): Promise<void> {
  const { golden, graphs, name: bundleName } = bundle.manifest;
  const manifest = graphs[run.name]!;
  const ofVariant = isGpu(run.device) && manifest.gpu ? golden.gpu?.[run.name] : undefined;
  const inputs: Record<string, Float32Array> = {};
  Object.keys(manifest.inputs)
    .sort()
    .forEach((key, ordinal) => {
      inputs[key] = goldenInput(ordinal, elementCount(manifest.inputs[key]!.shape));
    });
  const outputs = await run.graph.run(inputs);
  for (const [key, expected] of Object.entries(ofVariant ?? golden.graphs[run.name] ?? {})) {
    const problem = compareGolden(expected, outputs[key]!, golden.tolerance[run.device]);
    if (problem === undefined) continue;
    throw new LivefoleyError(
      run.device === 'cpu' ? 'bundle' : 'environment',
      `Bundle '${bundleName}': ${manifest.file} on ${run.device} does not give its golden answer for '${key}': ${problem}`,
    );
  }
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

class OnnxGraph implements Graph {
  readonly #name: string;
  readonly #manifest: GraphManifest;
  readonly #session: InferenceSession;
  readonly #inputCount: number;

  constructor(name: string, manifest: GraphManifest, session: InferenceSession) {
    this.#name = name;
    this.#manifest = manifest;
    this.#session = session;
    this.#inputCount = Object.keys(manifest.inputs).length;
  }

  async run(inputs: Tensors): Promise<Tensors> {
    const feeds: Record<string, Tensor> = {};
    let count = 0;
    for (const [key, data] of Object.entries(inputs)) {
      const declared = this.#manifest.inputs[key];
      // ONNX Runtime ignores a feed it does not know, so a misspelt one would go unnoticed.
      if (!declared) throw new TypeError(`Cannot run graph '${this.#name}': it has no input '${key}'`);
      if (data.length !== elementCount(declared.shape)) {
        throw new RangeError(
          `Cannot run graph '${this.#name}': input '${key}' must be [${declared.shape.join(', ')}], received ${data.length} elements`,
        );
      }
      feeds[key] = new Tensor('float32', data, declared.shape);
      count += 1;
    }
    if (count !== this.#inputCount) {
      const missing = Object.keys(this.#manifest.inputs).filter((key) => !(key in inputs));
      throw new TypeError(`Cannot run graph '${this.#name}': input '${missing.join("', '")}' is missing`);
    }
    const results = await this.#session.run(feeds);
    const outputs: Record<string, Float32Array> = {};
    for (const key of Object.keys(this.#manifest.outputs)) outputs[key] = results[key]!.data as Float32Array;
    return outputs;
  }
}
