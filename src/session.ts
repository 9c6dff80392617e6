import { from, Observable, Subject, type Subscription } from 'rxjs';
import { runPipeline, type ArrivalReport, type PipelineOptions } from './pipeline.js';
import type { BundleManifest } from './runtime/bundle-manifest.js';
import type { Lane, StepTiming } from './runtime/lane.js';
import { Credits } from './scheduler/credits.js';
import type { DeadlineQueue } from './scheduler/deadline-queue.js';
import { LiveHops } from './session-live.js';
import type { SessionMetric } from './session-metrics.js';
import { assertEndPosition, assertGain, settingsOf, type SessionOptions } from './session-options.js';
import { mixFromPosition, spanFor } from './session-span.js';
import { timingOf, type BundleTiming } from './stages/bundle-timing.js';
import type { FlowSettings } from './stages/flow-settings.js';
import { BLOCK_FRAMES } from './stages/mix.js';
import { promptOf, type Prompt } from './stages/prompt.js';
import { assertNonNegativeInteger } from './stream/assertions.js';
import { frameCountOf, type AudioBlock } from './stream/audio-block.js';
import { BlockFeed } from './stream/block-feed.js';
import { BoundedQueue } from './stream/bounded-queue.js';
import { systemClock, type Clock } from './stream/clock.js';
import { LivefoleyError } from './stream/errors.js';
import { Grid } from './stream/grid.js';
import { LIMITER_DELAY_FRAMES, LIMITER_REACH_FRAMES } from './stream/limit-peaks.js';
import { keepTicking } from './stream/live-frames.js';
import { paceBlocks } from './stream/pace-blocks.js';
import type { VideoFrame } from './stream/video-frame.js';

/** Frames of a live source that wait for the grid: two hops of 60 Hz video; older ones make room. */
const LIVE_QUEUE_FRAMES = 16;

/** Hops under way in one lane beyond the one it computes: enough that it never waits for us. */
const HOPS_AHEAD = 5;

/** What an engine gives a session. @internal */
export type SessionParts = {
  readonly manifest: BundleManifest;
  readonly lanes: readonly Lane[];
  readonly key: string;
  readonly onClose: () => void;
  /** For a live session: the turns of its lane. */
  readonly turns?: DeadlineQueue;
  /** Called with what each hop cost. Unit: ms. */
  readonly onCost?: (hopCostMs: number) => void;
};

/** One stream of pictures on its way to sound. Made by `Engine.score()`. */
export class Session {
  readonly #options: SessionOptions;
  readonly #manifest: BundleManifest;
  readonly #lanes: readonly Lane[];
  readonly #key: string;
  readonly #parts: SessionParts;
  readonly #liveHops: LiveHops | undefined;
  readonly #isLive: boolean;
  readonly #timing: BundleTiming;
  readonly #feed: BlockFeed;
  readonly #grid: Grid;
  readonly #credits: Credits;
  readonly #metrics$ = new Subject<SessionMetric>();
  readonly #stop = new AbortController();
  readonly #clock: Clock;
  readonly #frames: AsyncIterator<VideoFrame>;
  #ownSound: AsyncIterator<AudioBlock> | undefined;
  #settings: FlowSettings;
  #prompt: string | Prompt;
  #gainDb: number;
  #isOwnSoundHeard = true;
  #isDucking = true;
  #subscription: Subscription | undefined;
  #sourceSubscription: Subscription | undefined;
  #liveQueue: BoundedQueue<VideoFrame> | undefined;
  #closing: Promise<void> | undefined;
  #lastPosition = 0;
  #hasSounded = false;
  /** What was computed since the last report. */
  #timings: StepTiming[] = [];

