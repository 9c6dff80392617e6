import type { TextManifest } from '../runtime/bundle-manifest.js';
import type { Kernel, Kernels } from '../runtime/kernel.js';

export type ReadTextOptions = {
  /** Rows of the words that occur, as often as they do. */
  readonly rows: readonly number[];
};

/** How much a text says each word of the text bundle's vocabulary. Returns `prompt` [vocabulary.length], 0 to 1. */
const readTextKernel: Kernel<TextManifest> = async (step, context) => {
  const { words, ramp, graph } = context.manifest.text;
  const counts = new Float32Array(words.count);
  for (const row of (step.options as ReadTextOptions).rows) counts[row]! += 1;
  const { similarity } = await context.graph(graph).run({ counts });
  const share = (each: number): number => (each - ramp.from) / (ramp.to - ramp.from);
  return { prompt: similarity!.map((each) => Math.min(1, Math.max(0, share(each)))) };
};

/** What a lane that reads prompts can do. */
export const TEXT_KERNELS: Kernels<TextManifest> = { readText: readTextKernel };
