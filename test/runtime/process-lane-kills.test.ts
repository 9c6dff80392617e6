import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEngine, type Engine, type SessionMetric } from 'livefoley';
import { loadBundle } from '../../src/runtime/bundle.js';
import type { ProcessLane } from '../../src/runtime/process-lane.js';
import { SpareLane } from '../../src/runtime/spare-lane.js';
import {
  createInProcessLane,
  eventually,
  firstDifference,
  isRunning,
  joined,
  LANE_ENTRY,
  movingPictures,
  RunDriver,
  startLane,
} from './lane-fixture.js';

const HOPS = 24;
/** 5 s: several anchors, so several runs, of which some begin while others end. */
const POINTS = 150;

/** Deaths without a result between are limited, so at most so many fall together. */
const MAX_KILLS = 3;

describe('a lane killed at any moment', () => {
  let expected: Float32Array[];
  let lane: ProcessLane;
  let kills = 0;

  beforeAll(async () => {
    await using here = await createInProcessLane('conformance');
    expected = await new RunDriver(here, 'killed').hops(HOPS);
    lane = await startLane('conformance', { snapshotEvery: 5 });
  });

  afterAll(() => lane.close());

  test('gives the same samples, bit for bit', async () => {
    const moments = fc.array(fc.integer({ min: 0, max: HOPS - 1 }), { minLength: 1, maxLength: MAX_KILLS });
    const property = fc.asyncProperty(
      moments,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 3 }),
      async (...args) => {
        const [moments, ahead, ticks] = args;
        const samples = await renderWithKills({ kills: new Set(moments), ahead, ticks });
        // Also when it fails: the next try begins afresh.
        lane.forget('killed/', []);
        expect(firstDifference(joined(samples), joined(expected))).toBe(-1);
        // In all: a death after a run's last result may be noticed in the next run.
        expect(lane.restarts).toBeLessThanOrEqual(kills);
      },
    );
    await fc.assert(property, { numRuns: 5 });
    expect(lane.restarts).toBeGreaterThan(0);
  });

  /** Keeps `ahead` hops under way and kills the lane, some turns of the event loop after a hop's result has come. */
  async function renderWithKills(plan: {
    kills: Set<number>;
    ahead: number;
    ticks: number;
  }): Promise<Float32Array[]> {
    const driver = new RunDriver(lane, 'killed');
    const waiting: ReturnType<RunDriver['nextHop']>[] = [];
    const samples: Float32Array[] = [];
    for (let hop = 0; hop < HOPS; hop += 1) {
      while (waiting.length < plan.ahead && hop + waiting.length < HOPS) waiting.push(driver.nextHop());
      if (plan.kills.has(hop)) {
        for (let tick = 0; tick < plan.ticks; tick += 1) await new Promise(setImmediate);
        kill();
      }
      samples.push((await waiting.shift()!).value['pcm']!);
    }
    return samples;
  }

  function kill(): void {
    // Nobody there, or one that is dead and not yet noticed, is no second death.
    if (lane.pid === undefined || !isRunning(lane.pid)) return;
    kills += 1;
    process.kill(lane.pid, 'SIGKILL');
  }
});

describe.each([
  { bundle: 'conformance', lanes: 1 },
  { bundle: 'conformance', lanes: 2 },
  { bundle: 'conformance-window', lanes: 2 },
])(
  'an engine whose lanes are killed in the middle of a session ($bundle, $lanes lanes)',
  ({ bundle, lanes }) => {
    let engine: Engine;

    beforeAll(async () => {
      engine = await createEngine({ bundle, device: 'cpu', lanes });
    });

    afterAll(() => engine.close());

    test('gives the same sound, says how often, and counts no work twice', async () => {
      const whole = await render(() => undefined);
      expect(engine.laneRestarts).toBe(0);
      const killed = await render((block) => {
        if (block !== 60 && block !== 300) return;
        for (const pid of engine.lanePids) process.kill(pid, 'SIGKILL');
      });
      expect(engine.laneRestarts).toBeGreaterThan(0);
      expect(firstDifference(killed.samples, whole.samples)).toBe(-1);
      expect(killed.samples.some((sample) => Math.abs(sample) > 0.01)).toBe(true);
      expect(killed.decoded).toEqual(whole.decoded);
    });

    async function render(
      onBlock: (index: number) => void,
    ): Promise<{ samples: Float32Array; decoded: number[] }> {
      const session = engine.score(movingPictures(POINTS), { seed: 3 });
      const decoded: number[] = [];
      session.metrics$.subscribe((metric: SessionMetric) => {
        if (metric.kind !== 'hop') return;
        decoded.push(
          ...metric.timings.filter(({ kernel }) => kernel === 'decode').map(({ position }) => position),
        );
      });
      const samples = new Float32Array(POINTS * 1600);
      let index = 0;
      for await (const { position, channels } of session.blocks) {
        samples.set(channels[0]!, position);
        onBlock(index);
        index += 1;
      }
      return { samples, decoded };
    }
  },
);

test('SpareLane takes the place of a lane that dies, with the same samples, and the next is prepared', async () => {
  const { folder } = await loadBundle('conformance');
  await using here = await createInProcessLane('conformance');
  const expected = await new RunDriver(here, 'spared').hops(HOPS);
  const spare = new SpareLane({ entry: LANE_ENTRY, bundle: folder, device: 'cpu', pauseMs: 10 });
  const lane = await startLane('conformance', { spare, snapshotEvery: 5 });
  try {
    spare.prepare();
    for (let death = 1; death <= 2; death += 1) {
      await eventually('the spare lane is ready', () => spare.isReady);
      const first = lane.pid!;
      const driver = new RunDriver(lane, 'spared');
      const samples: Float32Array[] = [];
      for (let hop = 0; hop < HOPS; hop += 1) {
        const coming = driver.nextHop();
        if (hop === HOPS / 2) process.kill(first, 'SIGKILL');
        samples.push((await coming).value['pcm']!);
      }
      lane.forget('spared/', []);
      expect(firstDifference(joined(samples), joined(expected))).toBe(-1);
      expect(lane.pid).not.toBe(first);
      expect(lane.restarts).toBe(death);
    }
  } finally {
    await Promise.all([lane.close(), spare.close()]);
  }
  expect(spare.isReady).toBe(false);
});
