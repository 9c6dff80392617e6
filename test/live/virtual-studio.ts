import { Subject } from 'rxjs';
import { summaryOf, type BundleSummary } from '../../src/bundle-summary.js';
import type { Engine } from '../../src/engine.js';
import { LiveSound, type LiveSoundOptions } from '../../src/live/live-sound.js';
import type { LiveSource } from '../../src/live/live-source.js';
import type { StreamSettings } from '../../src/live/stream-settings.js';
import { loadBundle, type Bundle } from '../../src/runtime/bundle.js';
import type { Handle, Lane, LaneSnapshot, Step, StepResult, StepTiming } from '../../src/runtime/lane.js';
import { DeadlineQueue } from '../../src/scheduler/deadline-queue.js';
import type { SessionMetric } from '../../src/session-metrics.js';
import { Session } from '../../src/session.js';
import type { AudioBlock } from '../../src/stream/audio-block.js';
import { Playout } from '../../src/stream/playout.js';
import type { VideoFrame } from '../../src/stream/video-frame.js';
import { turn, type VirtualClock } from '../stream/virtual-clock.js';

/** A period of this tone is 48 samples, so that sessions that begin at any block sound it in the same phase. */
export const TONE_HZ = 1_000;
const PERIOD_FRAMES = 48_000 / TONE_HZ;
export const TONE_LEVEL = 0.1;

export function toneAt(position: number): number {
  return TONE_LEVEL * Math.sin((2 * Math.PI * TONE_HZ * position) / 48_000);
}

export type LaneCost = (nowMs: number) => { readonly baseMs: number; readonly stepMs: number };

/** A lane in virtual time: one thing after the other, each taking what the cost says; its sound is a tone. */
export class ToneLane implements Lane {
  readonly device = 'cpu';
  readonly restarts = 0;
  readonly generated: { readonly key: string; readonly position: number; readonly options: object }[] = [];
  /** Put here, it is what the next result fails with. */
  failWith: Error | undefined;
  readonly #clock: VirtualClock;
  readonly #cost: LaneCost;
  /** Of every hop: hops and delay are whole periods of the tone. */
  readonly #pcm: Float32Array;
  readonly #timings = new Map<string, StepTiming[]>();
  #freeAtMs = 0;
  #nextId = 1;

  constructor(clock: VirtualClock, options: { cost: LaneCost; hopFrames: number; delayFrames: number }) {
    this.#clock = clock;
    this.#cost = options.cost;
    const { hopFrames, delayFrames } = options;
    if (hopFrames % PERIOD_FRAMES !== 0 || delayFrames % PERIOD_FRAMES !== 0)
      throw new RangeError(
        `A hop of ${hopFrames} or a delay of ${delayFrames} frames holds no whole periods`,
      );
    this.#pcm = Float32Array.from({ length: hopFrames }, (_, i) => toneAt(i));
  }

