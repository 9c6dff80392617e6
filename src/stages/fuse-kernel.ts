import type { Kernel } from '../runtime/kernel.js';

/**
 * Makes one sequence of the encoders' features: channels concatenated (project), summed (add) or one sequence
 * after the other (cat-time), then the fusion graph if there is one. Returns `fused`.
 * Based on: MFM-Mapper, its three fusions.
 */
export const fuseKernel: Kernel = async (step, context) => {
  const { encoders, fusion, hopPoints } = context.manifest;
  const sequences = encoders.map((encoder) => step.inputs[0]![encoder.name]!);
  const combine = { project: concatChannels, add: sum, 'cat-time': concatTime }[fusion.kind];
  const features = combine(sequences, hopPoints);
  if (fusion.graph === undefined) return { fused: features };
  return { fused: (await context.graph(fusion.graph).run({ features }))['fused']! };
};

type Combine = (sequences: readonly Float32Array[], points: number) => Float32Array;

const concatChannels: Combine = (sequences, points) => {
  const total = sequences.reduce((length, sequence) => length + sequence.length, 0);
  const out = new Float32Array(total);
  let offset = 0;
  for (const sequence of sequences) {
    const width = sequence.length / points;
    for (let p = 0; p < points; p += 1)
      out.set(sequence.subarray(p * width, (p + 1) * width), (p * total) / points + offset);
    offset += width;
  }
  return out;
};

const sum: Combine = (sequences) => {
  const out = new Float32Array(sequences[0]!.length);
  for (const sequence of sequences) for (let i = 0; i < out.length; i += 1) out[i]! += sequence[i]!;
  return out;
};

const concatTime: Combine = (sequences) => {
  const out = new Float32Array(sequences.reduce((length, sequence) => length + sequence.length, 0));
  let offset = 0;
  for (const sequence of sequences) {
    out.set(sequence, offset);
    offset += sequence.length;
  }
  return out;
};
