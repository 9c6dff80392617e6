import { describe, expect, test } from 'vitest';
import type { RunState } from '../../src/runtime/lane.js';
import { decodeKernel } from '../../src/stages/decode-kernel.js';
import { FakeContext, graphOf, manifestOf, stepOf, type FakeGraph } from './fakes.js';

const pair = { input: 'tail', output: 'tailNext', initial: 0.5 };
const graphs = { decode: graphOf({ latents: [1, 3, 2], tail: [1] }, [pair]) };

/** Sounds the latents, with what was left of the call before in front. */
const carrying: FakeGraph = ({ latents, tail }) => ({
  pcm: Float32Array.of(tail![0]!, ...latents!),
  tailNext: Float32Array.of(latents!.at(-1)!),
});

async function decoded(context: FakeContext, latents: readonly number[], state: RunState): Promise<number[]> {
  const step = stepOf({ inputs: [{ latents: Float32Array.from(latents) }], state });
  return [...(await decodeKernel(step, context))['pcm']!];
}

describe('decodeKernel()', () => {
  test('keeps the state of the decoder from hop to hop in causal mode', async () => {
    const context = new FakeContext(manifestOf({ graphs }), { decode: carrying });
    const state: RunState = new Map();
    expect(await decoded(context, [1, 2, 3, 4, 5, 6], state)).toEqual([0.5, 1, 2, 3, 4, 5, 6]);
    expect(await decoded(context, [7, 8, 9, 10, 11, 12], state)).toEqual([6, 7, 8, 9, 10, 11, 12]);
    expect([...state.keys()]).toEqual(['decoder.tail']);
  });

  test('in window mode decodes the end of the window with its halo, from fresh state each time', async () => {
    const manifest = manifestOf({
      mode: 'window',
      windowPoints: 9,
      decoder: { graph: 'decode', delayFrames: 4, haloPoints: 2 },
      graphs,
    });
    const context = new FakeContext(manifest, { decode: carrying });
    const state: RunState = new Map();
    const window = Array.from({ length: 18 }, (_, i) => i + 1);
    // Three points of the hop and two before it, two numbers each.
    for (let i = 0; i < 2; i += 1)
      expect(await decoded(context, window, state)).toEqual([0.5, ...window.slice(8)]);
    expect(state.size).toBe(0);
  });
});
