/** What ONNX Runtime for Node.js does badly, and that we stay out of it: `onnxruntime-node` 1.30.0, see each test. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { InferenceSession } from 'onnxruntime-node';
import ts from 'typescript';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { loadBundle } from '../../src/runtime/bundle.js';
import type { Device } from '../../src/runtime/device.js';
import { loadGraphs, type LoadedGraphs } from '../../src/runtime/load-graphs.js';
import { BUNDLES } from './bundle-fixture.js';
import { fixturePath, isRunning, RunDriver, startLane } from './lane-fixture.js';
import { nodesOf } from './onnx-model.js';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

/** Every module that an entry of `dist` reaches, and the packages they import. */
function reachableFrom(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [join(DIST, entry)];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const { fileName } of ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles) {
      if (fileName.startsWith('.')) waiting.push(join(dirname(file), fileName));
      else packages.add(fileName);
    }
  }
  return { files, packages };
}

describe('a run blocks its thread, and its thread cannot be ended', () => {
  // run() and create() block for all they take; a worker ended meanwhile, or an exit of the process, is SIGABRT.
  const cli = existsSync(join(DIST, 'cli'))
    ? readdirSync(join(DIST, 'cli')).filter((name) => name.endsWith('.js'))
    : [];

  // The thread that squeezes pictures too: it is ended with its stream.
  test.each(['index.js', 'rtc/squeeze-worker.js', ...cli.map((name) => `cli/${name}`)])(
    'what %s imports never imports ONNX Runtime',
    (entry) => {
      const { files, packages } = reachableFrom(entry);
      expect([...packages].filter((name) => name.startsWith('onnxruntime'))).toEqual([]);
      expect([...files].map((file) => relative(DIST, file))).not.toContain('runtime/load-graphs.js');
    },
  );

  test('a process that renders does not load it', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [fixturePath('main-process.js')]);
    const { blocks, loaded, found } = JSON.parse(stdout) as {
      blocks: number;
      loaded: string[];
      found: number;
    };
    expect(blocks).toBe(100);
    expect(found).toBeGreaterThan(0);
    expect(loaded).toEqual([]);
  });

  test.each(['lane.js', 'probe.js'])('%s, which does, uses no worker threads', (entry) => {
    const { packages } = reachableFrom(entry);
    expect([...packages].filter((name) => /worker_threads|cluster/.test(name))).toEqual([]);
    expect(packages.has('onnxruntime-node')).toBe(true);
  });
});

describe('sessions share two cores', () => {
  // Two sessions with default options give half of what two with one thread each give; they spin while idle.
  test.each<Device>(['cpu', 'webgpu'])('each has one thread and its own device only (%s)', async (device) => {
    const create = vi.spyOn(InferenceSession, 'create').mockRejectedValue(new Error('seen'));
    try {
      await expect(loadGraphs(await loadBundle('conformance'), device)).rejects.toThrow('seen');
      const [, options] = create.mock.calls[0] as unknown as [unknown, InferenceSession.SessionOptions];
      expect(options).toMatchObject({
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionMode: 'sequential',
      });
      const providers = options.executionProviders!.map((each) =>
        typeof each === 'string' ? each : each.name,
      );
      expect(providers).toEqual([device]);
      // Without this, nodes that the GPU cannot do run on the CPU, and nobody knows.
      const session = device === 'cpu' ? undefined : { disable_cpu_ep_fallback: '1' };
      expect(options.extra?.['session']).toEqual(session);
    } finally {
      create.mockRestore();
    }
  });

  test.runIf(process.platform === 'linux')(
    'a lane with ten graphs has no more threads than Node.js itself',
    async () => {
      await using lane = await startLane('conformance');
      await new RunDriver(lane).hops(5);
      expect(isRunning(lane.pid!)).toBe(true);
      const threads = Number(/^Threads:\s*(\d+)/m.exec(readFileSync(`/proc/${lane.pid}/status`, 'utf8'))![1]);
      // Twelve here, of Node.js, V8 and libuv; nineteen with ONNX Runtime's default options on two cores.
      expect(threads).toBeLessThanOrEqual(14);
    },
  );

  test.runIf(process.platform === 'linux')('a lane with nothing to do uses no time', async () => {
    await using lane = await startLane('conformance');
    await new RunDriver(lane).hops(5);
    const before = cpuTicksOf(lane.pid!);
    // What the other half of the machine does in between takes time, too, but none of the lane's.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    // A hundred ticks are a second; a session that spins takes all of them.
    expect(cpuTicksOf(lane.pid!) - before).toBeLessThan(20);
  });
});

