import { fileURLToPath } from 'node:url';
import { Observable } from 'rxjs';
import { summaryOf, type BundleSummary } from './bundle-summary.js';
import { loadBundle, openBundle, type Bundle } from './runtime/bundle.js';
import { DEVICES, type Device, type DeviceChoice } from './runtime/device.js';
import { decideDevice, probeDevice, type DeviceDecision, type DeviceProbe } from './runtime/probe-device.js';
import { ProcessLane } from './runtime/process-lane.js';
import { SpareLane } from './runtime/spare-lane.js';
import type { SessionLoad } from './scheduler/admission.js';
import { CostEstimate } from './scheduler/cost-estimate.js';
import { DeadlineQueue } from './scheduler/deadline-queue.js';
import { Session } from './session.js';
import { assertGain, settingsOf, type SessionOptions } from './session-options.js';
import { neededFrom, type NeededFrom } from './session-span.js';
import type { Prompt } from './stages/prompt.js';
import { assertInRange, assertPositiveInteger } from './stream/assertions.js';
import { MEDIA_RATE } from './stream/media-clock.js';
import type { VideoFrame } from './stream/video-frame.js';
import { TextReader } from './text-reader.js';

// The same place from src/ and from dist/: child processes run what was built.
const LANE_ENTRY = fileURLToPath(new URL('../dist/lane.js', import.meta.url));
const PROBE_ENTRY = fileURLToPath(new URL('../dist/probe.js', import.meta.url));

const MAX_LANES = 64;

/** Hops of live sessions in a lane at once: with more the earliest deadline would wait for what came before it. */
const LIVE_HOPS_AT_ONCE = 1;

/** Hops from one snapshot to the next where a spare lane waits: a death costs their time over again. */
const LIVE_SNAPSHOT_HOPS = 8;

/** What a hop is forecast to cost: what one in ten exceeds. */
const COST_SHARE = 0.9;

/** What an engine runs, and on what. */
export type EngineOptions = {
  /** The name of a bundle that ships with livefoley, or a path to a bundle's folder. Default 'live'. */
  readonly bundle?: string;
  /** Where to compute. `auto` takes a GPU that works and is faster than the CPU, else the CPU. Default 'auto'. */
  readonly device?: DeviceChoice;
  /** Processes that compute, one thread each; on a GPU always one. Default 1. */
  readonly lanes?: number;
  /**
   * Keeps one more process loaded, which takes the place of a lane that dies at once: for live sound, which cannot wait
   * for a load. Costs a lane's memory. Default false.
   */
  readonly hasSpareLane?: boolean;
  /** Added to the environment of lanes, to steer drivers (for example VK_DRIVER_FILES). */
  readonly laneEnv?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
};

/**
 * Loads a bundle into lanes.
 *
 * @throws {LivefoleyError} Place `bundle`, if the bundle is missing or damaged; place `environment`, if the device
 * asked for does not work
 * @example
 * await using engine = await createEngine({ bundle: 'live' });
 * for await (const block of engine.score(frames).blocks) play(block);
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const { bundle: name = 'live', device: choice = 'auto', lanes = 1, laneEnv, signal } = options;
  assertPositiveInteger(lanes, 'lanes');
  assertInRange(lanes, 'lanes', [1, MAX_LANES]);
  signal?.throwIfAborted();
  const bundle = await loadBundle(name);
  const shared = { bundle: bundle.folder, identity: bundle.identity, ...(laneEnv ? { env: laneEnv } : {}) };
  const decision = await decideDevice(choice, {
    ...shared,
    entry: PROBE_ENTRY,
    ...(signal ? { signal } : {}),
  });
  const count = decision.device === 'cpu' ? lanes : 1;
  const process = { ...shared, entry: LANE_ENTRY, device: decision.device };
  const spare = options.hasSpareLane
    ? { spare: new SpareLane(process), snapshotEvery: LIVE_SNAPSHOT_HOPS }
    : {};
  const starts = await Promise.allSettled(
    Array.from({ length: count }, () => ProcessLane.start({ ...process, ...spare })),
  );
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const engine = new Engine({ bundle, decision, lanes: started, ...spare });
  // What the lanes are asked for first comes first.
  spare.spare?.prepareSoon();
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed || signal?.aborted) {
    await engine.close();
    throw (failed?.reason ?? signal?.reason) as Error;
  }
  return engine;
}

/** A bundle in its lanes, ready to give any number of sources their sound. Made by `createEngine()`. */
export class Engine {
  readonly device: Device;
  /** The devices that were tried, and why those before `device` were rejected. */
  readonly probes: readonly DeviceProbe[];
  readonly bundle: BundleSummary;
  readonly #bundle: Bundle;
  readonly #lanes: readonly ProcessLane[];
  readonly #spare: SpareLane | undefined;
  readonly #sessions = new Set<Session>();
  /** Of each lane, whose hops are next; and the lane of each live session. */
  readonly #turns: readonly DeadlineQueue[];
  readonly #laneOf = new Map<Session, number>();
  readonly #costs = new CostEstimate();
  readonly #reader: TextReader;
  #sessionCount = 0;
  #closing: Promise<void> | undefined;

