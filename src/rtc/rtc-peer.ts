import type { Clock } from '../stream/clock.js';
import { negotiate } from './negotiate.js';
import { PeerStatsReader, type PeerStats } from './peer-stats.js';
import { readOffer, type OfferRole, type OfferSummary } from './read-offer.js';
import { loadWrtc } from './wrtc.js';
import type { WrtcConnectionState, WrtcPeerConnection, WrtcStream, WrtcTrack } from './wrtc-types.js';

/** Where a connection stands. `disconnected` may heal by itself; `failed` is followed by `closed`. */
export type PeerState = 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';

/** What a connection is to be, and what it carries. */
export type RtcPeerOptions = {
  /** What the peer may do; an offer that does not fit is refused. */
  readonly role: OfferRole;
  /** The offer, as it came in. */
  readonly sdp: string;
  /** By which answers and connections are given up. */
  readonly clock: Clock;
  /** UDP ports to take, both included. Default: the system's choice. */
  readonly portRange?: { readonly min: number; readonly max: number };
  /** Whether addresses of the loopback may be named; for tests and for a page on the same machine. */
  readonly allowLoopback: boolean;
  /** What `duplex` and `listen` hear. */
  readonly sound?: { readonly track: WrtcTrack; readonly stream: WrtcStream };
  /** What they see, where they ask for it; goes in the sound's stream, and only with it. */
  readonly picture?: WrtcTrack;
  /** Called with each change, the last of which is `closed`. */
  readonly onState?: (state: PeerState) => void;
  /** Closes the connection, also while it is being agreed. */
  readonly signal?: AbortSignal;
};

/** Who has not been connected for so long does not come back. Unit: ms. */
const UNCONNECTED_LIMIT_MS = 30_000;

// What nothing refers to may be collected while it still runs in libwebrtc.
const open = new Set<RtcPeer>();

/** The server's side of one WebRTC connection: made from an offer, it lives until either side ends it. */
export class RtcPeer {
  readonly offer: OfferSummary;
  readonly #connection: WrtcPeerConnection;
  readonly #options: RtcPeerOptions;
  readonly #stats: PeerStatsReader;
  readonly #closed = new AbortController();
  #answerSdp = '';
  #videoTrack: WrtcTrack | undefined;
  #audioTrack: WrtcTrack | undefined;
  #state: PeerState = 'connecting';
  #connectedAgain = new AbortController();

  private constructor(options: RtcPeerOptions, offer: OfferSummary) {
    this.#options = options;
    this.offer = offer;
    const { RTCPeerConnection } = loadWrtc();
    this.#connection = new RTCPeerConnection({
      bundlePolicy: 'max-bundle',
      iceServers: [],
      ...(options.portRange ? { portRange: options.portRange } : {}),
    });
    this.#stats = new PeerStatsReader(this.#connection);
  }

  /**
   * Answers an offer; resolves when all candidates are in the answer. Starts no server's business: no STUN, no TURN.
   * @throws {Refusal} 400 or 422, if the offer is malformed or not what we take; 503, if we have no address
   * @throws {LivefoleyError} Place `environment`, if WebRTC cannot be used here
   */
  static async answer(options: RtcPeerOptions): Promise<RtcPeer> {
    const { role, clock, allowLoopback, sound, picture, signal } = options;
    const offer = readOffer(options.sdp, role);
    signal?.throwIfAborted();
    const peer = new RtcPeer(options, offer);
    open.add(peer);
    try {
      peer.#watch();
      peer.#answerSdp = await negotiate(peer.#connection, {
        offer,
        role,
        clock,
        allowLoopback,
        sound,
        picture,
      });
      peer.#findTracks();
    } catch (error) {
      peer.close();
      signal?.throwIfAborted();
      throw error;
    }
    signal?.throwIfAborted();
    return peer;
  }

  /** What the other side is to be told, complete. */
  get answerSdp(): string {
    return this.#answerSdp;
  }

  /** Pictures that come in; absent for `listen`. */
  get videoTrack(): WrtcTrack | undefined {
    return this.#videoTrack;
  }

  /** The sender's own sound; absent if it sends none. */
  get audioTrack(): WrtcTrack | undefined {
    return this.#audioTrack;
  }

  /** Where the connection stands now. */
  get state(): PeerState {
    return this.#state;
  }

  /** The connection's figures now; those read last, if it is closed. */
  stats(): Promise<PeerStats> {
    return this.#stats.read();
  }

  /** Ends the connection; tracks that were sent live on, for they are others'. Idempotent. */
  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#connection.onconnectionstatechange = null;
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#connection.close();
    open.delete(this);
    this.#enter('closed');
  }

  [Symbol.dispose](): void {
    this.close();
  }

  readonly #abort = (): void => this.close();

  #watch(): void {
    this.#options.signal?.addEventListener('abort', this.#abort, { once: true });
    this.#connection.onconnectionstatechange = () => this.#follow(this.#connection.connectionState);
    void this.#limitUnconnected();
  }

  #follow(state: WrtcConnectionState): void {
    if (state === 'new' || state === this.#state || this.#closed.signal.aborted) return;
    if (state === 'connected') this.#connectedAgain.abort();
    else if (this.#state === 'connected') void this.#limitUnconnected();
    if (state !== 'closed') this.#enter(state);
    if (state === 'failed' || state === 'closed') this.close();
  }

  #enter(state: PeerState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }

  async #limitUnconnected(): Promise<void> {
    this.#connectedAgain = new AbortController();
    const signal = AbortSignal.any([this.#connectedAgain.signal, this.#closed.signal]);
    await this.#options.clock.waitUntilMs(this.#options.clock.nowMs() + UNCONNECTED_LIMIT_MS, signal);
    if (!signal.aborted) this.#follow('failed');
  }

  #findTracks(): void {
    if (this.#options.role === 'listen') return;
    const tracks = this.#connection.getTransceivers().map(({ receiver }) => receiver.track);
    const { sendsVideo, sendsAudio } = this.offer;
    this.#videoTrack = sendsVideo ? tracks.find(({ kind }) => kind === 'video') : undefined;
    this.#audioTrack = sendsAudio ? tracks.find(({ kind }) => kind === 'audio') : undefined;
  }
}
