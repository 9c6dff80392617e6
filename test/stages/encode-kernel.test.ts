import { describe, expect, test } from 'vitest';
import type { RunState } from '../../src/runtime/lane.js';
import { encodeKernel, type EncodeOptions } from '../../src/stages/encode-kernel.js';
import type { VideoFrame } from '../../src/stream/video-frame.js';
import { ENCODER, FakeContext, graphOf, manifestOf, stepOf, type FakeGraph } from './fakes.js';

/** One pixel whose red says which point it was taken for. */
function pictureOf(label: number): VideoFrame {
  return { position: 0, width: 1, height: 1, format: 'rgb24', data: Uint8Array.of(label, 0, 0) };
}

/** Gives each picture's red back as its only feature. */
const redOf: FakeGraph = ({ frames, picture }) => {
  const red = (picture ?? frames!).filter((_, i) => i % 3 === 0);
  return { features: red };
};

const SLOW = { ...ENCODER, name: 'slow', graph: 'slow', featureWidth: 1 };

/** Runs hops in a row in one state; hop h shows pictures labelled by their points, from 100 on. */
async function run(
  context: FakeContext,
  hops: readonly number[],
  state: RunState = new Map(),
  restartsAt: readonly number[] = [],
): Promise<Record<string, number[]>[]> {
  const results: Record<string, number[]>[] = [];
  for (const hop of hops) {
    const { hopPoints } = context.manifest;
    const labels = Array.from({ length: hopPoints }, (_, i) => 100 + hop * hopPoints + i);
    const options: EncodeOptions = {
      hop,
      pictureOfPoint: labels.map((_, i) => i),
      restarts: restartsAt.includes(hop),
    };
    const features = await encodeKernel(stepOf({ pictures: labels.map(pictureOf), options, state }), context);
    results.push(Object.fromEntries(Object.entries(features).map(([name, values]) => [name, [...values]])));
  }
  return results;
}

describe('encodeKernel() of an encoder at every point', () => {
  test('hands its graph the pictures of the hop, normalised, those shown twice twice', async () => {
    const encoder = { ...ENCODER, mean: [100, 0, 0], std: [2, 1, 1] };
    const manifest = manifestOf({
      encoders: [encoder],
      graphs: { motion: graphOf({ frames: [1, 3, 3, 1, 1] }) },
    });
    const context = new FakeContext(manifest, { motion: redOf });
    const options: EncodeOptions = { hop: 0, pictureOfPoint: [0, 0, 1], restarts: false };
    const { motion } = await encodeKernel(
      stepOf({ pictures: [pictureOf(102), pictureOf(110)], options }),
      context,
    );
    expect([...motion!]).toEqual([1, 1, 5]);
    expect(context.calls).toHaveLength(1);
    expect(context.calls[0]!.inputs['frames']).toEqual([1, 0, 0, 1, 0, 0, 5, 0, 0]);
  });

  test('squeezes pictures of any size to that of the bundle', async () => {
    const manifest = manifestOf({ graphs: { motion: graphOf({ frames: [1, 3, 3, 1, 1] }) } });
    const context = new FakeContext(manifest, { motion: redOf });
    const large: VideoFrame = {
      position: 0,
      width: 2,
      height: 1,
      format: 'rgba',
      data: Uint8Array.of(10, 0, 0, 9, 30, 0, 0, 9),
    };
    const options: EncodeOptions = { hop: 0, pictureOfPoint: [0, 0, 0], restarts: false };
    const { motion } = await encodeKernel(stepOf({ pictures: [large], options }), context);
    expect([...motion!]).toEqual([20, 20, 20]);
  });

  test('carries the state of its graph from hop to hop, from the initial value on, until it restarts', async () => {
    const pair = { input: 'sum', output: 'sumNext', initial: 1000 };
    const manifest = manifestOf({
      graphs: { motion: graphOf({ frames: [1, 3, 3, 1, 1], sum: [1] }, [pair]) },
    });
    const context = new FakeContext(manifest, {
      motion: (inputs) => {
        const sum = inputs['sum']![0]! + redOf(inputs)['features']!.reduce((a, b) => a + b, 0);
        return { features: Float32Array.of(sum), sumNext: Float32Array.of(sum) };
      },
    });
    const results = await run(context, [0, 1, 2], new Map(), [2]);
    expect(results.map((result) => result['motion'])).toEqual([[1303], [1303 + 312], [1000 + 321]]);
  });

  test('keeps the states of two encoders apart', async () => {
    const pair = { input: 'memory', output: 'memoryNext', initial: 0 };
    const counting =
      (step: number): FakeGraph =>
      (inputs) => {
        const next = Float32Array.of(inputs['memory']![0]! + step);
        return { features: next, memoryNext: next };
      };
    const graph = graphOf({ frames: [1, 3, 3, 1, 1], memory: [1] }, [pair]);
    const encoders = [ENCODER, { ...ENCODER, name: 'other', graph: 'other' }];
    const context = new FakeContext(manifestOf({ encoders, graphs: { motion: graph, other: graph } }), {
      motion: counting(1),
      other: counting(10),
    });
    expect((await run(context, [0, 1, 2])).at(-1)).toEqual({ motion: [3], other: [30] });
  });
});

