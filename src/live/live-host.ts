import { randomUUID } from 'node:crypto';
import type { Engine } from '../engine.js';
import { readOffer } from '../rtc/read-offer.js';
import { Refusal } from '../rtc/refusal.js';
import { RtcPeer, type PeerState } from '../rtc/rtc-peer.js';
import type { Clock } from '../stream/clock.js';
import { LivefoleyError } from '../stream/errors.js';
import { hopCostMsOf, type EnginePool } from './engine-pool.js';
import { reportBundles } from './bundle-catalogue.js';
import { delayMsFor } from './live-delay.js';
import type { LiveLog } from './live-log.js';
import { LiveCounts } from './live-counts.js';
import type { LiveMetrics } from './live-metrics.js';
import { LiveStream } from './live-stream.js';
import { Pacemaker } from './pacemaker.js';
import { Publisher } from './publisher.js';
import { refusingUsage } from './refusing-usage.js';
import { assertFree, isClosing, nameTaken, RETRY_AFTER_SECONDS } from './name-refusals.js';
import { readPromptOf } from './read-prompt-of.js';
import { reasonToEnd, type Patience } from './reason-to-end.js';
import type { AgreedPeer, BundleReport, Offer, StreamHost } from './stream-host.js';
import type { StreamReport } from './stream-report.js';
import { SETTING_DEFAULTS, type ReadSettings, type StreamSettings } from './stream-settings.js';

export type LiveHostOptions = Patience & {
  readonly pool: EnginePool;
  readonly bundle: string;
  readonly maxSessions: number;
  readonly delayMs: number;
  readonly allowLoopback: boolean;
  readonly portRange?: { readonly min: number; readonly max: number };
  readonly log: LiveLog;
  readonly clock: Clock;
};

/** How often streams are looked after. Unit: ms. */
const LOOK_MS = 500;

/** Listeners of one stream at once: each costs some threads and file handles. */
const MAX_LISTENERS = 64;

type Connection = {
  readonly stream: LiveStream;
  readonly peer: RtcPeer;
  /** Whether it sends: a stream ends with its sender's DELETE, and not with a listener's. */
  readonly sends: boolean;
};

/** Holds all live streams, and who sends and hears them. Made by `createStreamHost()`. */
export class LiveHost implements StreamHost {
  readonly #options: LiveHostOptions;
  readonly #pacemaker: Pacemaker;
  readonly #streams = new Map<string, LiveStream>();
  readonly #connections = new Map<string, Connection>();
  readonly #counts = new LiveCounts();
  readonly #stop = new AbortController();
  /** Names that are being agreed to, with their engines: nobody else may take their names or places. */
  readonly #beginning = new Map<string, Engine | undefined>();
  #closing: Promise<void> | undefined;

  /** @internal Use `createStreamHost()`. */
  constructor(options: LiveHostOptions) {
    this.#options = options;
    this.#pacemaker = new Pacemaker(options.clock);
    void this.#lookAfter();
  }

