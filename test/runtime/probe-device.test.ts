import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decideDevice, probeDevice, type ProbeOptions } from '../../src/runtime/probe-device.js';
import { BUNDLES, BundleCopies } from './bundle-fixture.js';
import { eventually, fixturePath, isRunning, PROBE_ENTRY } from './lane-fixture.js';

const OPTIONS: ProbeOptions = { bundle: `${BUNDLES}/conformance-window`, entry: PROBE_ENTRY };

/** Environment in which there is no Vulkan driver, whatever the machine has. */
const NO_DRIVER = { VK_DRIVER_FILES: '/no/such/icd.json', VK_ICD_FILENAMES: '/no/such/icd.json' };

function crashing(deed: string): ProbeOptions {
  return {
    ...OPTIONS,
    entry: fixturePath('crashing-probe.js'),
    env: { LIVEFOLEY_TEST_DEED: deed },
    limitMs: 2_000,
  };
}

describe('probeDevice()', () => {
  test('measures a device that works', async () => {
    const probe = await probeDevice('cpu', OPTIONS);
    expect(probe).toMatchObject({ device: 'cpu', state: 'usable' });
    if (probe.state !== 'usable') return;
    expect(probe.hopMs).toBeGreaterThan(0);
    expect(probe.loadMs).toBeGreaterThan(0);
  });

  test.each([
    { deed: 'abort', reason: 'the probe ended with SIGABRT' },
    { deed: 'hang', reason: 'no answer within 2 s' },
  ])('survives a probe that does this: $deed', async ({ deed, reason }) => {
    const probe = await probeDevice('webgpu', crashing(deed));
    expect(probe).toEqual({ device: 'webgpu', state: 'rejected', place: 'environment', reason });
  });

  test('names the library that only the log names', async () => {
    const probe = await probeDevice('webgpu', crashing('missing library'));
    expect(probe).toMatchObject({
      reason: expect.stringMatching(/CUDA 12 and cuDNN 9.*\(libcudnn\.so\.9 cannot be found\)$/) as unknown,
    });
  });

  test('leaves the blame with the bundle where it lies there', async () => {
    await using copies = await BundleCopies.create();
    writeFileSync(copies.path('conformance-window', 'decode.onnx'), 'not a graph');
    const options = { ...OPTIONS, bundle: copies.path('conformance-window') };
    expect(await probeDevice('cpu', options)).toMatchObject({
      state: 'rejected',
      place: 'bundle',
      reason: expect.stringContaining('decode.onnx') as unknown,
    });
  });

  test('gives a probe up at once when it is no longer wanted, and leaves no process', async () => {
    const stop = new AbortController();
    const probing = probeDevice('webgpu', { ...crashing('hang'), limitMs: 60_000, signal: stop.signal });
    const children = (): number[] => childrenOf(process.pid);
    if (process.platform === 'linux') await eventually('the probe runs', () => children().length > 0);
    stop.abort(new Error('no longer wanted'));
    await expect(probing).rejects.toThrow('no longer wanted');
    if (process.platform === 'linux') await eventually('the probe is gone', () => children().length === 0);
  });

  test('says what to do where CUDA is not installed', async () => {
    const probe = await probeDevice('cuda', OPTIONS);
    if (probe.state === 'usable') return;
    expect(probe.place).toBe('environment');
    expect(probe.reason).toMatch(
      /is not installed; run 'node node_modules|there is no CUDA for Node\.js|CUDA/,
    );
  });
});

describe('decideDevice()', () => {
  test('does not probe for the CPU', async () => {
    expect(await decideDevice('cpu', { ...OPTIONS, entry: '/no/such/entry.js' })).toEqual({
      device: 'cpu',
      probes: [],
    });
  });

  test('auto falls back to the CPU, with a reason for every device before it', async () => {
    const { device, probes } = await decideDevice('auto', { ...OPTIONS, env: NO_DRIVER });
    if (probes.some(({ state }) => state === 'usable')) return;
    expect(device).toBe('cpu');
    expect(probes.map((probe) => probe.device)).toEqual(['cuda', 'webgpu']);
    for (const probe of probes)
      expect(probe).toMatchObject({
        state: 'rejected',
        place: 'environment',
        reason: expect.stringMatching(/\w/) as unknown,
      });
  });

  test('an explicit choice never falls back', async () => {
    const decision = decideDevice('webgpu', crashing('abort'));
    await expect(decision).rejects.toMatchObject({
      name: 'LivefoleyError',
      place: 'environment',
      message: 'Cannot compute on webgpu: the probe ended with SIGABRT',
    });
  });
});

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return children.filter(Boolean).map(Number).filter(isRunning);
}
