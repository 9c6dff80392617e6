import { describe, expect, test } from 'vitest';
import type { BundleManifest, FlowManifest } from '../../src/runtime/bundle-manifest.js';
import type { Device } from '../../src/runtime/device.js';
import type { RunState } from '../../src/runtime/lane.js';
import type { Tensors } from '../../src/runtime/tensors.js';
import { flowTimes } from '../../src/stages/flow-times.js';
import { generateKernel, type GenerateOptions } from '../../src/stages/generate-kernel.js';
import { drawNoise } from '../../src/stages/noise.js';
import { FakeContext, graphOf, manifestOf, stepOf, type FakeGraph } from './fakes.js';

const still: FakeGraph = ({ x }) => ({ velocity: new Float32Array(x!.length) });
const BASE = { x: [1, 3, 2], time: [1] };

function bundleOf(
  flow: Partial<FlowManifest>,
  inputs: Readonly<Record<string, readonly number[]>> = {},
  changes: Partial<BundleManifest> = {},
): BundleManifest {
  const manifest = manifestOf(changes);
  return {
    ...manifest,
    flow: { ...manifest.flow, ...flow },
    graphs: { velocity: graphOf({ ...BASE, ...inputs }), ...changes.graphs },
  };
}

type Call = { mapped?: Tensors; options?: Partial<GenerateOptions>; state?: RunState };

async function latentsOf(context: FakeContext, call: Call = {}): Promise<number[]> {
  const options: GenerateOptions = { hop: 0, seed: 0, steps: 1, prompt: undefined, ...call.options };
  const { state = new Map() as RunState, mapped = { tokens: Float32Array.of(1, 2, 3) } } = call;
  return [...(await generateKernel(stepOf({ inputs: [mapped], options, state }), context))['latents']!];
}

function noiseAt(firstPoint: number, points: number, seed = 0): number[] {
  const out = new Float32Array(points * 2);
  drawNoise(out, { seed, firstPoint, width: 2 });
  return [...out];
}

describe('generateKernel() integrates', () => {
  test('from the noise of the points of the hop, by seed; of the window in window mode', async () => {
    expect(
      await latentsOf(new FakeContext(bundleOf({}), { velocity: still }), { options: { hop: 4, seed: 3 } }),
    ).toEqual(noiseAt(12, 3, 3));
    const window = bundleOf({}, { x: [1, 9, 2] }, { mode: 'window', windowPoints: 9 });
    expect(await latentsOf(new FakeContext(window, { velocity: still }), { options: { hop: 1 } })).toEqual(
      noiseAt(-3, 9),
    );
  });

  test.each([
    [1, 1],
    [4, 1],
    [5, 2.5],
    [50, 1],
  ])(
    'in %s Euler steps with a time shift of %s, telling the graph time and step size',
    async (steps, timeShift) => {
      const context = new FakeContext(bundleOf({ timeShift }, { stepSize: [1] }), {
        velocity: ({ x, time }) => ({ velocity: x!.map((value) => 0.5 * value + time![0]!) }),
      });
      const latents = await latentsOf(context, { options: { steps } });
      const times = flowTimes({ steps, timeShift });
      expect(context.calls).toHaveLength(steps);
      let x = noiseAt(0, 3);
      for (let i = 0; i < steps; i += 1) {
        const stepSize = times[i + 1]! - times[i]!;
        expect(context.calls[i]!.inputs['time']).toEqual([Math.fround(times[i]!)]);
        expect(context.calls[i]!.inputs['stepSize']).toEqual([Math.fround(stepSize)]);
        x = x.map((value) => value + stepSize * (0.5 * value + times[i]!));
      }
      latents.forEach((value, i) => expect(value).toBeCloseTo(x[i]!, 4));
    },
  );

  test('a straight flow to its end whatever the steps', async () => {
    for (const steps of [1, 2, 7]) {
      const noise = noiseAt(0, 3);
      const context = new FakeContext(bundleOf({ timeShift: 1.7 }), {
        velocity: () => ({ velocity: Float32Array.from(noise, (value) => 3 - value) }),
      });
      for (const value of await latentsOf(context, { options: { steps } })) expect(value).toBeCloseTo(3, 5);
    }
  });

  test('and gives the graph only what it declares', async () => {
    const context = new FakeContext(bundleOf({}, { summary: [1] }), { velocity: still });
    await latentsOf(context, { mapped: { tokens: Float32Array.of(1), summary: Float32Array.of(9) } });
    expect(Object.keys(context.calls[0]!.inputs).sort()).toEqual(['summary', 'time', 'x']);
  });
});