  async agree(offer: Offer): Promise<AgreedPeer> {
    if (this.#closing) throw isClosing();
    // What is malformed is refused before anything is begun for it.
    const summary = readOffer(offer.sdp, offer.role);
    if (offer.role === 'listen') return this.#listen(offer, summary.wantsVideo);
    if (this.#beginning.has(offer.stream)) throw nameTaken(offer.stream);
    this.#beginning.set(offer.stream, undefined);
    try {
      return await this.#publish(offer, summary.wantsVideo);
    } finally {
      this.#beginning.delete(offer.stream);
    }
  }

  async end(stream: string, sessionId: string): Promise<boolean> {
    if (!this.hasSession(stream, sessionId)) return false;
    const connection = this.#connections.get(sessionId)!;
    if (connection.sends) await this.#endStream(connection.stream);
    else connection.peer.close();
    return true;
  }

  hasSession(stream: string, sessionId: string): boolean {
    const connection = this.#connections.get(sessionId);
    return connection !== undefined && this.#streams.get(stream) === connection.stream;
  }

  streams(): readonly StreamReport[] {
    return [...this.#streams.values()].map((stream) => stream.report());
  }

  async change(name: string, settings: Partial<StreamSettings>): Promise<StreamReport> {
    const engine = this.#streamToChange(name).engine;
    const read = await readPromptOf(settings, engine);
    const stream = this.#streamToChange(name);
    refusingUsage(() => stream.change(read));
    return stream.report();
  }

  /** The bundles that streams may use, with the delay that each would have. */
  bundles(): Promise<readonly BundleReport[]> {
    const { pool, bundle: defaultBundle, delayMs: extraDelayMs } = this.#options;
    return reportBundles({ pool, defaultBundle, extraDelayMs });
  }

  /** What is counted beyond the streams' own reports. */
  metrics(): LiveMetrics {
    return {
      ...this.#counts.with(this.#streams.values()),
      pacerLateness: this.#pacemaker.lateness,
      peers: this.#connections.size,
    };
  }

  /** The processes that compute. */
  async lanePids(): Promise<readonly number[]> {
    return (await this.#options.pool.engineOf(this.#options.bundle)).lanePids;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#streams.values()].map((stream) => this.#endStream(stream)));
    this.#pacemaker.close();
    await this.#options.pool.close();
  }

  async #publish(offer: Offer, wantsVideo: boolean): Promise<AgreedPeer> {
    const { stream, settings, isNew } = await this.#streamFor(offer);
    const { sink, pictureSink } = stream;
    const hears = offer.role === 'duplex';
    const sees = hears && wantsVideo;
    const sessionId = randomUUID();
    let peer: RtcPeer | undefined;
    try {
      peer = await RtcPeer.answer({
        ...this.#peerOptions(),
        role: offer.role,
        sdp: offer.sdp,
        ...(hears ? { sound: { track: sink.track, stream: sink.stream } } : {}),
        ...(sees ? { picture: pictureSink.track } : {}),
        onState: (state) => this.#follow(sessionId, state),
      });
      this.#assertJoinable(stream);
      assertFree(stream);
      this.#takeUp({ stream, sessionId, peer, sees }, settings);
      return { sessionId, sdp: peer.answerSdp };
    } catch (error) {
      peer?.close();
      if (isNew) await stream.close();
      throw error;
    }
  }

  /** A sender has been answered: from here on the stream is its own. */
  #takeUp(
    parts: { stream: LiveStream; sessionId: string; peer: RtcPeer; sees: boolean },
    settings: Partial<ReadSettings>,
  ): void {
    const { stream, sessionId, peer } = parts;
    if (Object.keys(settings).length > 0) refusingUsage(() => stream.change(settings));
    const publisher = this.#createPublisher(parts);
    if (stream.publisher) this.#lose(stream, stream.publisher);
    const { name, engine } = stream;
    const isNew = this.#streams.get(name) !== stream;
    this.#connections.set(sessionId, { stream, peer, sends: true });
    this.#streams.set(name, stream);
    stream.attach(publisher);
    this.#options.log.info({ stream: name, bundle: engine.bundle.name, isNew }, 'a sender has come');
  }

  #createPublisher(parts: {
    stream: LiveStream;
    sessionId: string;
    peer: RtcPeer;
    sees: boolean;
  }): Publisher {
    const { stream, sessionId, peer, sees } = parts;
    return new Publisher({
      sessionId,
      peer,
      clock: this.#options.clock,
      size: stream.engine.bundle.picture,
      delayMs: () => stream.delayMs,
      isEchoWanted: () => sees || stream.viewers > 0,
      ...(stream.epochMs === undefined ? {} : { epochMs: stream.epochMs }),
    });
  }

