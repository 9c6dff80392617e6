import type { Kernel } from '../runtime/kernel.js';
import { runGraph } from './graph-state.js';

/**
 * Turns latents into sound. Causal mode keeps the decoder's state from hop to hop; window mode decodes the end of
 * the window, halo included, from fresh state. Returns `pcm`, one channel.
 */
export const decodeKernel: Kernel = async (step, context) => {
  const { mode, decoder, flow, hopPoints } = context.manifest;
  const latents = step.inputs[0]!['latents']!;
  if (mode === 'causal') {
    const outputs = await runGraph(
      decoder.graph,
      { latents },
      { context, state: step.state, prefix: 'decoder' },
    );
    return { pcm: outputs['pcm']! };
  }
  const length = (decoder.haloPoints + hopPoints) * flow.latentWidth;
  const end = latents.slice(latents.length - length);
  const outputs = await runGraph(
    decoder.graph,
    { latents: end },
    { context, state: new Map(), prefix: 'decoder' },
  );
  return { pcm: outputs['pcm']! };
};
