import { firstValueFrom, map, startWith, takeUntil, tap, type Observable, Subject } from 'rxjs';
import type { Engine } from '../engine.js';
import type { SessionMetric } from '../session-metrics.js';
import type { Session } from '../session.js';
import { BLOCK_FRAMES } from '../stages/mix.js';
import type { AudioBlock } from '../stream/audio-block.js';
import type { Clock } from '../stream/clock.js';
import { MEDIA_RATE } from '../stream/media-clock.js';
import type { Playout } from '../stream/playout.js';
import type { VideoFrame } from '../stream/video-frame.js';
import { DelayGrowth } from './delay-growth.js';
import type { LiveSource } from './live-source.js';
import type { ReadSettings } from './stream-settings.js';

/** A session so far behind its deadlines does not catch up in time: another one begins at now. Unit: ms. */
const LAG_LIMIT_MS = 1_000;

/** Failures in a row, without a hop between, after which the cause is not chance; and the pause after each. */
const MAX_FAILURES = 5;
const FAILURE_PAUSE_MS = 100;

export type LiveSoundOptions = {
  readonly engine: Pick<Engine, 'score' | 'bundle'>;
  readonly source: LiveSource;
  /** Where the sound goes, by the stream's positions. */
  readonly playout: Pick<Playout, 'write'>;
  readonly clock: Clock;
  /** From a picture's time to the time at which its sound is due, at first. Unit: ms. */
  readonly delayMs: number;
  readonly settings: ReadSettings;
  /** The first picture has come: position 0 was at `epochMs`. */
  readonly onStart: (epochMs: number) => void;
  /** `offset` is where the session that reports begins in the stream. Unit: audio frames. */
  readonly onMetric: (metric: SessionMetric, offset: number) => void;
  /** Pictures keep coming too late: from now on the sound is due later after its picture. Unit: ms. */
  readonly onDelay: (delayMs: number) => void;
  /** A session has failed or fallen behind, and another takes its place. */
  readonly onRestart: (reason: string) => void;
};

/**
 * Makes a live source's sound, and keeps making it: whatever ends a session but the source itself, another one begins
 * where the stream is then. Each session has positions of its own, from 0; the stream's go on.
 */
export class LiveSound {
  readonly #options: LiveSoundOptions;
  readonly #stopped$ = new Subject<void>();
  readonly #growth: DelayGrowth;
  #delayMs: number;
  #settings: ReadSettings;
  #session: Session | undefined;
  #latest: VideoFrame | undefined;
  #restartReason: string | undefined;
  #failures = 0;
  #isStopped = false;

  constructor(options: LiveSoundOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#delayMs = options.delayMs;
    this.#growth = new DelayGrowth(msOf(options.engine.bundle.hopFrames));
  }

  /** Steps of the flow that the next hop gets. */
  get stepsNow(): number {
    return this.#session?.steps ?? this.#settings.steps;
  }

  /**
   * Takes settings over, from the next hop on.
   * @throws {TypeError | RangeError | LivefoleyError} If the bundle does not take one of them; then none is taken over
   */
  change(settings: ReadSettings): void {
    const before = this.#settings;
    try {
      this.#apply(settings, before);
      this.#settings = settings;
    } catch (error) {
      this.#apply(before, settings);
      throw error;
    }
  }

