import { describe, expect, test } from 'vitest';
import { createEngine } from 'livefoley';
import { decideDevice, probeDevice } from '../../src/runtime/probe-device.js';
import { BUNDLES, BundleCopies } from './bundle-fixture.js';
import { movingPictures, PROBE_ENTRY } from './lane-fixture.js';
import { oneNodeModel } from './onnx-model.js';
import { describeBundle, driver, laneEnv, LOAD_LIMIT_MS, rms, samplesOf } from './webgpu-bundle.js';

// The trained ones take minutes there: webgpu.thorough.ts.
describeBundle('conformance');
describeBundle('conformance-window');

describe.skipIf('reason' in driver)('WebGPU on a software driver', () => {
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
