import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEngine, Session } from 'livefoley';
import { softwareVulkan } from '../../scripts/software-vulkan.js';
import type { BundleManifest } from '../../src/runtime/bundle-manifest.js';
import type { Lane } from '../../src/runtime/lane.js';
import type { ProcessLane } from '../../src/runtime/process-lane.js';
import { TEXT_BUNDLE } from '../../src/runtime/find-bundle.js';
import { decideDevice, probeDevice } from '../../src/runtime/probe-device.js';
import { BUNDLES, BundleCopies } from './bundle-fixture.js';
import { fixturePath, movingPictures, PROBE_ENTRY, startLane } from './lane-fixture.js';
import { oneNodeModel } from './onnx-model.js';

const driver = softwareVulkan();
const laneEnv = 'env' in driver ? driver.env : {};
if ('reason' in driver) process.stderr.write(`Tests of WebGPU are skipped: ${driver.reason}\n`);

/** A software driver compiles the shaders of every graph anew in every process. Unit: ms. */
const LOAD_LIMIT_MS = 300_000;

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

const BUNDLE_NAMES = readdirSync(BUNDLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  // What reads texts runs on the CPU alone.
  .filter((name) => name !== TEXT_BUNDLE);

describe.skipIf('reason' in driver)('WebGPU on a software driver', () => {
  describe.each(BUNDLE_NAMES)('bundle %s', (name) => {
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

  test(
    'an engine computes on it when asked to',
    async () => {
      await using engine = await createEngine({
        bundle: 'conformance-window',
        device: 'webgpu',
        lanes: 2,
        laneEnv,
      });
      expect(engine.device).toBe('webgpu');
      const measured = expect.any(Number) as unknown;
      expect(engine.probes).toEqual([
        { device: 'webgpu', state: 'usable', hopMs: measured, loadMs: measured },
      ]);
      expect(engine.lanePids).toHaveLength(1);
      await using reference = await createEngine({ bundle: 'conformance-window', device: 'cpu' });
      const [expected, actual] = [
        await samplesOf(reference.score(movingPictures(18)), 18),
        await samplesOf(engine.score(movingPictures(18)), 18),
      ];
      expect(rms(actual.map((sample, i) => sample - expected[i]!)) / rms(expected)).toBeLessThan(1e-5);
    },
    LOAD_LIMIT_MS,
  );

  test(
    'auto rejects a software driver, which is slower than the CPU, and says so',
    async () => {
      const decision = await decideDevice('auto', {
        bundle: `${BUNDLES}/conformance-window`,
        entry: PROBE_ENTRY,
        env: laneEnv,
        limitMs: LOAD_LIMIT_MS,
      });
      expect(decision.device).toBe('cpu');
      const webgpu = decision.probes.find(({ device }) => device === 'webgpu');
      const reason = expect.stringMatching(
        /^slower than the CPU here \([\d.]+ ms a hop against [\d.]+ ms\)/,
      ) as unknown;
      expect(webgpu).toEqual({ device: 'webgpu', state: 'rejected', place: 'environment', reason });
    },
    LOAD_LIMIT_MS,
  );

  test('a graph that does not run wholly on it is rejected, not computed in part on the CPU', async () => {
    await using copies = await BundleCopies.create();
    const model = oneNodeModel({
      operator: 'Hardmax',
      input: 'frames',
      output: 'features',
      shape: [1, 3, 8],
    });
    await copies.replace('conformance', 'motion.onnx', model);
    const options = { bundle: copies.path('conformance'), entry: PROBE_ENTRY, env: laneEnv };
    const reason = 'a graph of the bundle cannot run wholly on it';
    const expected = { device: 'webgpu', state: 'rejected', place: 'environment', reason };
    expect(await probeDevice('webgpu', options)).toEqual(expected);
  });
});

test.each([
  { says: 'without a driver', env: laneEnv },
  { says: 'without a driver and its loader', env: {} },
])('an explicit webgpu $says fails in the environment and falls back to nothing', async ({ env }) => {
  const none = { VK_DRIVER_FILES: '/no/such/icd.json', VK_ICD_FILENAMES: '/no/such/icd.json' };
  const start = createEngine({ bundle: 'conformance', device: 'webgpu', laneEnv: { ...env, ...none } });
  await expect(start).rejects.toMatchObject({
    name: 'LivefoleyError',
    place: 'environment',
    message: expect.stringMatching(
      /^Cannot compute on webgpu: (no usable Vulkan|this build of ONNX Runtime)/,
    ) as unknown,
  });
});

/** Names of the graphs that a spying lane has run. */
async function usedGraphs(lane: Lane): Promise<string[]> {
  const { value } = await lane.fetch({ kernel: 'used', key: 'spy/run', position: 0 });
  return Object.keys(value);
}

async function samplesOf(session: Session, points: number): Promise<Float32Array> {
  const samples = new Float32Array(points * 1600);
  for await (const { position, channels } of session.blocks) samples.set(channels[0]!, position);
  return samples;
}

function rms(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
