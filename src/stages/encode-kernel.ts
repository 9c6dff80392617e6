import type { EncoderManifest } from '../runtime/bundle-manifest.js';
import type { Kernel, KernelContext, KernelStep } from '../runtime/kernel.js';
import type { RunState } from '../runtime/lane.js';
import { writeEncoderInput } from './encoder-input.js';
import { runGraph } from './graph-state.js';
import { squeezePicture } from './picture.js';

export type EncodeOptions = {
  readonly hop: number;
  readonly pictureOfPoint: readonly number[];
  /** Whether what the state holds is of other hops and must be dropped. */
  readonly restarts: boolean;
};

/**
 * Runs a bundle's encoders over the pictures of a hop. Returns one array for each encoder, by its name,
 * [hopPoints, featureWidth]: on the grid and, for a slower encoder, held and delayed by its fixed lag.
 */
export const encodeKernel: Kernel = async (step, context) => {
  const { manifest } = context;
  const options = step.options as EncodeOptions;
  if (options.restarts) step.state.clear();
  const pictures = step.pictures.map((frame) => squeezePicture(frame, manifest.picture));
  const features: Record<string, Float32Array> = {};
  for (const encoder of manifest.encoders) {
    const encode = encoder.everyPoints === 1 ? encodeEveryPoint : encodeSomePoints;
    features[encoder.name] = await encode(encoder, { step, context, pictures, options });
  }
  return features;
};

type EncodeCall = {
  readonly step: KernelStep;
  readonly context: KernelContext;
  readonly pictures: readonly Uint8Array[];
  readonly options: EncodeOptions;
};

async function encodeEveryPoint(encoder: EncoderManifest, call: EncodeCall): Promise<Float32Array> {
  const { manifest } = call.context;
  const { pictureOfPoint } = call.options;
  const pictureLength = 3 * encoder.size.width * encoder.size.height;
  const frames = new Float32Array(manifest.hopPoints * pictureLength);
  pictureOfPoint.forEach((index, point) => {
    const at = point * pictureLength;
    const isRepeat = point > 0 && pictureOfPoint[point - 1] === index;
    if (isRepeat) frames.copyWithin(at, at - pictureLength, at);
    else
      writeEncoderInput(
        call.pictures[index]!,
        { ...encoder, picture: manifest.picture },
        { out: frames, at },
      );
  });
  const outputs = await runGraph(
    encoder.graph,
    { frames },
    { ...call, state: call.step.state, prefix: encoder.name },
  );
  return outputs['features']!;
}

/** The features in `recent` are those of the last pictures seen; slot = (point / everyPoints) modulo the slots. */
async function encodeSomePoints(encoder: EncoderManifest, call: EncodeCall): Promise<Float32Array> {
  const { everyPoints, lagPoints, featureWidth } = encoder;
  const { hopPoints, picture } = call.context.manifest;
  const { state } = call.step;
  const slots = lagPoints / everyPoints + Math.ceil(hopPoints / everyPoints) + 1;
  const recent = recentFeatures(state, { key: `${encoder.name}.recent`, length: slots * featureWidth });
  const slotOf = (point: number): number =>
    ((((point / everyPoints) % slots) + slots) % slots) * featureWidth;
  const firstPoint = call.options.hop * hopPoints;
  const held = new Float32Array(hopPoints * featureWidth);
  for (let i = 0; i < hopPoints; i += 1) {
    const point = firstPoint + i;
    if (point % everyPoints === 0) {
      const input = new Float32Array(3 * encoder.size.width * encoder.size.height);
      writeEncoderInput(
        call.pictures[call.options.pictureOfPoint[i]!]!,
        { ...encoder, picture },
        { out: input, at: 0 },
      );
      const outputs = await runGraph(
        encoder.graph,
        { picture: input },
        { ...call, state, prefix: encoder.name },
      );
      recent.set(outputs['features']!, slotOf(point));
    }
    const used = slotOf(Math.floor(point / everyPoints) * everyPoints - lagPoints);
    held.set(recent.subarray(used, used + featureWidth), i * featureWidth);
  }
  return held;
}

/** A copy, so that a snapshot taken before this step keeps what it saw. */
function recentFeatures(state: RunState, entry: { key: string; length: number }): Float32Array {
  const recent = state.get(entry.key)?.slice() ?? new Float32Array(entry.length);
  state.set(entry.key, recent);
  return recent;
}
