import { describe, expect, test } from 'vitest';
import type { BundleManifest, MapperManifest } from '../../src/runtime/bundle-manifest.js';
import type { RunState } from '../../src/runtime/lane.js';
import { mapKernel, rememberKernel } from '../../src/stages/map-kernel.js';
import { drawNoise } from '../../src/stages/noise.js';
import { ENCODER, FakeContext, graphOf, manifestOf, stepOf, type FakeGraph } from './fakes.js';

/** The features of a hop: one number a point, the point's own. */
function fusedOf(hop: number, manifest: BundleManifest): Float32Array {
  const own = Array.from({ length: manifest.hopPoints }, (_, i) => hop * manifest.hopPoints + i);
  return manifest.fusion.kind === 'cat-time'
    ? Float32Array.from([...own, ...own.map((point) => point + 500)])
    : Float32Array.from(own);
}

async function remember(context: FakeContext, hop: number, state: RunState): Promise<void> {
  const value = await rememberKernel(
    stepOf({ inputs: [{ fused: fusedOf(hop, context.manifest) }], state }),
    context,
  );
  expect(value).toEqual({});
}

async function mapped(
  context: FakeContext,
  hop: number,
  state: RunState,
  extra: { isFirst?: boolean; seed?: number } = {},
): Promise<Record<string, number[]>> {
  const { isFirst = false, seed = 0 } = extra;
  const step = stepOf({
    inputs: [{ fused: fusedOf(hop, context.manifest) }],
    options: { hop, isFirst, seed },
    state,
  });
  return Object.fromEntries(
    Object.entries(await mapKernel(step, context)).map(([name, values]) => [name, [...values]]),
  );
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

describe('mapKernel() autoregressive', () => {
  const pair = { input: 'keys', output: 'keysNext', initial: 0 };
  const mapper: MapperManifest = {
    kind: 'autoregressive',
    graph: 'map',
    warmUpGraph: 'warm',
    tokenWidth: 1,
    summaryWidth: 1,
  };
  const manifest = manifestOf({
    fusion: { kind: 'add', width: 1 },
    mapper,
    graphs: {
      map: graphOf({ fused: [1, 3, 1], keys: [1] }, [pair]),
      warm: graphOf({ fused: [1, 9, 1], keys: [1] }, [pair]),
    },
  });
  /** Tokens are the sum so far; the ring of keys is that sum. */
  const adding: FakeGraph = ({ fused, keys }) => {
    let sum = keys![0]!;
    const tokens = fused!.map((value) => (sum += value));
    return { tokens, summary: Float32Array.of(sum), keysNext: Float32Array.of(sum) };
  };
  const contextOf = (): FakeContext => new FakeContext(manifest, { map: adding, warm: adding });

  test('takes all remembered features in one call of the warm-up graph with the first hop, then goes on hop by hop', async () => {
    const context = contextOf();
    const state: RunState = new Map();
    await remember(context, 2, state);
    await remember(context, 3, state);
    const first = await mapped(context, 4, state, { isFirst: true });
    const second = await mapped(context, 5, state);
    expect(context.calls.map((call) => [call.name, call.inputs['fused'], call.inputs['keys']])).toEqual([
      ['warm', range(6, 15), [0]],
      ['map', range(15, 18), [90]],
    ]);
    // Of the warm-up's tokens the last hop counts.
    expect(first).toEqual({ tokens: [63, 76, 90], summary: [90] });
    expect(second).toEqual({ tokens: [105, 121, 138], summary: [138] });
  });

  test('without anything remembered, as at the start of the media, begins with the plain graph', async () => {
    const context = contextOf();
    await mapped(context, 0, new Map(), { isFirst: true });
    expect(context.calls.map((call) => call.name)).toEqual(['map']);
  });

  test('keeps nothing of the warm-up but the state of the graph', async () => {
    const context = contextOf();
    const state: RunState = new Map();
    await remember(context, 3, state);
    await mapped(context, 4, state, { isFirst: true });
    expect([...state.keys()]).toEqual(['mapper.keys']);
  });
});

describe('mapKernel() over windows', () => {
  const window = { mode: 'window' as const, windowPoints: 9 };
  const regression: MapperManifest = { kind: 'regression', graph: 'map', tokenWidth: 1 };
  const negate: FakeGraph = ({ fused }) => ({ tokens: fused!.map((value) => -value) });

  test('regression sees the whole window that ends with the hop, whether its features sounded or were remembered', async () => {
    const manifest = manifestOf({ ...window, fusion: { kind: 'add', width: 1 }, mapper: regression });
    const context = new FakeContext(manifest, { map: negate });
    const state: RunState = new Map();
    for (const hop of [0, 1]) await remember(context, hop, state);
    for (const hop of [2, 3, 4])
      expect(await mapped(context, hop, state)).toEqual({
        tokens: range(hop * 3 - 6, hop * 3 + 3).map((point) => -point),
      });
  });

  test('a warm-up longer than the window is more than it needs, and the window keeps its size', async () => {
    const manifest = manifestOf({ ...window, fusion: { kind: 'add', width: 1 }, mapper: regression });
    const context = new FakeContext(manifest, { map: negate });
    const state: RunState = new Map();
    for (const hop of [0, 1, 2, 3]) await remember(context, hop, state);
    expect((await mapped(context, 4, state))['tokens']).toEqual(range(6, 15).map((point) => -point));
    expect((await mapped(context, 5, state))['tokens']).toEqual(range(9, 18).map((point) => -point));
  });

  test('cat-time windows hold each sequence in one piece', async () => {
    const manifest = manifestOf({
      ...window,
      encoders: [ENCODER, { ...ENCODER, name: 'colour' }],
      fusion: { kind: 'cat-time', width: 1 },
      mapper: { kind: 'none', tokenWidth: 1 },
    });
    const context = new FakeContext(manifest, {});
    const state: RunState = new Map();
    for (const hop of [0, 1]) await remember(context, hop, state);
    for (const hop of [2, 3]) {
      const points = range(hop * 3 - 6, hop * 3 + 3);
      expect((await mapped(context, hop, state))['tokens']).toEqual([
        ...points,
        ...points.map((point) => point + 500),
      ]);
    }
  });

  test('none hands the features of the hop on in causal mode', async () => {
    const manifest = manifestOf({
      fusion: { kind: 'add', width: 1 },
      mapper: { kind: 'none', tokenWidth: 1 },
    });
    expect(await mapped(new FakeContext(manifest, {}), 4, new Map())).toEqual({ tokens: [12, 13, 14] });
  });

  test('hands a summary on where the graph gives one, in causal mode too', async () => {
    const manifest = manifestOf({
      fusion: { kind: 'add', width: 1 },
      mapper: { ...regression, summaryWidth: 1 },
    });
    const context = new FakeContext(manifest, {
      map: ({ fused }) => ({ tokens: fused!, summary: Float32Array.of(7) }),
    });
    expect(await mapped(context, 1, new Map())).toEqual({ tokens: [3, 4, 5], summary: [7] });
  });
});

describe('mapKernel() by diffusion', () => {
  const manifest = manifestOf({
    mode: 'window',
    windowPoints: 6,
    fusion: { kind: 'add', width: 1 },
    mapper: { kind: 'diffusion', graph: 'map', tokenWidth: 2, steps: 4 },
    graphs: { map: graphOf({ x: [1, 6, 2], fused: [1, 6, 1], time: [1] }) },
  });
  const still: FakeGraph = ({ x }) => ({ velocity: new Float32Array(x!.length) });

  test('starts from the noise of the points of the window, by seed, in a stream of its own', async () => {
    const context = new FakeContext(manifest, { map: still });
    const state: RunState = new Map();
    await remember(context, 0, state);
    const { tokens } = await mapped(context, 1, state, { seed: 9 });
    const noise = new Float32Array(12);
    drawNoise(noise, { seed: 9, firstPoint: 0, width: 2, stream: 'tokens' });
    expect(tokens).toEqual([...noise]);
  });

  test('integrates the velocity over its steps by time, seeing the features all along', async () => {
    const context = new FakeContext(manifest, {
      map: ({ x, time }) => ({ velocity: new Float32Array(x!.length).fill(8 * time![0]!) }),
    });
    const state: RunState = new Map();
    await remember(context, 0, state);
    const { tokens } = await mapped(context, 1, state);
    expect(context.calls.map((call) => call.inputs['time'])).toEqual([[0], [0.25], [0.5], [0.75]]);
    for (const call of context.calls) expect(call.inputs['fused']).toEqual(range(0, 6));
    const noise = context.calls[0]!.inputs['x']!;
    tokens!.forEach((value, i) =>
      expect(value).toBeCloseTo(noise[i]! + 8 * 0.25 * (0 + 0.25 + 0.5 + 0.75), 5),
    );
  });
});
