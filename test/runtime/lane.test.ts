import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lane, StepResult } from '../../src/runtime/lane.js';
import {
  createInProcessLane,
  firstDifference,
  joined,
  pictureAt,
  RunDriver,
  startLane,
} from './lane-fixture.js';

test.each([
  { bundle: 'conformance', hopPoints: 3, warmHops: 0 },
  { bundle: 'conformance-window', hopPoints: 6, warmHops: 3 },
])(
  'a process lane gives the samples of an in-process lane, bit for bit ($bundle)',
  async ({ bundle, hopPoints, warmHops }) => {
    const render = async (lane: Lane): Promise<Float32Array[]> => {
      const driver = new RunDriver(lane, 'same', { hopPoints });
      for (let hop = 0; hop < warmHops; hop += 1) driver.remember();
      return driver.hops(14);
    };
    await using child = await startLane(bundle);
    await using here = await createInProcessLane(bundle);
    const expected = await render(here);
    expect(firstDifference(joined(await render(child)), joined(expected))).toBe(-1);
    expect(expected.some((pcm) => pcm.some((sample) => sample > 0.01))).toBe(true);
  },
);

describe.each(['process', 'in-process'] as const)('a lane (%s)', (kind) => {
  let lane: Lane;
  let other: Lane;

  beforeAll(async () => {
    const create = kind === 'process' ? startLane : createInProcessLane;
    [lane, other] = await Promise.all([create('conformance'), create('conformance')]);
  });

  afterAll(async () => {
    await Promise.all([lane.close(), other.close()]);
  });

  test('a snapshot, restored in the same lane, is continued as if nothing had been between', async () => {
    const driver = new RunDriver(lane, 'back');
    await driver.hops(3);
    const snapshot = await lane.snapshot();
    const again = driver.continueIn(lane);
    const first = await driver.hops(4);
    lane.restore(snapshot);
    expect(await again.hops(4)).toEqual(first);
  });

  test('a snapshot, restored in another lane, is continued there', async () => {
    const driver = new RunDriver(lane, 'moves');
    await driver.hops(5);
    const snapshot = await lane.snapshot();
    const moved = driver.continueIn(other);
    other.restore(snapshot);
    expect(await moved.hops(4)).toEqual(await driver.hops(4));
  });

  test('a value that came with a snapshot is not replaced by what the other lane posts', async () => {
    const pictures = [pictureAt(3)];
    const options = { hop: 0, pictureOfPoint: [0, 0, 0], restarts: true };
    const step = { key: 'value/features', position: 0 };
    const features = lane.post({ ...step, kernel: 'encode', pictures, options });
    const fuse = (by: Lane): Promise<StepResult> => by.fetch({ ...step, kernel: 'fuse', reads: [features] });
    other.restore(await lane.snapshot());
    await new RunDriver(other, 'busy').hops(9);
    expect((await fuse(other)).value).toEqual((await fuse(lane)).value);
  });

  test('forget() leaves nothing of an owner behind, however its work was cut off', async () => {
    await new RunDriver(lane, 'gone').hops(2);
    await new RunDriver(lane, 'stays').hops(1);
    const before = await lane.snapshot();
    expect([...before.states.keys()].some((key) => key.startsWith('gone/'))).toBe(true);
    lane.forget('gone/', []);
    const { states, values } = await lane.snapshot();
    const keys = [...states.keys(), ...[...values.values()].map(({ key }) => key)];
    expect(keys.filter((key) => key.startsWith('gone/'))).toEqual([]);
    expect(keys.some((key) => key.startsWith('stays/'))).toBe(true);
  });

  test('an unknown kernel fails its reader and nothing else', async () => {
    const result = lane.fetch({ kernel: 'no such kernel', key: 'unknown/run', position: 0 });
    await expect(result).rejects.toThrow("Cannot run a step: no kernel is called 'no such kernel'");
    await expect(new RunDriver(lane, 'fine').nextHop()).resolves.toBeDefined();
  });

  test('a reader meets the failure of what it reads, also through other steps', async () => {
    const broken = lane.post({ kernel: 'no such kernel', key: 'chain/a', position: 0 });
    const fused = lane.post({ kernel: 'fuse', key: 'chain/b', position: 0, reads: [broken] });
    const result = lane.fetch({ kernel: 'map', key: 'chain/c', position: 0, reads: [fused], options: {} });
    await expect(result).rejects.toThrow("no kernel is called 'no such kernel'");
  });

  test('a step that nobody reads from fails the later steps of its key, until that is forgotten', async () => {
    lane.post({ kernel: 'remember', key: 'silent/run-0', position: 0 });
    const driver = new RunDriver(lane, 'silent');
    await expect(driver.nextHop()).rejects.toThrow();
    lane.forget('silent/', []);
    await expect(new RunDriver(lane, 'silent').nextHop()).resolves.toBeDefined();
  });

  test('timings are those of the owner, each once', async () => {
    const [first, second] = [new RunDriver(lane, 'timed-1'), new RunDriver(lane, 'timed-2')];
    const results = await Promise.all([first.nextHop(), second.nextHop(), first.nextHop()]);
    for (const { timings } of results) {
      expect(timings.map(({ kernel }) => kernel)).toEqual(['encode', 'fuse', 'map', 'generate', 'decode']);
    }
  });

  test('a frame that carries more than pictures do is no harm', async () => {
    const frame = {
      position: 0,
      width: 1,
      height: 1,
      format: 'rgb24' as const,
      data: new Uint8Array(3),
      close: () => 1,
    };
    const options = { hop: 0, pictureOfPoint: [0, 0, 0], restarts: true };
    const result = lane.fetch({
      kernel: 'encode',
      key: 'frames/features',
      position: 0,
      pictures: [frame],
      options,
    });
    await expect(result).resolves.toMatchObject({ value: { motion: expect.any(Float32Array) as unknown } });
  });
});

test('close() rejects what is pending, and may be called again', async () => {
  const lane = await startLane('conformance');
  const results = Array.from({ length: 5 }, () => new RunDriver(lane).nextHop());
  const settled = Promise.allSettled(results);
  await Promise.all([lane.close(), lane.close()]);
  expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
  expect(() => lane.fetch({ kernel: 'decode', key: 'a/b', position: 0 })).toThrow(
    'Cannot compute: the lane is closed',
  );
  await expect(lane.snapshot()).rejects.toThrow('Cannot compute: the lane is closed');
  lane.forget('a/', []);
});
