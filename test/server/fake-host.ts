/* eslint-disable @typescript-eslint/require-await -- the contract is asynchronous, the fake has nothing to wait for */
import type { AgreedPeer, BundleReport, Offer, StreamHost } from '../../src/live/stream-host.js';
import type { StreamReport } from '../../src/live/stream-report.js';
import type { StreamSettings } from '../../src/live/stream-settings.js';
import { Refusal } from '../../src/rtc/refusal.js';

export const SETTINGS: StreamSettings = {
  seed: 0,
  prompt: '',
  gainDb: 0,
  mix: 'replace',
  isDucking: false,
  steps: 2,
};

export function report(name: string, settings: Partial<StreamSettings> = {}): StreamReport {
  return {
    name,
    state: 'live',
    bundle: 'live',
    mode: 'causal',
    settings: { ...SETTINGS, ...settings },
    stepsNow: 2,
    durationSeconds: 12,
    listeners: 1,
    picture: { width: 320, height: 180, framesPerSecond: 30, droppedFrames: 4 },
    hasOwnSound: false,
    delayMs: { jitterBuffer: 10, hop: 100, queue: 5, compute: 10, buffer: 40, total: 165 },
    hopBudgetMs: 100,
    computeMs: { p50: 9, p95: 12, p99: 18 },
    recentHops: [],
    deadlineMisses: 1,
    underruns: 2,
    underrunMs: 30,
    stepsChanges: 3,
    sessionRestarts: 1,
    laneRestarts: 1,
    level: { rmsDb: -20, peakDb: -6 },
  };
}

/** Remembers what it was asked. Streams begin with the first offer that publishes. */
export class FakeHost implements StreamHost {
  readonly offers: Offer[] = [];
  readonly ended: string[] = [];
  readonly #reports = new Map<string, StreamReport>();
  readonly #sessions = new Map<string, string>();
  closeCalls = 0;
  /** Thrown by the next calls of `agree` and `change`. */
  failure: Error | undefined;
  closing: Promise<void> = Promise.resolve();

  async agree(offer: Offer): Promise<AgreedPeer> {
    if (this.failure) throw this.failure;
    this.offers.push(offer);
    if (offer.role !== 'listen') this.add(offer.stream, offer.settings);
    const sessionId = `session-${this.offers.length}`;
    this.#sessions.set(sessionId, offer.stream);
    return { sessionId, sdp: 'v=0\r\nanswer\r\n' };
  }

  add(stream: string, settings: Partial<StreamSettings> = {}): void {
    this.#reports.set(stream, report(stream, settings));
  }

  remove(stream: string): void {
    this.#reports.delete(stream);
  }

  async end(stream: string, sessionId: string): Promise<boolean> {
    if (!this.hasSession(stream, sessionId)) return false;
    this.ended.push(sessionId);
    return this.#sessions.delete(sessionId);
  }

  hasSession(stream: string, sessionId: string): boolean {
    return this.#sessions.get(sessionId) === stream;
  }

  streams(): readonly StreamReport[] {
    return [...this.#reports.values()];
  }

  async change(stream: string, settings: Partial<StreamSettings>): Promise<StreamReport> {
    if (this.failure) throw this.failure;
    const before = this.#reports.get(stream);
    if (!before) throw new Refusal(404, `There is no stream '${stream}' now`);
    const after = { ...before, settings: { ...before.settings, ...settings } };
    this.#reports.set(stream, after);
    return after;
  }

  async bundles(): Promise<readonly BundleReport[]> {
    return [
      {
        name: 'live',
        version: '1.0.0',
        mode: 'causal',
        isDefault: true,
        promptWords: ['rain'],
        readsFreeText: true,
        steps: { default: 2, max: 4 },
        delayMs: 165,
      },
    ];
  }

  async close(): Promise<void> {
    this.closeCalls += 1;
    await this.closing;
  }
}
