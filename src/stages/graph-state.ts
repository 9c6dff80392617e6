import type { KernelContext } from '../runtime/kernel.js';
import type { RunState } from '../runtime/lane.js';
import type { Tensors } from '../runtime/tensors.js';

export type GraphCall = {
  readonly context: KernelContext;
  readonly state: RunState;
  /** Before each state's name, so that the graphs of one run do not share by accident. */
  readonly prefix: string;
};

/**
 * Runs a graph whose state is kept in `state`: what the manifest lists as state is fed from there (its initial
 * value at first) and replaced by the graph's output.
 */
export async function runGraph(name: string, inputs: Tensors, call: GraphCall): Promise<Tensors> {
  const { context, state, prefix } = call;
  const manifest = context.manifest.graphs[name]!;
  const pairs = manifest.state ?? [];
  if (pairs.length === 0) return context.graph(name).run(inputs);
  const feeds: Record<string, Float32Array> = { ...inputs };
  for (const pair of pairs) {
    feeds[pair.input] =
      state.get(`${prefix}.${pair.input}`) ?? initialState(manifest.inputs[pair.input]!.shape, pair.initial);
  }
  const outputs = await context.graph(name).run(feeds);
  for (const pair of pairs) state.set(`${prefix}.${pair.input}`, outputs[pair.output]!);
  return outputs;
}

function initialState(shape: readonly number[], value: number): Float32Array {
  return new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(value);
}