  /** Makes sound until the source ends or `stop()` is called; rejects when sessions fail one after the other. */
  async run(): Promise<void> {
    const { source, onStart } = this.#options;
    this.#latest = await firstValueFrom(source.frames$.pipe(takeUntil(this.#stopped$)), {
      defaultValue: undefined,
    });
    if (!this.#latest) return;
    onStart(source.epochMs!);
    let offset = alignedDown(this.#latest.position);
    while (!this.#isStopped) {
      const reason = await this.#runSession(offset);
      if (reason === undefined || this.#isStopped) return;
      this.#options.onRestart(reason);
      offset = Math.max(offset, this.#positionNow());
    }
  }

  /** Ends it: nothing more is written. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopped$.next();
    await this.#session?.close();
  }

  /** One session from a position on. Resolves to why another has to follow; undefined at the source's end. */
  async #runSession(offset: number): Promise<string | undefined> {
    const { engine, playout, onMetric } = this.#options;
    this.#restartReason = undefined;
    try {
      const session = engine.score(this.#framesFrom(offset), this.#sessionOptions(offset));
      this.#session = session;
      session.setOwnSound(ownSoundOf(this.#settings));
      void session.metrics$.forEach((metric) => {
        if (metric.kind === 'hop') this.#watch(metric);
        onMetric(metric, offset);
      });
      for await (const block of session.blocks) {
        playout.write({ position: block.position + offset, channels: block.channels });
      }
      return this.#restartReason;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures >= MAX_FAILURES) throw error;
      await this.#options.clock.waitUntilMs(this.#options.clock.nowMs() + FAILURE_PAUSE_MS);
      return error instanceof Error ? error.message : String(error);
    }
  }

  #sessionOptions(offset: number): Parameters<Engine['score']>[1] {
    const { source, clock } = this.#options;
    const { seed, prompt, gainDb, steps } = this.#settings;
    const originMs = source.epochMs! + msOf(offset);
    const ownSound = source.ownSound?.(offset);
    return {
      seed,
      prompt,
      gainDb,
      steps,
      clock,
      live: { originMs, delayMs: this.#delayMs, arrivalDelayMs: source.arrivalDelayMs },
      ...(ownSound ? { ownSound: { channelCount: 2, blocks: shifted(ownSound, -offset) } } : {}),
    };
  }

  /** The source's pictures by the session's positions; the latest is there from the start. */
  #framesFrom(offset: number): Observable<VideoFrame> {
    const first = this.#latest!;
    return this.#options.source.frames$.pipe(
      tap((frame) => (this.#latest = frame)),
      startWith({ ...first, position: Math.max(offset, first.position) }),
      map((frame) => ({ ...frame, position: frame.position - offset })),
    );
  }

  #watch(hop: Extract<SessionMetric, { kind: 'hop' }>): void {
    this.#failures = 0;
    if (!hop.times || this.#restartReason !== undefined) return;
    const growthMs = this.#growth.observe(hop.times);
    if (growthMs !== undefined) this.#delayBy(growthMs);
    if (hop.times.slackMs > -LAG_LIMIT_MS) return;
    this.#restartReason = `it had fallen behind by ${Math.round(-hop.times.slackMs)} ms`;
    void this.#session?.close();
  }

  #delayBy(ms: number): void {
    this.#delayMs += ms;
    this.#session?.setDelay(this.#delayMs);
    this.#options.onDelay(this.#delayMs);
  }

  #apply(settings: ReadSettings, before: ReadSettings): void {
    const session = this.#session;
    if (!session) return;
    if (settings.seed !== before.seed) session.setSeed(settings.seed);
    if (settings.prompt !== before.prompt) session.setPrompt(settings.prompt);
    if (settings.steps !== before.steps) session.setSteps(settings.steps);
    session.setGain(settings.gainDb);
    session.setOwnSound(ownSoundOf(settings));
  }

  #positionNow(): number {
    const { clock, source } = this.#options;
    return alignedDown(((clock.nowMs() - source.epochMs!) / 1000) * MEDIA_RATE);
  }
}

function ownSoundOf(settings: ReadSettings): { isHeard: boolean; isDucking: boolean } {
  return { isHeard: settings.mix === 'under', isDucking: settings.isDucking };
}

async function* shifted(blocks: AsyncIterable<AudioBlock>, frames: number): AsyncGenerator<AudioBlock> {
  for await (const { position, channels } of blocks) yield { position: position + frames, channels };
}

function alignedDown(position: number): number {
  return Math.max(0, Math.floor(position / BLOCK_FRAMES) * BLOCK_FRAMES);
}

function msOf(frames: number): number {
  return (frames / MEDIA_RATE) * 1000;
}