  /** @internal Use `Engine.score()`. */
  constructor(
    frames: AsyncIterable<VideoFrame> | Observable<VideoFrame>,
    parts: SessionParts,
    options: SessionOptions,
  ) {
    this.#options = options;
    this.#manifest = parts.manifest;
    this.#isLive = frames instanceof Observable;
    this.#lanes = this.#isLive ? parts.lanes.slice(0, 1) : parts.lanes;
    this.#key = parts.key;
    this.#parts = parts;
    this.#clock = options.clock ?? systemClock;
    this.#timing = timingOf(parts.manifest);
    this.#settings = settingsOf(options, parts.manifest);
    this.#prompt = options.prompt ?? '';
    this.#gainDb = options.gainDb ?? 0;
    assertGain(this.#gainDb);
    this.#liveHops = this.#createLiveHops();
    const startPosition = options.startPosition ?? 0;
    assertNonNegativeInteger(startPosition, 'startPosition');
    assertEndPosition(options.endPosition, startPosition);
    const { hopFrames } = this.#timing;
    const maxHops = this.#maxHopsUnderWay();
    const capacityFrames = maxHops * hopFrames + hopFrames;
    this.#feed = new BlockFeed({
      channelCount: options.ownSound?.channelCount ?? 1,
      // Beside what credits count: what crossfade, blocks and limiter held back before.
      capacityFrames: capacityFrames + hopFrames + 4 * BLOCK_FRAMES,
      blockFrames: BLOCK_FRAMES,
      startPosition,
      readableTo: () => this.#readableTo(),
      onRead: (levelFrames) => this.#credits.grant(levelFrames),
    });
    this.#credits = new Credits({ hopFrames, capacityFrames, maxHops }, this.#span().firstHop);
    this.#frames = this.#open(frames);
    const { gridFrames, hopPoints } = parts.manifest;
    this.#grid = new Grid(this.#frames, { gridFrames, hopPoints, onRead: () => this.#feed.look() });
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    // Not in the constructor: who made the session hears of its end.
    if (options.signal?.aborted) queueMicrotask(this.#onAbort);
  }

  /** Everything that happens, as it happens. Completes with the session. */
  get metrics$(): Observable<SessionMetric> {
    return this.#metrics$.asObservable();
  }

