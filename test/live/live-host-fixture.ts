import { readdirSync, readFileSync } from 'node:fs';
import { afterEach } from 'vitest';
import { createStreamHost, type StreamHostOptions } from '../../src/live/create-stream-host.js';
import type { LiveHost } from '../../src/live/live-host.js';
import type { AgreedPeer, Offer } from '../../src/live/stream-host.js';
import type { StreamReport } from '../../src/live/stream-report.js';
import { systemClock, type Clock } from '../../src/stream/clock.js';
import type { WrtcSound } from '../../src/rtc/wrtc-types.js';
import { RemotePeer, until, type RemoteOptions } from '../rtc/remote-peer.js';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Runs after the test. */
export function afterTest(end: () => unknown): void {
  ends.push(end);
}

/** A host with the bundle that is quick to compute; closed after the test. */
export async function startHost(options: StreamHostOptions = {}): Promise<LiveHost> {
  const host = await createStreamHost({ bundle: 'conformance', device: 'cpu', ...options });
  afterTest(() => host.close());
  return host;
}

/** Somebody at the other end, in this process, agreed with under a name. */
export class Guest {
  readonly remote: RemotePeer;
  readonly agreed: AgreedPeer;
  #flashing: NodeJS.Timeout | undefined;
  #isGone = false;

  constructor(remote: RemotePeer, agreed: AgreedPeer) {
    this.remote = remote;
    this.agreed = agreed;
  }

  /** Level of what was heard lately, sender's silence included. Unit: linear RMS. */
  get loudness(): number {
    return rmsOf(this.remote.heard.slice(-50));
  }

  get blocksHeard(): number {
    return this.remote.heard.length;
  }

  /** Its picture changes: of one that does not, nothing is to be heard. */
  flash(): this {
    let isOn = false;
    this.#flashing = setInterval(() => {
      isOn = !isOn;
      this.remote.colour = isOn ? [255, 255, 255] : [0, 0, 0];
    }, 150);
    return this;
  }

  /** Goes without a word: no DELETE. Idempotent. */
  vanish(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearInterval(this.#flashing);
    this.remote.close();
  }
}

const OPTIONS: Record<Offer['role'], RemoteOptions> = {
  duplex: { sendsVideo: true, hearsAudio: true },
  publish: { sendsVideo: true },
  listen: { hearsAudio: true },
};

/** Joins a stream; leaves after the test. */
export async function join(
  host: LiveHost,
  offer: Omit<Offer, 'sdp'>,
  options: RemoteOptions = OPTIONS[offer.role],
): Promise<Guest> {
  const remote = new RemotePeer(options);
  try {
    const agreed = await host.agree({ ...offer, sdp: await remote.offer() });
    await remote.connection.setRemoteDescription({ type: 'answer', sdp: agreed.sdp });
    const guest = new Guest(remote, agreed);
    afterTest(() => guest.vanish());
    return guest;
  } catch (error) {
    remote.close();
    throw error;
  }
}

/** The report of a stream. */
export function reportOf(host: LiveHost, name: string): StreamReport {
  const report = host.streams().find((each) => each.name === name);
  if (!report) throw new Error(`There is no stream ${name}`);
  return report;
}

export async function sounds(guest: Guest): Promise<void> {
  await until(() => guest.loudness > 0.003, 'sound');
}

export async function falls(guest: Guest): Promise<void> {
  await until(() => guest.loudness < 0.0005, 'silence');
}

export function rmsOf(sounds: readonly WrtcSound[]): number {
  let sum = 0;
  let count = 0;
  for (const { samples, sampleRate } of sounds) {
    if (sampleRate !== 48_000) continue;
    for (const sample of samples) sum += (sample / 32_768) ** 2;
    count += samples.length;
  }
  return Math.sqrt(sum / Math.max(1, count));
}

export async function pause(ms: number): Promise<void> {
  await systemClock.waitUntilMs(systemClock.nowMs() + ms);
}

/** The machine's clock, that knows how many wait for it. */
export class CountedClock implements Clock {
  waiting = 0;

  nowMs(): number {
    return systemClock.nowMs();
  }

  async waitUntilMs(atMs: number, signal?: AbortSignal): Promise<void> {
    this.waiting += 1;
    await systemClock.waitUntilMs(atMs, signal);
    this.waiting -= 1;
  }
}

/** File handles, threads and children of this process. Linux only: elsewhere all are 0. */
export function resources(): {
  readonly handles: number;
  readonly threads: number;
  readonly residentMib: number;
} {
  if (process.platform !== 'linux') return { handles: 0, threads: 0, residentMib: 0 };
  const threads = Number(/^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  return {
    handles: readdirSync('/proc/self/fd').length,
    threads,
    residentMib: process.memoryUsage().rss / 2 ** 20,
  };
}

/** Lane processes of this process, those that wait as spares included. Linux only. */
export function laneChildren(): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    try {
      if (!/^\d+$/.test(entry)) return [];
      const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${entry}/stat`, 'utf8'))?.[1];
      if (Number(parent) !== process.pid) return [];
      return /lane\.js/.test(readFileSync(`/proc/${entry}/cmdline`, 'utf8')) ? [Number(entry)] : [];
    } catch {
      return []; // It has ended since.
    }
  });
}