  /** @internal Use `createEngine()`. */
  constructor(parts: {
    bundle: Bundle;
    decision: DeviceDecision;
    lanes: readonly ProcessLane[];
    spare?: SpareLane;
  }) {
    this.device = parts.decision.device;
    this.probes = parts.decision.probes;
    this.bundle = summaryOf(parts.bundle);
    this.#bundle = parts.bundle;
    this.#reader = new TextReader(parts.bundle.manifest);
    this.#lanes = parts.lanes;
    this.#spare = parts.spare;
    this.#turns = parts.lanes.map(() => new DeadlineQueue(LIVE_HOPS_AT_ONCE));
  }

  /** How often lanes died and were started again. */
  get laneRestarts(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.restarts, 0);
  }

  /** The process ids of the lanes. */
  get lanePids(): readonly number[] {
    return this.#lanes.flatMap((lane) => lane.pid ?? []);
  }

  /** How long the slowest lane took to load the bundle. Unit: ms. */
  get loadMs(): number {
    return Math.max(0, ...this.#lanes.map((lane) => lane.loadMs));
  }

  /**
   * Gives pictures their sound. An `AsyncIterable` is read without loss, as fast as the sound is asked for, on all
   * lanes; an `Observable` is live: it is never waited for, the newest frames count, and it stays on one lane.
   *
   * Live sessions share a lane by deadlines, if they have a delay (`options.live`).
   *
   * Frames carry positions (audio frames at 48 kHz), in any order and at any rate; the first defines the start.
   * @throws {TypeError | RangeError | LivefoleyError} If an option is out of its range
   */
  score(frames: AsyncIterable<VideoFrame> | Observable<VideoFrame>, options: SessionOptions = {}): Session {
    if (this.#closing) throw new TypeError('Cannot score frames: the engine is closed');
    this.#sessionCount += 1;
    const isLive = frames instanceof Observable;
    const turn = isLive ? this.#leastLoadedLane() : this.#sessionCount % this.#lanes.length;
    const session: Session = new Session(
      frames,
      {
        manifest: this.#bundle.manifest,
        lanes: [...this.#lanes.slice(turn), ...this.#lanes.slice(0, turn)],
        key: `session-${this.#sessionCount}`,
        turns: this.#turns[turn]!,
        onClose: () => {
          this.#sessions.delete(session);
          this.#laneOf.delete(session);
        },
        onCost: (hopCostMs) => this.#costs.add(hopCostMs),
      },
      options,
    );
    this.#sessions.add(session);
    if (isLive) this.#laneOf.set(session, turn);
    return session;
  }

  /** What a live session costs, by forecast from what hops have cost so far; undefined before the first. */
  get sessionLoad(): SessionLoad | undefined {
    const hopCostMs = this.#costs.quantileMs(COST_SHARE);
    return hopCostMs === undefined
      ? undefined
      : { hopCostMs, hopMs: (this.bundle.hopFrames / MEDIA_RATE) * 1000 };
  }

  /** What each lane bears now: a load for every live session on it. */
  get laneLoads(): readonly (readonly SessionLoad[])[] {
    const load = this.sessionLoad;
    return this.#lanes.map((_, lane) => {
      const count = [...this.#laneOf.values()].filter((each) => each === lane).length;
      return load ? Array.from({ length: count }, () => load) : [];
    });
  }

  #leastLoadedLane(): number {
    const counts = this.#lanes.map(
      (_, lane) => [...this.#laneOf.values()].filter((each) => each === lane).length,
    );
    return counts.indexOf(Math.min(...counts));
  }

  /**
   * Reads free text as a prompt for `score()` and `Session.setPrompt()`: words of the bundle's vocabulary count as they
   * are, anything else by what it means, if the bundle `text` is there. Streams go on meanwhile. Answers come in the order
   * of the questions.
   * @throws {LivefoleyError} Place `usage`, if the bundle takes no prompt or nothing of the text is understood; place
   * `bundle` or `environment`, if the bundle `text` is damaged or cannot run
   * @example
   * session.setPrompt(await engine.readPrompt('a steel door slams in a hall'));
   */
  readPrompt(text: string): Promise<Prompt> {
    return this.#reader.read(text);
  }

  /**
   * Checks what shapes the sound, as `score()` would.
   * @throws {TypeError | RangeError | LivefoleyError} If the bundle does not take one of them
   */
  checkSettings(settings: Pick<SessionOptions, 'seed' | 'prompt' | 'steps' | 'gainDb'>): void {
    settingsOf(settings, this.#bundle.manifest);
    assertGain(settings.gainDb ?? 0);
  }

  /** From which positions on a session that begins at `startPosition` needs frames and own sound. Unit: positions. */
  neededFrom(startPosition: number): NeededFrom {
    return neededFrom(this.#bundle.manifest, startPosition);
  }

  /** Ends all sessions, then the lanes. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.close()));
    await Promise.all([
      this.#reader.close(),
      this.#spare?.close(),
      ...this.#lanes.map((lane) => lane.close()),
    ]);
  }
}

/**
 * Tries devices with a bundle, each in a throw-away process.
 * @throws {LivefoleyError} Place `bundle`, if the bundle is missing or its manifest damaged
 */
export async function probeDevices(
  bundleName: string,
  devices: readonly Device[] = DEVICES,
): Promise<DeviceProbe[]> {
  const { folder: bundle, identity } = await openBundle(bundleName);
  const probes: DeviceProbe[] = [];
  for (const device of devices)
    probes.push(await probeDevice(device, { bundle, identity, entry: PROBE_ENTRY }));
  return probes;
}
