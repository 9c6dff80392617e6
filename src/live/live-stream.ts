import type { Engine } from '../engine.js';
import { RtcPictureSink } from '../rtc/rtc-picture-sink.js';
import { RtcSoundSink } from '../rtc/rtc-sound-sink.js';
import type { SessionMetric } from '../session-metrics.js';
import type { Clock } from '../stream/clock.js';
import { MEDIA_RATE } from '../stream/media-clock.js';
import { Playout } from '../stream/playout.js';
import type { LiveLog } from './live-log.js';
import { LiveSound } from './live-sound.js';
import type { Paced, Pacemaker } from './pacemaker.js';
import { PictureDelay } from './picture-delay.js';
import type { Publisher } from './publisher.js';
import { StreamFigures } from './stream-figures.js';
import type { StreamReport, StreamState } from './stream-report.js';
import { asGiven, type ReadSettings } from './stream-settings.js';

export type LiveStreamOptions = {
  readonly name: string;
  readonly engine: Engine;
  readonly settings: ReadSettings;
  readonly clock: Clock;
  readonly pacemaker: Pacemaker;
  readonly log: LiveLog;
  /** From a picture's capture to its sound's departure, at first. Unit: ms. */
  readonly delayMs: number;
  readonly onHop: (hop: Extract<SessionMetric, { kind: 'hop' }>) => void;
};

/** A picture that has not changed for so long is said to be frozen. Unit: ms. */
const FROZEN_MS = 2_000;

/** After so long without a picture somebody else may take the place: libwebrtc needs three times as long to see that a
 * sender has gone, and who returns after a crash must not be locked out by himself. Unit: ms. */
const ABANDONED_MS = 5_000;

/** What can wait to be played beyond the delay. Unit: audio frames. */
const PLAYOUT_RESERVE_FRAMES = 2 * MEDIA_RATE;

/**
 * One stream: who sends it, its sound, what leaves. The sound's track lives as long as the stream: a sender may vanish
 * and return, sessions may fail and follow each other, and listeners hear a fade and then the sound again.
 */