  /** The stream that a sender takes up: the one that it has left, or a new one. */
  async #streamFor(offer: Offer): Promise<{
    stream: LiveStream;
    settings: Partial<ReadSettings>;
    isNew: boolean;
  }> {
    const { stream: name, bundle = this.#options.bundle } = offer;
    assertFree(this.#streams.get(name));
    const engine = await this.#engineOf(bundle);
    const settings = await readPromptOf(offer.settings ?? {}, engine);
    const known = this.#streams.get(name);
    assertFree(known);
    if (known && known.engine === engine && !known.isClosing) {
      refusingUsage(() => engine.checkSettings({ ...known.settings, ...settings }));
      return { stream: known, settings, isNew: false };
    }
    if (known) await this.#endStream(known);
    if (this.#othersThan(name).length === 0) await this.#options.pool.reassess(engine);
    if (this.#closing) throw isClosing();
    this.#assertPlace(name, engine);
    this.#beginning.set(name, engine);
    return { stream: this.#createStream(name, engine, settings), settings, isNew: true };
  }

  /** @throws {Refusal} 503, if all places are taken or the machine has no time for one more */
  #assertPlace(name: string, engine: Engine): void {
    const { maxSessions, pool } = this.#options;
    const others = this.#othersThan(name);
    if (others.length >= maxSessions) {
      throw new Refusal(503, `Cannot begin a stream: this server holds ${maxSessions} at once, and does`, {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    pool.admit(engine, others);
  }

  /** The engines of all streams of other names; undefined for one on its way in. */
  #othersThan(name: string): (Engine | undefined)[] {
    const engines = new Map<string, Engine | undefined>(this.#beginning);
    for (const [other, stream] of this.#streams) engines.set(other, stream.engine);
    engines.delete(name);
    return [...engines.values()];
  }

  #createStream(name: string, engine: Engine, settings: Partial<ReadSettings>): LiveStream {
    const { clock, log, delayMs } = this.#options;
    const complete = { ...SETTING_DEFAULTS, steps: engine.bundle.steps.default, ...settings };
    refusingUsage(() => engine.checkSettings(complete));
    return new LiveStream({
      name,
      engine,
      settings: complete,
      clock,
      log,
      pacemaker: this.#pacemaker,
      delayMs: delayMsFor(engine.bundle, hopCostMsOf(engine), delayMs),
      onHop: (hop) => this.#counts.countHop(hop),
    });
  }

  async #listen(offer: Offer, sees: boolean): Promise<AgreedPeer> {
    const stream = this.#streamToHear(offer.stream);
    const { sink, pictureSink } = stream;
    const sessionId = randomUUID();
    const leave = stream.addListener(sees);
    let peer: RtcPeer | undefined;
    try {
      peer = await RtcPeer.answer({
        ...this.#peerOptions(),
        role: 'listen',
        sdp: offer.sdp,
        sound: { track: sink.track, stream: sink.stream },
        ...(sees ? { picture: pictureSink.track } : {}),
        onState: (state) => {
          if (state !== 'closed') return;
          this.#connections.delete(sessionId);
          leave();
        },
      });
      this.#assertJoinable(stream);
      this.#connections.set(sessionId, { stream, peer, sends: false });
      return { sessionId, sdp: peer.answerSdp };
    } catch (error) {
      peer?.close();
      leave();
      throw error;
    }
  }

  /** @throws {Refusal} 503, if the stream has begun to end while somebody was on the way into it */
  #assertJoinable(stream: LiveStream): void {
    if (this.#closing) throw isClosing();
    if (!stream.isClosing) return;
    throw new Refusal(503, `Cannot join stream '${stream.name}': it has just ended`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }

  /** @throws {Refusal} 404, if there is no such stream */
  #streamToChange(name: string): LiveStream {
    const stream = this.#streams.get(name);
    if (!stream) throw new Refusal(404, `Cannot change stream '${name}': there is none of that name`);
    return stream;
  }

  /** @throws {Refusal} 404, if there is no such stream; 503, if it has as many listeners as it may */
  #streamToHear(name: string): LiveStream {
    const stream = this.#streams.get(name);
    if (!stream || stream.isClosing)
      throw new Refusal(404, `Cannot listen to stream '${name}': there is none of that name`);
    if (stream.listeners < MAX_LISTENERS) return stream;
    throw new Refusal(503, `Cannot listen to stream '${name}': it has ${MAX_LISTENERS} listeners already`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }

  #peerOptions(): Pick<Parameters<typeof RtcPeer.answer>[0], 'clock' | 'allowLoopback' | 'portRange'> {
    const { clock, allowLoopback, portRange } = this.#options;
    return { clock, allowLoopback, ...(portRange ? { portRange } : {}) };
  }

  /** A sender's connection has changed: without one its stream fades, and waits for it to return. */
  #follow(sessionId: string, state: PeerState): void {
    const { stream } = this.#connections.get(sessionId) ?? {};
    if (state === 'closed') this.#connections.delete(sessionId);
    const publisher = stream?.publisher;
    if (!stream || publisher?.sessionId !== sessionId) return;
    switch (state) {
      case 'connecting':
        return;
      case 'connected':
        stream.resume();
        return;
      case 'disconnected':
        // It may heal by itself, or the sender comes back with another one.
        stream.hush();
        this.#options.log.warn({ stream: stream.name }, 'a sender is out of reach');
        return;
      case 'failed':
      case 'closed':
        this.#lose(stream, publisher);
    }
  }

  #lose(stream: LiveStream, publisher: Publisher): void {
    this.#connections.delete(publisher.sessionId);
    this.#options.log.warn({ stream: stream.name }, 'a sender has vanished');
    void stream.detach(publisher);
  }

  /** Never rejects. */
  async #endStream(stream: LiveStream): Promise<void> {
    const { name } = stream;
    await stream.close();
    for (const [sessionId, connection] of this.#connections) {
      if (connection.stream !== stream) continue;
      this.#connections.delete(sessionId);
      connection.peer.close();
    }
    if (this.#streams.get(name) !== stream) return;
    this.#streams.delete(name);
    this.#counts.keep(stream);
    this.#options.log.info({ stream: name }, 'a stream has ended');
  }

  async #lookAfter(): Promise<void> {
    const { clock, log } = this.#options;
    while (!this.#stop.signal.aborted) {
      await clock.waitUntilMs(clock.nowMs() + LOOK_MS, this.#stop.signal);
      for (const [name, stream] of this.#streams) {
        // A connection that has just ended has no figures any more.
        stream.publisher?.look().catch(() => undefined);
        const reason = reasonToEnd(stream, clock.nowMs(), this.#options);
        // Somebody may be on the way into it.
        if (reason === undefined || stream.isClosing || this.#beginning.has(name)) continue;
        log.warn({ stream: name, reason }, 'a stream is ended');
        void this.#endStream(stream);
      }
    }
  }

  async #engineOf(bundle: string): Promise<Engine> {
    try {
      return await this.#options.pool.engineOf(bundle);
    } catch (error) {
      if (error instanceof LivefoleyError && error.place === 'bundle')
        throw new Refusal(422, error.message, { cause: error });
      throw error;
    }
  }
}