  post(step: Step): Handle {
    if (step.kernel === 'generate') {
      this.generated.push({ key: step.key, position: step.position, options: step.options ?? {} });
      if (this.generated.length > 1_000) this.generated.shift();
      const { baseMs, stepMs } = this.#cost(this.#clock.nowMs());
      const ms = stepMs * (step.options as { steps: number }).steps;
      this.#timings.set(step.key, [{ kernel: 'generate', position: step.position, ms }]);
      this.#freeAtMs = Math.max(this.#freeAtMs, this.#clock.nowMs()) + baseMs + ms;
    }
    return { id: this.#nextId++ };
  }

  async fetch(step: Step): Promise<StepResult> {
    await this.#clock.waitUntilMs(this.#freeAtMs);
    const failure = this.failWith;
    if (failure) {
      this.failWith = undefined;
      throw failure;
    }
    const pcm = this.#pcm.slice();
    const timings = this.#timings.get(step.key) ?? [];
    this.#timings.delete(step.key);
    return { value: { pcm }, timings };
  }

  forget(): void {}

  snapshot(): Promise<LaneSnapshot> {
    return Promise.reject(new Error('A tone lane has no state'));
  }

  restore(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What an engine is to live sound: sessions on one lane that take turns. */
export class VirtualEngine implements Pick<Engine, 'score' | 'bundle'> {
  readonly lane: ToneLane;
  readonly sessions: Session[] = [];
  readonly bundle: BundleSummary;
  readonly #bundle: Bundle;
  readonly #turns = new DeadlineQueue(1);

  private constructor(bundle: Bundle, lane: ToneLane) {
    this.#bundle = bundle;
    this.bundle = summaryOf(bundle);
    this.lane = lane;
  }

  static async create(
    clock: VirtualClock,
    cost: LaneCost = () => ({ baseMs: 8, stepMs: 5 }),
  ): Promise<VirtualEngine> {
    const bundle = await loadBundle('conformance');
    const { gridFrames, hopPoints, decoder } = bundle.manifest;
    const frames = { hopFrames: gridFrames * hopPoints, delayFrames: decoder.delayFrames };
    return new VirtualEngine(bundle, new ToneLane(clock, { cost, ...frames }));
  }

  score(...[frames, options = {}]: Parameters<Engine['score']>): Session {
    const parts = {
      manifest: this.#bundle.manifest,
      lanes: [this.lane],
      key: `session-${this.sessions.length}`,
      turns: this.#turns,
      onClose: () => undefined,
    };
    const session = new Session(frames, parts, options);
    this.sessions.push(session);
    return session;
  }

  /** Turns given, and sessions that wait for one. */
  get turns(): number {
    return this.#turns.underWay + this.#turns.waiting;
  }
}

/** A source whose pictures a test sends; their time is that of their arrival, less the usual delay. */
export class FakeSource implements LiveSource {
  readonly #frames$ = new Subject<VideoFrame>();
  readonly frames$ = this.#frames$.asObservable();
  ownSound?: NonNullable<LiveSource['ownSound']>;
  epochMs: number | undefined;
  readonly #clock: VirtualClock;
  /** How long the jitter buffer holds a picture back. Unit: ms. */
  usualMs: number;

  constructor(clock: VirtualClock, usualMs = 25) {
    this.#clock = clock;
    this.usualMs = usualMs;
  }

  /** Whether anybody still listens. */
  get isObserved(): boolean {
    return this.#frames$.observed;
  }

  readonly arrivalDelayMs = (): number => this.usualMs + 12;

  /** A picture arrives now. */
  show(size: { width: number; height: number } = { width: 32, height: 32 }, level = 100): void {
    const timeMs = this.#clock.nowMs() - this.usualMs;
    this.epochMs ??= timeMs;
    const data = new Uint8Array(size.width * size.height * 3).fill(level);
    const position = Math.max(0, Math.round((timeMs - this.epochMs) * 48));
    this.#frames$.next({ ...size, position, format: 'rgb24', data });
  }
}

export const SETTINGS: StreamSettings = {
  seed: 0,
  prompt: '',
  gainDb: 0,
  mix: 'under',
  isDucking: true,
  steps: 2,
};

/** Live sound, what plays it, and everything that was heard and reported. */
export class Hearing {
  readonly source: FakeSource;
  readonly playout: Playout;
  readonly sound: LiveSound;
  readonly hops: Extract<SessionMetric, { kind: 'hop' }>[] = [];
  readonly steps: Extract<SessionMetric, { kind: 'steps' }>[] = [];
  readonly restarts: string[] = [];
  readonly written: AudioBlock[] = [];
  /** Samples heard since it was last emptied, left channel. */
  readonly heard: number[] = [];
  readonly ran: Promise<unknown>;
  keepsAll = true;
  state: 'runs' | 'ended' | 'failed' = 'runs';
  /** Of blocks in full sound: the largest difference from the tone that is due then. */
  worstError = 0;
  readonly #clock: VirtualClock;
  #delayMs: number;
  #largestStep = 0;
  #last = 0;

  constructor(
    clock: VirtualClock,
    options: Pick<LiveSoundOptions, 'engine'> & Partial<LiveSoundOptions> & { readonly source?: FakeSource },
  ) {
    const { delayMs = 260 } = options;
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.source = options.source ?? new FakeSource(clock);
    this.playout = new Playout({ channelCount: 1, capacityFrames: 144_000, startMs: clock.nowMs() });
    this.sound = new LiveSound({
      settings: SETTINGS,
      clock,
      delayMs,
      playout: {
        write: (block) => {
          if (this.keepsAll)
            this.written.push({ ...block, channels: block.channels.map((channel) => channel.slice()) });
          this.playout.write(block);
        },
      },
      onStart: (epochMs) => this.playout.anchor(epochMs + this.#delayMs),
      onDelay: (ms) => {
        this.playout.delayBy(48 * (ms - this.#delayMs));
        this.#delayMs = ms;
      },
      onMetric: (metric) => {
        if (metric.kind === 'hop') {
          this.hops.push(metric);
          if (!this.keepsAll && this.hops.length > 100) this.hops.shift();
        }
        if (metric.kind === 'steps') this.steps.push(metric);
      },
      onRestart: (reason) => this.restarts.push(reason),
      ...options,
      source: this.source,
    });
    this.ran = this.sound.run().then(
      () => (this.state = 'ended'),
      () => (this.state = 'failed'),
    );
  }

  get largestStep(): number {
    return this.#largestStep;
  }

  /** Hands out what is due, and looks whether it is what is due. */
  play(): void {
    const position = this.playout.position ?? 0;
    let at = position;
    this.playout.play(this.#clock.nowMs(), ([left]) => {
      for (const sample of left!) {
        this.#largestStep = Math.max(this.#largestStep, Math.abs(sample - this.#last));
        this.#last = sample;
        if (this.keepsAll) this.heard.push(sample);
      }
      for (const i of [0, 133, 479]) this.#error = Math.abs(left![i]! - toneAt(at + i));
      at += 480;
    });
  }

  /** Largest differences from the tone since asked last, of the quietest kind: what most blocks show. */
  takeError(): number {
    const error = this.worstError;
    this.worstError = 0;
    return error;
  }

  set #error(error: number) {
    this.worstError = Math.max(this.worstError, error);
  }

  get delayMs(): number {
    return this.#delayMs;
  }
}

/** Lets time pass for sources that send so many pictures a second, each with its own jitter, and players. */
export async function live(
  clock: VirtualClock,
  hearings: readonly Hearing[],
  options: {
    readonly seconds: number;
    readonly fps?: number;
    readonly isFrozen?: boolean;
    readonly jitterMs?: number;
  },
): Promise<void> {
  const { seconds, fps = 30, isFrozen = false, jitterMs = 0 } = options;
  const startMs = clock.nowMs();
  let seed = 1;
  const random = (): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const pictures = Math.round(seconds * fps);
  for (let i = 0; i < pictures; i += 1) {
    await passTo(clock, startMs + (i * 1000) / fps + jitterMs * random());
    for (const { source } of hearings) if (!isFrozen) source.show();
    for (const hearing of hearings) hearing.play();
  }
  await passTo(clock, startMs + seconds * 1000);
  for (const hearing of hearings) hearing.play();
}

/** As `VirtualClock.advanceTo()`, a turn for each that wakes. */
export async function passTo(clock: VirtualClock, atMs: number): Promise<void> {
  await turn(1);
  for (let next = clock.nextWaitMs; next !== undefined && next <= atMs; next = clock.nextWaitMs) {
    clock.jumpTo(Math.max(next, clock.nowMs()));
    await turn(1);
  }
  clock.jumpTo(atMs);
  await turn(1);
}