  /**
   * The sound, pulled: reading it drives the session, and what is not read is not computed beyond a bounded look
   * ahead. Each block holds 480 frames (the last may hold fewer) and is valid until the next is asked for. One reader.
   */
  get blocks(): AsyncIterable<AudioBlock> {
    return { [Symbol.asyncIterator]: () => this.#read() };
  }

  /** The same sound paced by the clock: each block when it is due. Subscribe once. */
  get blocks$(): Observable<AudioBlock> {
    return paceBlocks(this.blocks, {
      clock: this.#clock,
      onLate: (late) => this.#metrics$.next({ kind: 'late', ...late }),
    });
  }

  /** Hops under way now, and the most there ever were: bounded by demand. */
  get hopsUnderWay(): { readonly now: number; readonly most: number; readonly limit: number } {
    return { now: this.#credits.underWay, most: this.#credits.highWater, limit: this.#maxHopsUnderWay() };
  }

  /**
   * Changes the prompt from the next hop on, without a reset; an empty text means none. What is not words of the
   * bundle's vocabulary is read by `Engine.readPrompt()` first.
   * @throws {LivefoleyError} Place `usage`, if the bundle does not know a word of it
   * @throws {RangeError} If it was read for another bundle
   */
  setPrompt(prompt: string | Prompt): void {
    const read = promptOf(prompt, this.#manifest);
    const text = read?.text ?? '';
    this.#prompt = prompt;
    this.#settings = { ...this.#settings, prompt: read?.vector };
    const unknownWords = read?.unknownWords ?? [];
    this.#metrics$.next({ kind: 'prompt', position: this.#lastPosition, text, unknownWords });
  }

  /**
   * Changes the gain of the generated sound, smoothly over one block.
   * @throws {RangeError} If it is not within -60 to 24 dB
   */
  setGain(gainDb: number): void {
    assertGain(gainDb);
    this.#gainDb = gainDb;
  }

  /**
   * Changes the seed from the next hop on, without a reset.
   * @throws {TypeError | RangeError} If it is not an integer of at least 0
   */
  setSeed(seed: number): void {
    const { steps, prompt } = this.#settings;
    this.#settings = { ...settingsOf({ seed, steps }, this.#manifest), prompt };
  }

  /**
   * Changes the steps of the flow from the next hop on; for a live session with deadlines, the most it spends.
   * @throws {TypeError | RangeError} If the bundle does not take as many
   */
  setSteps(steps: number): void {
    const { seed, prompt } = this.#settings;
    this.#settings = { ...settingsOf({ seed, steps }, this.#manifest), prompt };
    this.#liveHops?.setMaxSteps(steps);
  }

  /** Changes `live.delayMs` from now on: deadlines follow. Unit: ms. */
  setDelay(delayMs: number): void {
    this.#liveHops?.setDelay(delayMs);
  }

  /** Whether the source's own sound is heard, and whether ours gives way to it; changes within one block. */
  setOwnSound(own: { readonly isHeard: boolean; readonly isDucking: boolean }): void {
    this.#isOwnSoundHeard = own.isHeard;
    this.#isDucking = own.isDucking;
  }

  /** Steps of the flow that the next hop gets. */
  get steps(): number {
    return this.#liveHops?.steps ?? this.#settings.steps;
  }

  /** Ends the session: pictures and own sound are let go, lanes forget it, readers come to their end. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #onAbort = (): void => {
    this.#feed.fail(this.#options.signal?.reason);
    void this.close();
  };

  async *#read(): AsyncGenerator<AudioBlock> {
    this.#start();
    try {
      yield* { [Symbol.asyncIterator]: () => this.#feed };
    } finally {
      await this.close();
    }
  }

  /** Begins on the first read, so that whoever listens to metrics has had time to subscribe. */
  #start(): void {
    if (this.#subscription)
      throw new TypeError('Cannot read the blocks: they are read already, and can be read once');
    this.#options.signal?.throwIfAborted();
    if (this.#closing) return;
    // Read once when the options were checked, and again now that somebody may listen for unknown words.
    if (promptOf(this.#prompt, this.#manifest)) this.setPrompt(this.#prompt);
    const pipeline$ = runPipeline(this.#credits.credits$, this.#pipelineOptions());
    const blocks$ = this.#options.afterMix ? pipeline$.pipe(this.#options.afterMix) : pipeline$;
    this.#subscription = blocks$.subscribe({
      next: (block) => this.#feed.write(block),
      error: (error: unknown) => this.#feed.fail(error),
      complete: () => this.#finish(),
    });
    this.#credits.grant(0);
  }

  #pipelineOptions(): PipelineOptions {
    const { ownSound } = this.#options;
    this.#ownSound = ownSound?.blocks[Symbol.asyncIterator]();
    // What lies between a hop and the last block made of it.
    const heldBack = this.#timing.latencyFrames + LIMITER_DELAY_FRAMES + BLOCK_FRAMES;
    return {
      sessionKey: this.#key,
      timing: this.#timing,
      lanes: this.#lanes,
      firstRun: this.#span().firstRun,
      grid: this.#grid,
      isPastEnd: (hop) => this.#isPastEnd(hop),
      ...(this.#liveHops ? { turnOf: (hop: number) => this.#liveHops!.turnOf(hop) } : {}),
      settingsAt: (position) => {
        this.#lastPosition = position;
        return this.#liveHops ? { ...this.#settings, steps: this.#liveHops.steps } : this.#settings;
      },
      mix: {
        channelCount: ownSound?.channelCount ?? 1,
        fromPosition: mixFromPosition(this.#options.startPosition ?? 0),
        gainDbAt: () => this.#gainDb,
        ...(this.#ownSound ? { under: this.#ownSound } : {}),
        ...(ownSound?.ducking ? { ducking: ownSound.ducking } : {}),
        underAt: () => ({ isHeard: this.#isOwnSoundHeard, ducks: this.#isDucking }),
      },
      onArrival: (arrival) => this.#report(arrival),
      onBlock: (block) => this.#settleUpTo(block.position + frameCountOf(block) + heldBack),
      onSeam: (seam) => this.#metrics$.next({ kind: 'seam', ...seam }),
    };
  }

  #report({ position, timings, sounds, endsHop }: ArrivalReport): void {
    this.#timings.push(...timings);
    this.#hasSounded ||= sounds;
    if (!endsHop) return;
    const { levelFrames } = this.#feed;
    const went = this.#liveHops?.settle(position / this.#timing.hopFrames, this.#timings);
    this.#metrics$.next({
      kind: 'hop',
      position,
      timings: this.#timings,
      hopsUnderWay: this.#credits.underWay,
      levelFrames,
      ...(went ? { times: went.times } : {}),
    });
    if (went?.change) this.#metrics$.next({ kind: 'steps', position, ...went.change });
    this.#parts.onCost?.(this.#timings.reduce((sum, { ms }) => sum + ms, 0));
    this.#timings = [];
    // Of these hops nothing reaches the ring: no run has sounded yet, or what sounds lies before what is mixed.
    const hopEnd = position + this.#timing.hopFrames;
    const mixFrom = mixFromPosition(this.#options.startPosition ?? 0);
    if (!this.#hasSounded || hopEnd <= mixFrom) this.#settleUpTo(hopEnd);
  }

  /** All sound before this position has reached the ring; demand is looked at again once this turn is over. */
  #settleUpTo(position: number): void {
    this.#credits.settleUpTo(Math.floor(position / this.#timing.hopFrames));
    queueMicrotask(() => this.#credits.grant(this.#feed.levelFrames));
  }

  /** The limiter looks ahead: what comes soon after the end has to be there for what comes before it to be as in the whole. */
  #isPastEnd(hop: number): boolean {
    return (
      hop * this.#timing.hopFrames - this.#timing.latencyFrames >= this.#endPosition + LIMITER_REACH_FRAMES
    );
  }

  /** Where the sound ends, as far as that is known: it was given, or the source has ended. */
  get #endPosition(): number {
    return Math.min(this.#options.endPosition ?? Infinity, this.#grid.endPosition ?? Infinity);
  }

  /**
   * A hop's sound can be there before its source has said that it ends within that hop, so nobody may hear more than
   * is known to have pictures; or the length would depend on who is faster. A live source is not waited for.
   */
  #readableTo(): number {
    return this.#isLive
      ? this.#endPosition
      : Math.min(this.#endPosition, this.#grid.endPosition ?? this.#grid.newestPosition);
  }

  #finish(): void {
    const { frames } = this.#grid.counts;
    if (frames === 0) {
      this.#feed.fail(new LivefoleyError('input', 'Cannot make sound: the source ended without a picture'));
      return;
    }
    this.#feed.end();
  }

  #maxHopsUnderWay(): number {
    const { plan } = this.#timing;
    const perLane = this.#lanes.length > 1 ? plan.anchorHops : 0;
    return this.#lanes.length * perLane + HOPS_AHEAD;
  }

  #span(): { firstHop: number; firstRun: number } {
    return spanFor(this.#manifest, this.#options.startPosition ?? 0);
  }

  #createLiveHops(): LiveHops | undefined {
    const { live } = this.#options;
    const { turns } = this.#parts;
    if (!live || !turns || !this.#isLive) return undefined;
    const maxSteps = this.#settings.steps;
    return new LiveHops({ live, turns, maxSteps, timing: this.#timing, clock: this.#clock });
  }

  #open(frames: AsyncIterable<VideoFrame> | Observable<VideoFrame>): AsyncIterator<VideoFrame> {
    if (!(frames instanceof Observable)) return frames[Symbol.asyncIterator]();
    const queue = new BoundedQueue<VideoFrame>({ capacity: LIVE_QUEUE_FRAMES, policy: 'drop-oldest' });
    this.#liveQueue = queue;
    this.#sourceSubscription = from(frames).subscribe({
      next: (frame) => queue.offer(frame),
      error: (error: unknown) => queue.fail(error),
      complete: () => queue.close(),
    });
    return keepTicking(queue, {
      clock: this.#clock,
      gridFrames: this.#manifest.gridFrames,
      signal: this.#stop.signal,
      ...this.#options.live,
    });
  }

  async #close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#stop.abort();
    this.#liveHops?.close();
    this.#subscription?.unsubscribe();
    this.#sourceSubscription?.unsubscribe();
    this.#credits.end();
    for (const lane of this.#lanes) lane.forget(`${this.#key}/`, []);
    const { frames, skipped, late } = this.#grid.counts;
    this.#metrics$.next({
      kind: 'end',
      position: this.#lastPosition,
      frames,
      skippedFrames: skipped,
      lateFrames: late,
      droppedFrames: this.#liveQueue?.counts.dropped ?? 0,
    });
    this.#metrics$.complete();
    this.#feed.end();
    this.#parts.onClose();
    await Promise.all([this.#frames.return?.(), this.#ownSound?.return?.()]);
  }
}