describe('encodeKernel() of a slower encoder', () => {
  /** The rule of the manifest: point p uses the picture at floor(p / every) * every - lag. */
  function expected(point: number, every: number, lag: number): number {
    return 100 + Math.floor(point / every) * every - lag;
  }

  test.each([
    [3, 0, 3],
    [6, 6, 3],
    [6, 0, 3],
    [3, 6, 3],
    [2, 4, 6],
    [12, 12, 3],
    [6, 12, 6],
  ])(
    'every %s points with a lag of %s, in hops of %s, holds the features of the right picture',
    async (everyPoints, lagPoints, hopPoints) => {
      const encoder = { ...SLOW, everyPoints, lagPoints };
      const manifest = manifestOf({
        hopPoints,
        encoders: [encoder],
        graphs: { slow: graphOf({ picture: [1, 3, 1, 1] }) },
      });
      const context = new FakeContext(manifest, { slow: redOf });
      const hops = Array.from({ length: 16 }, (_, i) => i - 4);
      const results = await run(context, hops);
      const primed = lagPoints + everyPoints - 1;
      results.forEach((result, i) => {
        result['slow']!.forEach((value, j) => {
          const point = hops[i]! * hopPoints + j;
          if (point - hops[0]! * hopPoints >= primed)
            expect(value).toBe(expected(point, everyPoints, lagPoints));
        });
      });
      const encoded = context.calls.map((call) => call.inputs['picture']![0]!);
      const due = hops
        .flatMap((hop) => Array.from({ length: hopPoints }, (_, j) => hop * hopPoints + j))
        .filter((point) => point % everyPoints === 0);
      expect(encoded).toEqual(due.map((point) => 100 + point));
    },
  );

  test('starts anew where it restarts: nothing of before is left', async () => {
    const encoder = { ...SLOW, everyPoints: 6, lagPoints: 6 };
    const manifest = manifestOf({
      encoders: [encoder],
      graphs: { slow: graphOf({ picture: [1, 3, 1, 1] }) },
    });
    const state: RunState = new Map();
    await run(new FakeContext(manifest, { slow: redOf }), [0, 1, 2, 3], state);
    const [restarted] = await run(new FakeContext(manifest, { slow: redOf }), [10], state, [10]);
    expect(restarted!['slow']).toEqual([0, 0, 0]);
  });

  test('leaves a snapshot taken before as it was', async () => {
    const encoder = { ...SLOW, everyPoints: 3 };
    const manifest = manifestOf({
      encoders: [encoder],
      graphs: { slow: graphOf({ picture: [1, 3, 1, 1] }) },
    });
    const context = new FakeContext(manifest, { slow: redOf });
    const state: RunState = new Map();
    await run(context, [0], state);
    const snapshot = new Map(state);
    const copies = [...snapshot].map(([key, values]) => [key, [...values]]);
    await run(context, [1, 2], state);
    expect([...snapshot].map(([key, values]) => [key, [...values]])).toEqual(copies);
  });
});
