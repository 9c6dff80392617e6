import type { Kernel, KernelContext, KernelStep } from '../runtime/kernel.js';
import type { BundleManifest } from '../runtime/bundle-manifest.js';
import type { RunState } from '../runtime/lane.js';
import type { Tensors } from '../runtime/tensors.js';
import { flowTimes } from './flow-times.js';
import { runGraph } from './graph-state.js';
import { drawNoise } from './noise.js';

export type MapOptions = {
  readonly hop: number;
  /** The run's first sounding hop. */
  readonly isFirst: boolean;
  readonly seed: number;
};

const REMEMBERED = 'remembered';

/** Keeps a hop's features for when the run begins to sound. Returns nothing. */
export const rememberKernel: Kernel = (step, context) => {
  const fused = step.inputs[0]!['fused']!;
  step.state.set(REMEMBERED, appendInTime(step.state.get(REMEMBERED), fused, context.manifest));
  return Promise.resolve({});
};

/**
 * Turns features into `tokens` (and, where the bundle has one, a `summary`) for the hop, or in window mode for
 * the window that ends with it.
 */
export const mapKernel: Kernel = (step, context) => {
  const kind = context.manifest.mapper.kind;
  return kind === 'autoregressive' ? mapAutoregressively(step, context) : mapWindow(step, context);
};

/** The ring of keys and values is the graph's state; a run's first hop takes all remembered features in one call. */
async function mapAutoregressively(step: KernelStep, context: KernelContext): Promise<Tensors> {
  const { mapper, hopPoints } = context.manifest;
  const options = step.options as MapOptions;
  const call = { context, state: step.state, prefix: 'mapper' };
  const fused = step.inputs[0]!['fused']!;
  const remembered = step.state.get(REMEMBERED);
  step.state.delete(REMEMBERED);
  if (!options.isFirst || !remembered || mapper.warmUpGraph === undefined) {
    return tokensOf(await runGraph(mapper.graph!, { fused }, call));
  }
  const all = appendInTime(remembered, fused, context.manifest);
  const outputs = await runGraph(mapper.warmUpGraph, { fused: all }, call);
  const tokens = outputs['tokens']!;
  return tokensOf({ ...outputs, tokens: tokens.slice(tokens.length - hopPoints * mapper.tokenWidth) });
}

/** One look at the whole window (in causal mode: the hop), by one forward pass or by integrating a flow. */
async function mapWindow(step: KernelStep, context: KernelContext): Promise<Tensors> {
  const { manifest } = context;
  const { mapper } = manifest;
  const fused = windowOf(step, manifest);
  if (mapper.kind === 'none') return { tokens: fused };
  if (mapper.kind === 'regression') return tokensOf(await context.graph(mapper.graph!).run({ fused }));
  return { tokens: await integrateTokens(fused, { step, context }) };
}

async function integrateTokens(
  fused: Float32Array,
  call: { step: KernelStep; context: KernelContext },
): Promise<Float32Array> {
  const { mapper, graphs, hopPoints } = call.context.manifest;
  const { hop, seed } = call.step.options as MapOptions;
  const shape = graphs[mapper.graph!]!.inputs['x']!.shape;
  const x = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const points = x.length / mapper.tokenWidth;
  drawNoise(x, {
    seed,
    firstPoint: (hop + 1) * hopPoints - points,
    width: mapper.tokenWidth,
    stream: 'tokens',
  });
  const times = flowTimes({ steps: mapper.steps ?? 1, timeShift: 1 });
  for (let i = 0; i + 1 < times.length; i += 1) {
    const { velocity } = await call.context
      .graph(mapper.graph!)
      .run({ x, fused, time: Float32Array.of(times[i]!) });
    for (let j = 0; j < x.length; j += 1) x[j]! += (times[i + 1]! - times[i]!) * velocity![j]!;
  }
  return x;
}

/** The remembered features followed by the hop's; afterwards what the next window needs is remembered. */
function windowOf(step: KernelStep, manifest: BundleManifest): Float32Array {
  const fused = step.inputs[0]!['fused']!;
  if (manifest.windowPoints === undefined) return fused;
  const all = appendInTime(step.state.get(REMEMBERED), fused, manifest);
  remember(step.state, all, manifest);
  // A warm-up may be longer than what the first window needs of it.
  return all.length > pointsLength(manifest.windowPoints, manifest)
    ? lastInTime(all, manifest.windowPoints, manifest)
    : all;
}

function remember(state: RunState, window: Float32Array, manifest: BundleManifest): void {
  state.set(REMEMBERED, lastInTime(window, manifest.windowPoints! - manifest.hopPoints, manifest));
}

function tokensOf(outputs: Tensors): Tensors {
  const { tokens, summary } = outputs;
  return summary ? { tokens: tokens!, summary } : { tokens: tokens! };
}

/** How many sequences lie one after the other in a fused array (cat-time), or that it is one. */
function sequenceCountOf(manifest: BundleManifest): number {
  return manifest.fusion.kind === 'cat-time' ? manifest.encoders.length : 1;
}

function pointsLength(points: number, manifest: BundleManifest): number {
  return sequenceCountOf(manifest) * points * manifest.fusion.width;
}

/** Shape: each argument is [sequences, its own points, width]. */
function appendInTime(
  older: Float32Array | undefined,
  newer: Float32Array,
  manifest: BundleManifest,
): Float32Array {
  if (!older) return newer;
  const sequences = sequenceCountOf(manifest);
  const out = new Float32Array(older.length + newer.length);
  const olderLength = older.length / sequences;
  const newerLength = newer.length / sequences;
  for (let s = 0; s < sequences; s += 1) {
    const at = s * (olderLength + newerLength);
    out.set(older.subarray(s * olderLength, (s + 1) * olderLength), at);
    out.set(newer.subarray(s * newerLength, (s + 1) * newerLength), at + olderLength);
  }
  return out;
}

function lastInTime(window: Float32Array, points: number, manifest: BundleManifest): Float32Array {
  const sequences = sequenceCountOf(manifest);
  const length = window.length / sequences;
  const kept = points * manifest.fusion.width;
  const out = new Float32Array(sequences * kept);
  for (let s = 0; s < sequences; s += 1)
    out.set(window.subarray((s + 1) * length - kept, (s + 1) * length), s * kept);
  return out;
}
