import type { BundleManifest } from '../runtime/bundle-manifest.js';
import { isGpu } from '../runtime/device.js';
import type { Kernel, KernelContext } from '../runtime/kernel.js';
import type { RunState } from '../runtime/lane.js';
import type { Tensors } from '../runtime/tensors.js';
import { flowTimes } from './flow-times.js';
import type { FlowSettings } from './flow-settings.js';
import { drawNoise } from './noise.js';

export type GenerateOptions = FlowSettings & { readonly hop: number };

const PREFIX = 'flow.prefix';
const PREFIX_VALID = 'flow.prefixValid';

/**
 * Integrates the bundle's rectified flow from noise to the latents of the hop (window mode: of the window that
 * ends with it). On a GPU the steps lie unrolled in one graph, if the bundle has one for so many. Returns
 * `latents` [points, latentWidth].
 */
export const generateKernel: Kernel = async (step, context) => {
  const { manifest, device } = context;
  const { flow } = manifest;
  const { hop, seed, steps, prompt } = step.options as GenerateOptions;
  const points = manifest.windowPoints ?? manifest.hopPoints;
  const noise = new Float32Array(points * flow.latentWidth);
  drawNoise(noise, { seed, firstPoint: (hop + 1) * manifest.hopPoints - points, width: flow.latentWidth });
  const conditions = conditionsOf(step.inputs[0]!, { state: step.state, manifest, prompt });
  const unrolled = isGpu(device) ? flow.unrolled?.[steps] : undefined;
  const latents =
    unrolled === undefined
      ? await integrate(noise, { conditions, steps, context })
      : (
          await context.graph(unrolled).run(pick({ ...conditions, noise }, manifest.graphs[unrolled]!.inputs))
        )['latents']!;
  rememberPrefix(step.state, latents, manifest);
  return { latents };
};

/** Everything the flow may be shown but `x`, `time` and `stepSize`. */
function conditionsOf(
  mapped: Tensors,
  from: { state: RunState; manifest: BundleManifest; prompt: Float32Array | undefined },
): Tensors {
  const { flow, prompt } = from.manifest;
  const conditions: Record<string, Float32Array> = { ...mapped };
  if (prompt) conditions['prompt'] = from.prompt ?? new Float32Array(prompt.width);
  if (flow.prefixLatents > 0) {
    conditions['prefix'] = from.state.get(PREFIX) ?? new Float32Array(flow.prefixLatents * flow.latentWidth);
    conditions['prefixValid'] = from.state.get(PREFIX_VALID) ?? new Float32Array(flow.prefixLatents);
  }
  return conditions;
}

/**
 * Euler's method; with classifier-free guidance two evaluations a step.
 * Based on: Liu, Gong, Liu, "Flow Straight and Fast", 2022; Ho and Salimans, "Classifier-Free Diffusion Guidance", 2022.
 */
async function integrate(
  x: Float32Array,
  call: { conditions: Tensors; steps: number; context: KernelContext },
): Promise<Float32Array> {
  const { guidance, timeShift, graph: name } = call.context.manifest.flow;
  const graph = call.context.graph(name);
  const declared = call.context.manifest.graphs[name]!.inputs;
  const times = flowTimes({ steps: call.steps, timeShift });
  const guided = pick(call.conditions, declared);
  const unguided = guidance.kind === 'cfg' ? withoutGuidance(guided) : undefined;
  const scale = guidance.scale ?? 1;
  for (let i = 0; i < call.steps; i += 1) {
    const stepSize = times[i + 1]! - times[i]!;
    const moment = pick(
      { x, time: Float32Array.of(times[i]!), stepSize: Float32Array.of(stepSize) },
      declared,
    );
    const velocity = (await graph.run({ ...guided, ...moment }))['velocity']!;
    const base = unguided && (await graph.run({ ...unguided, ...moment }))['velocity']!;
    const next = new Float32Array(x.length);
    for (let j = 0; j < x.length; j += 1) {
      const v = base ? base[j]! + scale * (velocity[j]! - base[j]!) : velocity[j]!;
      next[j] = x[j]! + stepSize * v;
    }
    x = next;
  }
  return x;
}

/** Tokens, summary and prompt zeroed; the prefix says what sounded, which is no guidance, and stays. */
function withoutGuidance(conditions: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(conditions).map(([key, value]) => [
      key,
      key === 'tokens' || key === 'summary' || key === 'prompt' ? new Float32Array(value.length) : value,
    ]),
  );
}

/** The values that a graph declares as inputs. */
function pick(values: Tensors, declared: object): Tensors {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key in declared));
}

/** Keeps the newest latents, clean, for the next hop; what the ring does not hold yet stays invalid. */
function rememberPrefix(state: RunState, latents: Float32Array, manifest: BundleManifest): void {
  const { prefixLatents, latentWidth } = manifest.flow;
  if (prefixLatents === 0) return;
  const older = state.get(PREFIX) ?? new Float32Array(prefixLatents * latentWidth);
  const olderValid = state.get(PREFIX_VALID) ?? new Float32Array(prefixLatents);
  const count = latents.length / latentWidth;
  state.set(PREFIX, lastOf(older, latents, prefixLatents * latentWidth));
  state.set(PREFIX_VALID, lastOf(olderValid, new Float32Array(count).fill(1), prefixLatents));
}

function lastOf(older: Float32Array, newer: Float32Array, length: number): Float32Array {
  const all = new Float32Array(older.length + newer.length);
  all.set(older);
  all.set(newer, older.length);
  return all.slice(all.length - length);
}
