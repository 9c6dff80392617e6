import { describe, expect, test } from 'vitest';
import type { FusionManifest } from '../../src/runtime/bundle-manifest.js';
import { fuseKernel } from '../../src/stages/fuse-kernel.js';
import { ENCODER, FakeContext, graphOf, manifestOf, stepOf } from './fakes.js';

const MOTION = Float32Array.of(1, 2, 3, 4, 5, 6);
const COLOUR = Float32Array.of(10, 20, 30, 40, 50, 60);

async function fused(
  fusion: FusionManifest,
  features: Record<string, Float32Array>,
): Promise<{ fused: number[]; seen: number[] }> {
  // Named so that the order of the manifest is not the order of the names or of the record.
  const encoders = ['zebra', 'ant'].map((name) => ({ ...ENCODER, name }));
  const manifest = manifestOf({ encoders, fusion, graphs: { fuse: graphOf({ features: [1, 3, 4] }) } });
  const context = new FakeContext(manifest, {
    fuse: ({ features: all }) => ({ fused: all!.map((value) => -value) }),
  });
  const result = await fuseKernel(stepOf({ inputs: [features] }), context);
  return { fused: [...result['fused']!], seen: context.calls[0]?.inputs['features'] ?? [] };
}

describe('fuseKernel()', () => {
  test('project concatenates channels point by point in the order of the manifest, then runs the graph', async () => {
    const result = await fused({ kind: 'project', graph: 'fuse', width: 4 }, { ant: COLOUR, zebra: MOTION });
    expect(result.seen).toEqual([1, 2, 10, 20, 3, 4, 30, 40, 5, 6, 50, 60]);
    expect(result.fused).toEqual(result.seen.map((value) => -value));
  });

  test('project takes encoders of different widths', async () => {
    const result = await fused(
      { kind: 'project', graph: 'fuse', width: 3 },
      { ant: Float32Array.of(7, 8, 9), zebra: MOTION },
    );
    expect(result.seen).toEqual([1, 2, 7, 3, 4, 8, 5, 6, 9]);
  });

  test('add sums, without a graph too, and leaves the features as they are', async () => {
    const result = await fused({ kind: 'add', width: 2 }, { ant: COLOUR, zebra: MOTION });
    expect(result.fused).toEqual([11, 22, 33, 44, 55, 66]);
    expect([...MOTION]).toEqual([1, 2, 3, 4, 5, 6]);
    const projected = await fused({ kind: 'add', graph: 'fuse', width: 2 }, { ant: COLOUR, zebra: MOTION });
    expect(projected.fused).toEqual([-11, -22, -33, -44, -55, -66]);
  });

  test('cat-time puts one sequence after the other', async () => {
    const result = await fused({ kind: 'cat-time', width: 2 }, { ant: COLOUR, zebra: MOTION });
    expect(result.fused).toEqual([...MOTION, ...COLOUR]);
  });
});