describe('a graph', () => {
  let graphs: LoadedGraphs;
  beforeAll(async () => {
    graphs = await loadGraphs(await loadBundle('conformance'), 'cpu');
  });

  // ONNX Runtime ignores a feed it does not know.
  test('refuses an input that it does not have', async () => {
    const inputs = { features: new Float32Array(48), feature: new Float32Array(48) };
    await expect(graphs.get('fuse')!.run(inputs)).rejects.toThrow(
      "Cannot run graph 'fuse': it has no input 'feature'",
    );
  });

  test('refuses to run without all of its inputs', async () => {
    const run = graphs.get('fuse')!.run({});
    await expect(run).rejects.toThrow("Cannot run graph 'fuse': input 'features' is missing");
    await expect(run).rejects.toBeInstanceOf(TypeError);
  });

  test('refuses an input of another size', async () => {
    const run = graphs.get('fuse')!.run({ features: new Float32Array(47) });
    await expect(run).rejects.toThrow("input 'features' must be [1, 3, 16], received 47 elements");
    await expect(run).rejects.toBeInstanceOf(RangeError);
  });

  test('gives arrays of its own each time', async () => {
    const features = new Float32Array(48).fill(1);
    const first = await graphs.get('fuse')!.run({ features });
    const second = await graphs.get('fuse')!.run({ features });
    expect(first['fused']!.buffer).not.toBe(second['fused']!.buffer);
    expect(first).toEqual(second);
  });
});

describe('tensors on the GPU crash or leak', () => {
  // getData() aborts the process, dispose() after release() segfaults, outputs that stay there leak.
  test.each(['lane.js', 'probe.js'])('%s asks for none', (entry) => {
    for (const file of reachableFrom(entry).files) {
      expect(readFileSync(file, 'utf8'), file).not.toMatch(
        /gpu-buffer|preferredOutputLocation|fromGpuBuffer|\.getData\(|\.gpuBuffer/,
      );
    }
  });
});

const BUNDLE_NAMES = readdirSync(BUNDLES).filter((name) => existsSync(join(BUNDLES, name, 'bundle.json')));

describe.each(BUNDLE_NAMES)('bundle %s', (name) => {
  const files = readdirSync(join(BUNDLES, name)).filter((file) => file.endsWith('.onnx'));

  // Dynamic int8 scales by the whole batch, so a stream's sound would depend on what it is computed with; bodies of
  // loops and branches run on the CPU and cannot be cancelled; random operators break replay.
  const FORBIDDEN =
    /^(Dynamic|MatMulInteger|ConvInteger|Loop$|If$|Scan$|SequenceMap$|Random|Multinomial$|Bernoulli$|Dropout$)/;

  test.each(files)('%s holds no operator that breaks replay or the GPU path', (file) => {
    const nodes = nodesOf(readFileSync(join(BUNDLES, name, file)));
    expect(nodes.length).toBeGreaterThan(0);
    expect(nodes.filter(({ operator }) => FORBIDDEN.test(operator))).toEqual([]);
    expect(
      [...new Set(nodes.map(({ domain }) => domain))].filter(
        (domain) => domain !== '' && domain !== 'com.microsoft',
      ),
    ).toEqual([]);
  });
});

/** What a process has used so far. Unit: ticks, a hundred a second. */
function cpuTicksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
