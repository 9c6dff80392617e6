import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine.js';
import { STREAM_HOST_DEFAULTS } from '../../src/live/create-stream-host.js';
import { EnginePool } from '../../src/live/engine-pool.js';
import { LiveHost } from '../../src/live/live-host.js';
import { afterTest, join, startHost } from './live-host-fixture.js';

describe('LiveHost', () => {
  test('refuses a name that is taken, a place that there is not, and what the machine cannot bear', async () => {
    const host = await startHost({ maxSessions: 2 });
    await join(host, { stream: 'a', role: 'publish' });
    await expect(join(host, { stream: 'a', role: 'publish' })).rejects.toMatchObject({ status: 409 });
    await expect(join(host, { stream: 'none', role: 'listen' })).rejects.toMatchObject({ status: 404 });
    const wrong = { stream: 'b', role: 'publish', settings: { steps: 99 } } as const;
    await expect(join(host, wrong)).rejects.toMatchObject({ status: 422 });
    await expect(
      join(host, { stream: 'b', role: 'publish', bundle: 'no-such-bundle' }),
    ).rejects.toMatchObject({ status: 422 });
    await join(host, { stream: 'b', role: 'publish' });
    await expect(join(host, { stream: 'c', role: 'publish' })).rejects.toMatchObject({
      status: 503,
      retryAfterSeconds: 5,
    });
    // Also before a picture has come nobody may set what the bundle does not take.
    await expect(host.change('a', { steps: 99 })).rejects.toMatchObject({ status: 422 });
    await expect(host.change('none', {})).rejects.toMatchObject({ status: 404 });
    expect(host.streams().map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('admission counts streams from their beginning on: 503 for what the forecast cannot hold', async () => {
    const host = await startHostThatCosts(() => 40);
    // Together, so that none of them is computed yet when the others are asked about.
    const answers = await Promise.allSettled(
      ['a', 'b', 'c'].map((stream) => join(host, { stream, role: 'publish' })),
    );
    const refused = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [answer.reason as unknown] : [],
    );
    expect(refused).toHaveLength(2);
    expect(refused[0]).toMatchObject({ status: 503, retryAfterSeconds: 10 });
    expect(host.streams()).toHaveLength(1);
  });

  test('a cost learned while the machine was busy is measured again before the first stream is refused for it', async () => {
    const costs = { knownMs: 90, realMs: 90 };
    const host = await startHostThatCosts(
      () => costs.knownMs,
      () => (costs.knownMs = costs.realMs),
    );
    await expect(join(host, { stream: 'a', role: 'publish' })).rejects.toMatchObject({ status: 503 });
    costs.realMs = 10;
    await join(host, { stream: 'a', role: 'publish' });
    expect(host.streams().map(({ name }) => name)).toEqual(['a']);
  });
});

describe('EnginePool.admit()', () => {
  test('spreads streams over lanes, and counts those of other engines on the cores', () => {
    const pool = new EnginePool({});
    const engine = { sessionLoad: { hopCostMs: 30, hopMs: 100 }, laneLoads: [[]] } as unknown as Engine;
    expect(() => pool.admit(engine, [])).not.toThrow();
    expect(() => pool.admit(engine, [engine])).not.toThrow();
    expect(() => pool.admit(engine, [engine, engine])).toThrow(expect.objectContaining({ status: 503 }));
  });
});

/**
 * A host whose engine is said to cost so much.
 * @param hopCostMs Unit: ms a hop
 * @param onScore Is called whenever something begins to be computed
 */
async function startHostThatCosts(
  hopCostMs: () => number,
  onScore: () => void = () => undefined,
): Promise<LiveHost> {
  const pool = new EnginePool({ device: 'cpu', lanes: 1 });
  const engine = await pool.engineOf('conformance');
  Object.defineProperty(engine, 'sessionLoad', { get: () => ({ hopCostMs: hopCostMs(), hopMs: 100 }) });
  const score = engine.score.bind(engine);
  engine.score = (...args) => {
    onScore();
    return score(...args);
  };
  const host = new LiveHost({ ...STREAM_HOST_DEFAULTS, pool, bundle: 'conformance' });
  afterTest(() => host.close());
  return host;
}