describe('generateKernel() and its conditions', () => {
  const inputs = {
    tokens: [1, 3, 1],
    summary: [1, 1],
    prompt: [1, 2],
    prefix: [1, 1, 2],
    prefixValid: [1, 1],
  };
  const prompt = { width: 2, vocabulary: ['rain', 'metal'] };
  const mapped = { tokens: Float32Array.of(1, 2, 3), summary: Float32Array.of(4) };

  test('without a prompt the graph sees zeros, with one its words', async () => {
    const context = new FakeContext(bundleOf({}, { prompt: [1, 2] }, { prompt }), { velocity: still });
    await latentsOf(context);
    await latentsOf(context, { options: { prompt: Float32Array.of(0, 1) } });
    expect(context.calls.map((call) => call.inputs['prompt'])).toEqual([
      [0, 0],
      [0, 1],
    ]);
  });

  test('cfg runs the graph twice a step, without tokens, summary and prompt but with the prefix, and goes beyond', async () => {
    const manifest = bundleOf({ guidance: { kind: 'cfg', scale: 3 }, prefixLatents: 1 }, inputs, { prompt });
    const context = new FakeContext(manifest, {
      velocity: ({ x, tokens, summary, prompt: words, prefix }) => {
        const value = tokens!.reduce((a, b) => a + b, 0) + summary![0]! + words![1]! + prefix![0]!;
        return { velocity: new Float32Array(x!.length).fill(value) };
      },
    });
    const state: RunState = new Map([
      ['flow.prefix', Float32Array.of(50, 60)],
      ['flow.prefixValid', Float32Array.of(1)],
    ]);
    const latents = await latentsOf(context, { mapped, state, options: { prompt: Float32Array.of(0, 1) } });
    expect(context.calls).toHaveLength(2);
    expect(context.calls[0]!.inputs).toMatchObject({
      tokens: [1, 2, 3],
      summary: [4],
      prompt: [0, 1],
      prefix: [50, 60],
      prefixValid: [1],
    });
    expect(context.calls[1]!.inputs).toMatchObject({
      tokens: [0, 0, 0],
      summary: [0],
      prompt: [0, 0],
      prefix: [50, 60],
      prefixValid: [1],
    });
    const [guided, unguided] = [6 + 4 + 1 + 50, 50];
    latents.forEach((value, i) =>
      expect(value).toBeCloseTo(noiseAt(0, 3)[i]! + unguided + 3 * (guided - unguided), 3),
    );
  });

  test.each(['none', 'folded'] as const)('guidance %s runs it once', async (kind) => {
    const context = new FakeContext(bundleOf({ guidance: { kind, scale: 3 } }), { velocity: still });
    await latentsOf(context, { options: { steps: 3 } });
    expect(context.calls).toHaveLength(3);
  });

  test('the prefix holds the newest latents of the hops before, and says which of it are there', async () => {
    const manifest = bundleOf({ prefixLatents: 4 }, { prefix: [1, 4, 2], prefixValid: [1, 4] });
    const context = new FakeContext(manifest, { velocity: still });
    const state: RunState = new Map();
    for (const hop of [0, 1, 2]) await latentsOf(context, { state, options: { hop } });
    expect(context.calls.map((call) => call.inputs['prefixValid'])).toEqual([
      [0, 0, 0, 0],
      [0, 1, 1, 1],
      [1, 1, 1, 1],
    ]);
    expect(context.calls.map((call) => call.inputs['prefix'])).toEqual([
      Array.from({ length: 8 }, () => 0),
      [0, 0, ...noiseAt(0, 3)],
      noiseAt(2, 4),
    ]);
  });

  test('does not change what it was given', async () => {
    const own = { tokens: Float32Array.of(1, 2, 3), summary: Float32Array.of(4) };
    const words = Float32Array.of(0, 1);
    const manifest = bundleOf(
      { guidance: { kind: 'cfg', scale: 2 } },
      { tokens: [1, 3, 1], summary: [1, 1], prompt: [1, 2] },
      { prompt },
    );
    await latentsOf(new FakeContext(manifest, { velocity: still }), {
      mapped: own,
      options: { steps: 2, prompt: words },
    });
    expect([[...own.tokens], [...own.summary], [...words]]).toEqual([[1, 2, 3], [4], [0, 1]]);
  });
});

describe('generateKernel() on a GPU', () => {
  const manifest = bundleOf(
    { unrolled: { 2: 'twice' }, timeShift: 2 },
    { tokens: [1, 3, 1] },
    { graphs: { twice: graphOf({ noise: [1, 3, 2], tokens: [1, 3, 1] }) } },
  );
  const graphs: Record<string, FakeGraph> = {
    velocity: still,
    twice: ({ noise }) => ({ latents: noise!.map((value) => value * 2) }),
  };

  test.each<[Device, number, string[]]>([
    ['webgpu', 2, ['twice']],
    ['cuda', 2, ['twice']],
    ['webgpu', 3, ['velocity', 'velocity', 'velocity']],
    ['cpu', 2, ['velocity', 'velocity']],
  ])('%s with %s steps runs %j', async (device, steps, names) => {
    const context = new FakeContext(manifest, graphs, device);
    const latents = await latentsOf(context, { options: { steps } });
    expect(context.calls.map((call) => call.name)).toEqual(names);
    if (names[0] === 'twice') {
      expect(context.calls[0]!.inputs).toEqual({ noise: noiseAt(0, 3), tokens: [1, 2, 3] });
      expect(latents).toEqual(noiseAt(0, 3).map((value) => Math.fround(value * 2)));
    }
  });
});
