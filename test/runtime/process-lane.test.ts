import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProcessLane } from '../../src/runtime/process-lane.js';
import type { Step } from '../../src/runtime/lane.js';
import { BundleCopies } from './bundle-fixture.js';
import {
  eventually,
  fixturePath,
  isRunning,
  LANE_ENTRY,
  pictureAt,
  RunDriver,
  startFakeLane,
  startLane,
} from './lane-fixture.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'livefoley-lane-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function step(kernel: string, more: Partial<Step> = {}): Step {
  return { kernel, key: 'fake/run', position: 0, ...more };
}

async function countOf(lane: ProcessLane): Promise<number> {
  return (await lane.fetch(step('count'))).value['count']![0]!;
}

function kill(lane: ProcessLane): void {
  process.kill(lane.pid!, 'SIGKILL');
}

describe('a lane process that dies', () => {
  test('while idle is replaced at once, with its state', async () => {
    await using lane = await startFakeLane();
    expect([await countOf(lane), await countOf(lane)]).toEqual([1, 2]);
    const { pid } = lane;
    kill(lane);
    await eventually('another lane process starts', () => lane.pid !== undefined && lane.pid !== pid);
    expect(lane.restarts).toBe(1);
    expect(await countOf(lane)).toBe(3);
  });

  test('in the middle of its work owes nothing: every result comes, and is the same', async () => {
    await using lane = await startFakeLane({ snapshotEvery: 4 });
    const options = { marker: join(folder, 'die-once') };
    const results = [...Array.from({ length: 9 }, () => countOf(lane))];
    const dies = lane.fetch(step('dieOnce', { key: 'fake/dies', options }));
    results.push(...Array.from({ length: 9 }, () => countOf(lane)));
    expect(await Promise.all(results)).toEqual(Array.from({ length: 18 }, (_, i) => i + 1));
    expect((await dies).value).toEqual({ done: Float32Array.of(1) });
    expect(lane.restarts).toBe(1);
  });

  test.runIf(process.platform === 'linux')('while its replacement loads is replaced again', async () => {
    await using lane = await startFakeLane();
    expect(await countOf(lane)).toBe(1);
    const children = childrenOf(process.pid);
    kill(lane);
    let loading: number | undefined;
    await eventually('a replacement loads', () => {
      loading = childrenOf(process.pid).find((pid) => !children.includes(pid));
      return loading !== undefined;
    });
    expect(lane.pid).toBeUndefined();
    process.kill(loading!, 'SIGKILL');
    expect(await countOf(lane)).toBe(2);
    expect(lane.restarts).toBe(2);
  });

  test('is brought back with pictures and values of other steps', async () => {
    await using lane = await startFakeLane();
    const count = lane.post(step('count'));
    const sum = lane.post(step('sum', { reads: [count], pictures: [pictureAt(1, 4)] }));
    const before = await lane.fetch(step('sum', { reads: [sum, count] }));
    kill(lane);
    const after = await lane.fetch(step('sum', { reads: [sum, count], releases: [sum, count] }));
    expect(after.value).toEqual(before.value);
    expect((await lane.snapshot()).values.size).toBe(0);
  });

  test('again and again ends in one clear error for everything that waits', async () => {
    await using lane = await startFakeLane();
    const results = await Promise.allSettled([
      countOf(lane),
      lane.fetch(step('die')),
      countOf(lane),
      lane.snapshot(),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    const reasons = new Set(
      results.map((result) => (result.status === 'rejected' ? (result.reason as unknown) : undefined)),
    );
    expect(reasons.size).toBe(2);
    const error = { name: 'LivefoleyError', place: 'environment' };
    const message = 'Cannot compute: a lane died 4 times in a row; it ended with SIGKILL';
    expect(results[1]).toMatchObject({ reason: { ...error, message } });
    expect(() => lane.post(step('count'))).toThrow(message);
    expect(lane.restarts).toBe(3);
    expect(lane.pid).toBeUndefined();
  });

  test('again and again while it loads ends in one clear error that says what it said', async () => {
    const env = { LIVEFOLEY_TEST_MARKER: join(folder, 'dies-loading') };
    await using lane = await startFakeLane({ entry: fixturePath('dies-loading.js'), env });
    expect(await countOf(lane)).toBe(1);
    kill(lane);
    await expect(countOf(lane)).rejects.toMatchObject({
      name: 'LivefoleyError',
      place: 'environment',
      message: 'Cannot compute: a lane died 4 times in a row; it ended with code 7: FATAL: no luck today',
    });
  });

  test('by an error outside of a step says which', async () => {
    await using lane = await startFakeLane();
    await expect(lane.fetch(step('throwOutside'))).rejects.toThrow('code 1: Error: thrown outside of a step');
  });
});

describe('a lane process that hangs', () => {
  test('is killed after the stall limit and its work done again, however steadily orders come', async () => {
    await using lane = await startFakeLane({ stallLimitMs: 400 });
    const options = { marker: join(folder, 'hang-once') };
    const result = lane.fetch(step('hangOnce', { options }));
    const orders = setInterval(() => void lane.post(step('nothing')), 50);
    await result.finally(() => clearInterval(orders));
    expect(lane.restarts).toBeGreaterThanOrEqual(1);
  });

  test('every time is reported', async () => {
    await using lane = await startFakeLane({ stallLimitMs: 200 });
    await expect(lane.fetch(step('hang'))).rejects.toThrow('Cannot compute: a lane died 4 times in a row');
  });

  test('is gone after close()', async () => {
    const lane = await startFakeLane();
    const { pid } = lane;
    const result = lane.fetch(step('hang'));
    await Promise.all([lane.close(), expect(result).rejects.toThrow('Cannot compute: the lane is closed')]);
    expect(isRunning(pid!)).toBe(false);
  });
});

describe('the journal', () => {
  test('stays short however long the lane works', async () => {
    await using lane = await startFakeLane({ snapshotEvery: 8 });
    let longest = 0;
    for (let i = 1; i <= 200; i += 1) {
      lane.post(step('nothing'));
      expect(await countOf(lane)).toBe(i);
      longest = Math.max(longest, lane.journalLength);
    }
    expect(longest).toBeLessThanOrEqual(8 * 2 + 4);
  });

  test('stays short, too, without results, with large pictures, and whoever else takes snapshots', async () => {
    await using lane = await startFakeLane({ snapshotEvery: 8 });
    for (let i = 0; i < 5000; i += 1) lane.post(step('nothing'));
    const frame = { ...pictureAt(0, 1), width: 2000, height: 2000, data: new Uint8Array(12_000_000) };
    await eventually('the queue is flushed', () => lane.journalLength === 5000);
    for (let i = 0; i < 6; i += 1) {
      lane.post(step('nothing', { pictures: [frame] }));
      await lane.snapshot();
      expect(lane.journalLength).toBeLessThanOrEqual(1);
    }
  });
});

describe('starting and ending', () => {
  test('a bundle that is refused is an error of place bundle, and leaves no process', async () => {
    await using copies = await BundleCopies.create();
    writeFileSync(copies.path('conformance', 'fuse.onnx'), 'not a graph');
    const children = childrenOf(process.pid);
    const start = ProcessLane.start({ entry: LANE_ENTRY, bundle: copies.path('conformance'), device: 'cpu' });
    await expect(start).rejects.toMatchObject({
      name: 'LivefoleyError',
      place: 'bundle',
      message: expect.stringContaining('fuse.onnx') as unknown,
    });
    expect(childrenOf(process.pid)).toEqual(children);
  });

  test('a process that dies while it loads is an error of place environment', async () => {
    await expect(startFakeLane({ entry: fixturePath('dies-loading.js') })).rejects.toMatchObject({
      name: 'LivefoleyError',
      place: 'environment',
      message: 'Cannot start a lane: it ended with code 7: FATAL: no luck today',
    });
    await expect(startFakeLane({ entry: fixturePath('no-such-file.js') })).rejects.toThrow(
      'Cannot start a lane: it ended with code 1: Error: Cannot find module',
    );
  });

  test('close() leaves no process, idle, working, or with a replacement that loads', async () => {
    const [idle, working, dying] = await Promise.all([
      startFakeLane(),
      startLane('conformance'),
      startFakeLane(),
    ]);
    const pids = [idle, working, dying].map((lane) => lane.pid!);
    const results = Promise.allSettled([new RunDriver(working).hops(30), dying.fetch(step('count'))]);
    kill(dying);
    await eventually('the death is noticed', () => dying.pid === undefined);
    await Promise.all([idle, working, dying].map((lane) => lane.close()));
    await results;
    expect(pids.filter(isRunning)).toEqual([]);
    expect(childrenOf(process.pid).filter((pid) => /lane\.js/.test(commandOf(pid)))).toEqual([]);
  });

  test.runIf(process.platform === 'linux')('a lane is called lane.js in the process list', async () => {
    await using lane = await startLane('conformance');
    expect(commandOf(lane.pid!)).toMatch(/dist\/lane\.js$/);
  });
});

describe.runIf(process.platform === 'linux')('lanes go with their owner', () => {
  test.each(['kill', 'exit', 'throw'])('%s', async (deed) => {
    const owner = spawn(process.execPath, [fixturePath('owner.js'), 'conformance', deed], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => owner.once('exit', (code) => resolve(code)));
    const pids = await new Promise<number[]>((resolve) =>
      owner.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString()) as number[])),
    );
    expect(pids).toHaveLength(2);
    if (deed === 'kill') owner.kill('SIGKILL');
    // Not 134: a run that is under way in a lane does not abort its owner.
    expect(await ended).toBe({ kill: null, exit: 3, throw: 1 }[deed]);
    await eventually('the lanes are gone', () => !pids.some(isRunning));
  });

  test("but not with a Ctrl-C that reaches the whole terminal: when to end is the owner's decision", async () => {
    await using lane = await startFakeLane();
    expect(await countOf(lane)).toBe(1);
    process.kill(lane.pid!, 'SIGINT');
    expect([await countOf(lane), lane.restarts]).toEqual([2, 0]);
  });
});

function childrenOf(pid: number): number[] {
  const list = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(list)) return [];
  return readFileSync(list, 'utf8').trim().split(' ').filter(Boolean).map(Number).filter(isRunning).sort();
}

function commandOf(pid: number): string {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) ? readFileSync(file, 'utf8').split('\0').filter(Boolean).join(' ') : '';
}
