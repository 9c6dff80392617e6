import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Session } from 'livefoley';
import { softwareVulkan } from '../../scripts/software-vulkan.js';
import type { BundleManifest } from '../../src/runtime/bundle-manifest.js';
import type { Lane } from '../../src/runtime/lane.js';
import type { ProcessLane } from '../../src/runtime/process-lane.js';
import { BUNDLES } from './bundle-fixture.js';
import { fixturePath, movingPictures, startLane } from './lane-fixture.js';

export const driver = softwareVulkan();
export const laneEnv = 'env' in driver ? driver.env : {};
if ('reason' in driver) process.stderr.write(`Tests of WebGPU are skipped: ${driver.reason}\n`);

/** A software driver compiles the shaders of every graph anew in every process. Unit: ms. */
export const LOAD_LIMIT_MS = 300_000;

/**
 * How far the sound may be from the CPU's: the rms of the difference over the rms of the sound, in multiples of the
 * bundle's own tolerance for one graph (there are several in a row, and their state goes from hop to hop).
 * Measured on SwiftShader: conformance bundles, 1 to 4 steps, 1.7e-7 (136 dB) where 5e-3 is allowed; live, 2 steps,
 * 1.3e-6 (118 dB) where 0.1 is allowed.
 */
const TOLERANCE_FACTOR = 5;

/**
 * The same for a bundle that computes in integers on the CPU alone: there the two devices play another rounding of one
 * sound. Measured on four clips, floats beside integers: 0.06 to 0.08.
 */
const INTEGER_TOLERANCE = 0.2;

/** That a bundle loads on WebGPU, and sounds there as on the CPU. */
export function describeBundle(name: string): void {
  describe.skipIf('reason' in driver)(`WebGPU on a software driver: bundle ${name}`, () => {
    const manifest = JSON.parse(readFileSync(`${BUNDLES}/${name}/bundle.json`, 'utf8')) as BundleManifest;
    const { graph, steps, unrolled = {} } = manifest.flow;
    const isTiny = manifest.system === 'conformance';
    // A trained bundle takes seconds a hop on such a driver, and a window of it minutes: there its golden answers must do.
    const points = (isTiny ? 15 : 1) * manifest.hopPoints;
    const isQuickEnough = isTiny || manifest.mode === 'causal';
    const withoutGraph = [3, 2].find((count) => count <= steps.max && !(count in unrolled));
    let gpu: ProcessLane;
    let cpu: ProcessLane;

    beforeAll(async () => {
      cpu = await startLane(name);
      // Loading holds the golden answer of every graph, and refuses a graph of which one node would run on the CPU.
      gpu = await startLane(name, { device: 'webgpu', env: laneEnv, entry: fixturePath('spying-lane.js') });
    }, LOAD_LIMIT_MS);

    afterAll(async () => {
      await Promise.all([gpu, cpu].map((lane) => lane?.close()));
    });

    test('loads all of its graphs, whose golden answers hold', () => {
      expect(gpu.pid).toBeDefined();
      expect(gpu.device).toBe('webgpu');
    });

    test.runIf(isQuickEnough)(
      'sounds as on the CPU, the steps of the flow unrolled in one graph',
      async () => {
        expect(await differenceAt(steps.default)).toBeLessThan(
          manifest.golden.gpu ? INTEGER_TOLERANCE : TOLERANCE_FACTOR * manifest.golden.tolerance.webgpu,
        );
        const used = await usedGraphs(gpu);
        const unrolledName = unrolled[steps.default];
        expect(used).toContain(unrolledName ?? graph);
        if (unrolledName !== undefined) expect(used).not.toContain(graph);
      },
      LOAD_LIMIT_MS,
    );

    test.runIf(isTiny && withoutGraph !== undefined)(
      'sounds as on the CPU, step by step where no graph has so many',
      async () => {
        expect(await differenceAt(withoutGraph!)).toBeLessThan(
          manifest.golden.gpu ? INTEGER_TOLERANCE : TOLERANCE_FACTOR * manifest.golden.tolerance.webgpu,
        );
        expect(await usedGraphs(gpu)).toContain(graph);
      },
      LOAD_LIMIT_MS,
    );

    async function differenceAt(count: number): Promise<number> {
      const [expected, actual] = [await render(cpu, count), await render(gpu, count)];
      expect(rms(expected)).toBeGreaterThan(1e-5);
      return rms(actual.map((sample, i) => sample - expected[i]!)) / rms(expected);
    }

    function render(lane: Lane, count: number): Promise<Float32Array> {
      const frames = movingPictures(points, manifest.picture.width);
      const parts = { manifest, lanes: [lane], key: `session-${count}`, onClose: () => undefined };
      return samplesOf(new Session(frames, parts, { steps: count, seed: 1 }), points);
    }
  });
}

/** Names of the graphs that a spying lane has run. */
async function usedGraphs(lane: Lane): Promise<string[]> {
  const { value } = await lane.fetch({ kernel: 'used', key: 'spy/run', position: 0 });
  return Object.keys(value);
}

export async function samplesOf(session: Session, points: number): Promise<Float32Array> {
  const samples = new Float32Array(points * 1600);
  for await (const { position, channels } of session.blocks) samples.set(channels[0]!, position);
  return samples;
}

export function rms(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
