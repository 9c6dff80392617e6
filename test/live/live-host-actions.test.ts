import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EnginePool } from '../../src/live/engine-pool.js';
import { LiveHost } from '../../src/live/live-host.js';
import { SILENT_LOG } from '../../src/live/live-log.js';
import { Refusal } from '../../src/rtc/refusal.js';
import { RemotePeer, until } from '../rtc/remote-peer.js';
import { CountedClock, pause } from './live-host-fixture.js';

let pool: EnginePool;

beforeAll(async () => {
  pool = new EnginePool({ device: 'cpu', lanes: 1 });
  // Kept from one run to the next: a host would end it.
  await pool.engineOf('conformance');
});

afterAll(() => pool.close());

/** A pool that outlives its hosts. */
function borrowed(): EnginePool {
  return new Proxy(pool, {
    get: (target, name) => {
      if (name === 'close') return () => Promise.resolve();
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

type Action =
  | { readonly kind: 'send' | 'listen' | 'vanish' | 'leave' | 'change' | 'spoilt'; readonly name: string }
  | { readonly kind: 'wait'; readonly ms: number };

const names = fc.constantFrom('a', 'b', 'c');
const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('send', 'listen', 'vanish', 'leave', 'change', 'spoilt'),
      name: names,
    }) as fc.Arbitrary<Action>,
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(400) }),
  ),
  { minLength: 4, maxLength: 14 },
);

type Joined = { readonly name: string; readonly remote: RemotePeer; readonly sessionId: string };

/** Everybody who came and went while a host ran. Nothing here waits for another: all of it overlaps. */
class Crowd {
  readonly joined: Joined[] = [];
  readonly refusals: unknown[] = [];
  readonly #host: LiveHost;

  constructor(host: LiveHost) {
    this.#host = host;
  }

  async act(action: Action): Promise<void> {
    switch (action.kind) {
      case 'send':
        return this.#join(action.name, 'duplex');
      case 'listen':
        return this.#join(action.name, 'listen');
      case 'vanish':
        this.#take(action.name)?.remote.close();
        return;
      case 'leave':
        await this.#leave(this.#take(action.name));
        return;
      case 'change':
        return this.#try(async () => {
          await this.#host.change(action.name, { seed: 3, gainDb: -6 });
        });
      case 'spoilt':
        return this.#try(async () => {
          await this.#host.agree({ stream: action.name, role: 'publish', sdp: 'v=0\r\nm=nothing\r\n' });
        });
      case 'wait':
        return pause(action.ms);
    }
  }

  async #join(name: string, role: 'duplex' | 'listen'): Promise<void> {
    const remote = new RemotePeer(
      role === 'duplex' ? { sendsVideo: true, hearsAudio: true } : { hearsAudio: true },
    );
    await this.#try(async () => {
      const { sdp, sessionId } = await this.#host.agree({ stream: name, role, sdp: await remote.offer() });
      this.joined.push({ name, remote, sessionId });
      await remote.connection.setRemoteDescription({ type: 'answer', sdp });
    }).finally(() => {
      if (!this.joined.some((each) => each.remote === remote)) remote.close();
    });
  }

  #take(name: string): Joined | undefined {
    const i = this.joined.findIndex((each) => each.name === name);
    return i < 0 ? undefined : this.joined.splice(i, 1)[0];
  }

  async #leave(joined: Joined | undefined): Promise<void> {
    if (!joined) return;
    await this.#host.end(joined.name, joined.sessionId);
    expect(this.#host.hasSession(joined.name, joined.sessionId)).toBe(false);
    joined.remote.close();
  }

  async #try(act: () => unknown): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.refusals.push(error);
    }
  }
}

test('LiveHost: whatever peers do at once, all is given back at the end, and only refusals are thrown', async () => {
  await fc.assert(
    fc.asyncProperty(actions, fc.oneof(fc.nat(60), fc.nat(300)), async (list, closeAfterMs) => {
      const clock = new CountedClock();
      const host = new LiveHost({
        pool: borrowed(),
        bundle: 'conformance',
        maxSessions: 2,
        delayMs: 0,
        lostSeconds: 1,
        firstPictureSeconds: 2,
        idleSeconds: 2,
        allowLoopback: true,
        log: SILENT_LOG,
        clock,
      });
      const crowd = new Crowd(host);
      const under: Promise<void>[] = [];
      for (const action of list) {
        if (action.kind === 'wait') await crowd.act(action);
        else under.push(crowd.act(action));
        expect(host.streams().length).toBeLessThanOrEqual(2);
      }
      await pause(closeAfterMs);
      // Also while some are still on their way in.
      await host.close();
      await Promise.all(under);
      for (const { remote } of crowd.joined) remote.close();
      expect([host.streams(), host.metrics().peers]).toEqual([[], 0]);
      for (const refusal of crowd.refusals) expect(refusal).toBeInstanceOf(Refusal);
      // Neither the pacemaker nor anything else of it goes on.
      await until(() => clock.waiting === 0, `nothing waits any more, but ${clock.waiting} do`);
    }),
    { numRuns: 12 },
  );
}, 180_000);