export class LiveStream implements Paced {
  readonly sink = new RtcSoundSink();
  readonly pictureSink = new RtcPictureSink();
  readonly #options: LiveStreamOptions;
  readonly #playout: Playout;
  readonly #pictures: PictureDelay;
  readonly #figures: StreamFigures;
  readonly #push = (channels: readonly Float32Array[]): void => {
    this.sink.push(channels);
    this.#figures.hear(channels);
  };
  #delayMs: number;
  #settings: ReadSettings;
  #publisher: Publisher | undefined;
  #sound: LiveSound | undefined;
  /** Whose sound is heard: the last that had a picture. */
  #speaker: LiveSound | undefined;
  #epochMs: number | undefined;
  /** What earlier senders' queues dropped. */
  readonly #dropsBefore = { pictures: 0, ownSound: 0 };
  #attachedMs: number;
  #lostSinceMs: number | undefined;
  /** All fades of senders that have gone. */
  #leaving: Promise<unknown> = Promise.resolve();
  #listeners = 0;
  #viewers = 0;
  #closing: Promise<void> | undefined;

  constructor(options: LiveStreamOptions) {
    const { clock, engine, pacemaker, delayMs } = options;
    this.#options = options;
    this.#settings = options.settings;
    this.#delayMs = delayMs;
    const startMs = clock.nowMs();
    this.#attachedMs = startMs;
    this.#playout = new Playout({
      channelCount: 2,
      capacityFrames: Math.ceil((delayMs / 1000) * MEDIA_RATE) + PLAYOUT_RESERVE_FRAMES,
      startMs,
    });
    this.#figures = new StreamFigures({ engine, clock, playout: this.#playout });
    this.#pictures = new PictureDelay(this.#playout, {
      gridFrames: engine.bundle.gridFrames,
      show: ({ data, width, height }) => this.pictureSink.push(data, width, height),
    });
    pacemaker.add(this);
  }

  get name(): string {
    return this.#options.name;
  }

  get engine(): Engine {
    return this.#options.engine;
  }

  get settings(): ReadSettings {
    return this.#settings;
  }

  get publisher(): Publisher | undefined {
    return this.#publisher;
  }

  /** Who hears it beside its sender. */
  get listeners(): number {
    return this.#listeners;
  }

  /** Those of them that see it too: pictures are sent only where somebody looks. */
  get viewers(): number {
    return this.#viewers;
  }

  /** From a picture's capture to its sound's departure; it grows if pictures keep coming too late. Unit: ms. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** When its position 0 was, by the clock; for a sender that returns. Unit: ms. */
  get epochMs(): number | undefined {
    return this.#epochMs;
  }

  get nextDueMs(): number {
    return this.#playout.nextDueMs;
  }

  /** Pictures that queues have dropped, and blocks of own sound that were not there in time. */
  get drops(): { readonly pictures: number; readonly ownSound: number } {
    const counts = this.#publisher?.source.counts;
    const { pictures, ownSound } = this.#dropsBefore;
    return {
      pictures: pictures + (counts?.dropped ?? 0),
      ownSound: ownSound + (counts?.ownSoundGaps ?? 0),
    };
  }

  get state(): StreamState {
    const publisher = this.#publisher;
    if (!publisher || publisher.peer.state === 'disconnected') return 'lost';
    const { lastArrivalMs } = publisher.source;
    if (lastArrivalMs === undefined) return 'waiting';
    return this.#options.clock.nowMs() - lastArrivalMs > FROZEN_MS ? 'frozen' : 'live';
  }

  /** Whether a sender that comes may take it up: there is none, or none from whom anything has come lately. */
  get isFree(): boolean {
    const { state } = this;
    return (
      state === 'lost' ||
      (state === 'frozen' && this.#options.clock.nowMs() - this.quietSinceMs > ABANDONED_MS)
    );
  }

  /** Since when nothing has come: the last picture, or its sender. Unit: ms of the clock. */
  get quietSinceMs(): number {
    return this.#publisher?.source.lastArrivalMs ?? this.#attachedMs;
  }

  /** Since when it has had no sender within reach; undefined while it has one. Unit: ms of the clock. */
  get lostSinceMs(): number | undefined {
    return this.#lostSinceMs;
  }

  /** Whether it ends: nobody can join it any more. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Hands out what is due. Called by the pacemaker. */
  play(nowMs: number): void {
    if (this.#playout.play(nowMs, this.#push) > 0) this.#pictures.showDue();
  }

  /** Its sound cannot be handed out: it ends as if its sender had gone. Called by the pacemaker. */
  giveUp(error: unknown): void {
    this.#options.log.error(
      { stream: this.#options.name, err: error },
      'the sound of a stream cannot be handed out',
    );
    if (this.#publisher) void this.detach(this.#publisher);
  }

  /** A sender begins, or returns: what was heard before goes on fading until its first picture. */
  attach(publisher: Publisher): void {
    const { engine, clock, log, name } = this.#options;
    this.#publisher = publisher;
    this.#attachedMs = clock.nowMs();
    this.#lostSinceMs = undefined;
    const sound: LiveSound = new LiveSound({
      engine,
      source: publisher,
      playout: {
        // Of two whose times overlap the later one is heard.
        write: (block) => {
          if (this.#speaker === sound) this.#playout.write(block);
        },
      },
      clock,
      delayMs: this.delayMs,
      settings: this.#settings,
      onStart: (epochMs) => this.#start(sound, epochMs),
      onMetric: (metric, offset) => this.#note(metric, offset),
      onDelay: (ms) => this.#growDelay(sound, ms),
      onRestart: (reason) => {
        this.#figures.countRestart();
        log.warn({ stream: name, reason }, 'a session was begun anew');
      },
    });
    this.#sound = sound;
    publisher.source.echoes$
      .forEach((picture) => this.#pictures.add(picture))
      .catch((error: unknown) =>
        log.error({ stream: name, err: error }, 'the picture of a stream cannot be sent back'),
      );
    sound.run().catch((error: unknown) => {
      log.error({ stream: name, err: error }, 'the sound of a stream cannot be made');
      void this.detach(publisher);
    });
  }

  /** Somebody listens, and maybe looks. Returns how to leave; idempotent. */
  addListener(sees: boolean): () => void {
    let isThere = true;
    this.#listeners += 1;
    this.#viewers += sees ? 1 : 0;
    return () => {
      if (!isThere) return;
      isThere = false;
      this.#listeners -= 1;
      this.#viewers -= sees ? 1 : 0;
    };
  }

  /** The sender is out of reach: its sound fades out. */
  hush(): void {
    this.#lostSinceMs ??= this.#options.clock.nowMs();
    this.#playout.hush();
  }

  /** The sender is there again: its sound fades in. */
  resume(): void {
    this.#lostSinceMs = undefined;
    if (this.#speaker !== undefined && this.#speaker === this.#sound) this.#playout.unhush();
  }

  /** A sender has gone: its sound fades out, the place is kept. Never rejects. */
  detach(publisher: Publisher): Promise<void> {
    if (this.#publisher !== publisher) return Promise.resolve();
    const { dropped, ownSoundGaps } = publisher.source.counts;
    this.#dropsBefore.pictures += dropped;
    this.#dropsBefore.ownSound += ownSoundGaps;
    const sound = this.#sound;
    this.#publisher = undefined;
    this.#sound = undefined;
    this.hush();
    const leaving = this.#letGo(publisher, sound);
    this.#leaving = Promise.all([this.#leaving, leaving]);
    return leaving;
  }

  /**
   * Changes settings from the next hop on.
   * @throws {TypeError | RangeError | LivefoleyError} If the bundle does not take one of them; then none is changed
   */
  change(settings: Partial<ReadSettings>): void {
    const changed = { ...this.#settings, ...settings };
    this.#options.engine.checkSettings(changed);
    this.#sound?.change(changed);
    this.#settings = changed;
    this.#options.log.info({ stream: this.#options.name, settings: asGiven(changed) }, 'settings changed');
  }

  report(): StreamReport {
    const { engine, name } = this.#options;
    const source = this.#publisher?.source.counts;
    const { mode } = engine.bundle;
    return {
      name,
      state: this.state,
      bundle: engine.bundle.name,
      mode,
      settings: asGiven(this.#settings),
      stepsNow: this.#sound?.stepsNow ?? this.#settings.steps,
      listeners: this.#listeners,
      picture: {
        width: source?.width ?? 0,
        height: source?.height ?? 0,
        framesPerSecond: source?.framesPerSecond ?? 0,
        droppedFrames: this.drops.pictures,
      },
      hasOwnSound: this.#publisher?.ownSound !== undefined,
      delayMs: this.#figures.delayParts(this.delayMs, this.#publisher?.jitterBufferMs ?? 0),
      ...this.#figures.report,
    };
  }

  /** Fades out, then ends everything of the stream. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#publisher) void this.detach(this.#publisher);
    await this.#leaving;
    this.#options.pacemaker.remove(this);
    this.#pictures.clear();
    this.sink.close();
    this.pictureSink.close();
  }

  async #letGo(publisher: Publisher, sound: LiveSound | undefined): Promise<void> {
    const { log, name } = this.#options;
    await this.#silence();
    // Whoever returned meanwhile has a sound of his own. What cannot be ended must not keep the rest from it.
    const ends = [() => sound?.stop(), () => publisher.close()];
    for (const end of ends) {
      try {
        await end();
      } catch (error) {
        log.error({ stream: name, err: error }, 'a part of a stream could not be ended');
      }
    }
  }

  /** The first picture of a sender has come. */
  #start(sound: LiveSound, epochMs: number): void {
    if (sound !== this.#sound) return;
    this.#speaker = sound;
    this.#epochMs = epochMs;
    this.#playout.anchor(epochMs + this.delayMs);
    if (this.#publisher?.peer.state !== 'disconnected') this.#playout.unhush();
  }

  #growDelay(sound: LiveSound, delayMs: number): void {
    if (sound !== this.#speaker) return;
    const { log, name } = this.#options;
    log.warn(
      { stream: name, from: this.#delayMs, to: delayMs },
      'pictures keep coming late: the delay grows',
    );
    this.#playout.delayBy(Math.round(((delayMs - this.#delayMs) / 1000) * MEDIA_RATE));
    this.#delayMs = delayMs;
  }

  #note(metric: SessionMetric, offset: number): void {
    this.#figures.note(metric, offset);
    if (metric.kind === 'hop') {
      this.#options.onHop(metric);
    } else if (metric.kind === 'steps') {
      const { from, to, position, forecastSlackMs } = metric;
      this.#options.log.warn(
        { stream: this.#options.name, from, to, position, forecastSlackMs },
        'steps changed',
      );
    }
  }

  /** Resolves when the fade is over. */
  async #silence(): Promise<void> {
    const { clock } = this.#options;
    for (let i = 0; i < HUSH_LOOKS && !this.#playout.isSilent && this.#publisher === undefined; i += 1)
      await clock.waitUntilMs(clock.nowMs() + HUSH_LOOK_MS);
  }
}

/** A fade takes 0.2 s; twice that is waited for at most. */
const HUSH_LOOKS = 40;
const HUSH_LOOK_MS = 10;
