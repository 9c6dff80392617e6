import type { Api } from './api.js';
import { NO_STATS, readStats, type StatsSums } from './connection-stats.js';
import { FailureError } from './failures.js';
import { preferStereo, shrinkBy, startAtBitrate } from './offer.js';

/** What is sent, and where to. */
export type PeerOptions = {
  readonly api: Api;
  readonly stream: string;
  /** `/duplex/...` or `/whep/...`, with its query. */
  readonly path: string;
  readonly role: 'duplex' | 'listen';
  readonly picture?: MediaStreamTrack;
  readonly sound?: MediaStreamTrack | undefined;
  /** A listener's: asks for the picture too. */
  readonly wantsPicture?: boolean;
  /** Told once, when a connection that stood has broken. */
  readonly onLost: () => void;
};

const GATHER_MS = 1000;
const CONNECT_MS = 8000;
/** A connection that is `disconnected` often comes back by itself. */
const PATIENCE_MS = 3000;
const SENT = { width: 640, height: 360 };
const MOST_BITS_PER_SECOND = 1_500_000;
const START_KILOBITS_PER_SECOND = 1200;

/** One connection to the server. Not reusable: after `close()`, or once it is lost, make a new one. */
export class Peer {
  readonly #options: PeerOptions;
  readonly #connection = new RTCPeerConnection();
  readonly #incoming = new MediaStream();
  #location: string | undefined;
  #isClosed = false;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PeerOptions) {
    this.#options = options;
  }

  /** What comes back. */
  get incoming(): MediaStream {
    return this.#incoming;
  }

  /** @throws {FailureError} If the server refuses, or the connection does not come about */
  async connect(): Promise<void> {
    const connection = this.#connection;
    connection.addEventListener('track', ({ track }) => this.#incoming.addTrack(track));
    this.#addTracks();
    const offer = await connection.createOffer();
    await connection.setLocalDescription({ type: 'offer', sdp: preferStereo(offer.sdp ?? '') });
    await gathered(connection);
    const { api, path, stream, role } = this.#options;
    const sdp = preferStereo(connection.localDescription?.sdp ?? '');
    const answer = await api.offer(path, sdp, { stream, role });
    this.#location = answer.location;
    if (this.#isClosed) return api.end(answer.location);
    const answerSdp = startAtBitrate(answer.sdp, START_KILOBITS_PER_SECOND);
    await connection.setRemoteDescription({ type: 'answer', sdp: answerSdp });
    await this.#connected();
    connection.addEventListener('connectionstatechange', () => this.#watch());
  }

  /** Tells the encoder how large the picture is now, so that no more than 640 by 360 at 30 are sent. */
  async limitPicture(width: number, height: number): Promise<void> {
    const sender = this.#connection.getSenders().find(({ track }) => track?.kind === 'video');
    const parameters = sender?.getParameters();
    if (!sender || !parameters?.encodings?.[0]) return;
    const encoding = parameters.encodings[0];
    encoding.scaleResolutionDownBy = shrinkBy({ width, height }, SENT);
    encoding.maxFramerate = 30;
    encoding.maxBitrate = MOST_BITS_PER_SECOND;
    // When something must give, let it be detail: the moment of a hit matters, its pixels do not.
    Object.assign(parameters, { degradationPreference: 'maintain-framerate' });
    await sender.setParameters(parameters).catch(() => undefined);
  }

  async stats(): Promise<StatsSums> {
    if (this.#isClosed) return NO_STATS;
    const report: unknown = await this.#connection.getStats();
    return readStats((report as Map<string, unknown>).values());
  }

  /** Ends the session on the server too. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#patience);
    this.#connection.close();
    if (this.#location !== undefined) await this.#options.api.end(this.#location);
  }

  #addTracks(): void {
    const connection = this.#connection;
    const { picture, sound, wantsPicture } = this.#options;
    if (sound) connection.addTransceiver(sound, { direction: 'sendrecv' });
    else connection.addTransceiver('audio', { direction: 'recvonly' });
    if (picture) {
      picture.contentHint = 'motion';
      const sender = connection.addTransceiver(picture, {
        direction: 'sendonly',
        sendEncodings: [{ maxFramerate: 30, maxBitrate: MOST_BITS_PER_SECOND }],
      });
      preferCheapCodec(sender);
    } else if (wantsPicture) {
      connection.addTransceiver('video', { direction: 'recvonly' });
    }
  }

  #connected(): Promise<void> {
    const connection = this.#connection;
    return new Promise((resolve, reject) => {
      const fail = () => reject(new FailureError({ kind: 'lost' }));
      const timer = setTimeout(fail, CONNECT_MS);
      const look = () => {
        if (connection.connectionState === 'connected') resolve();
        else if (['failed', 'closed'].includes(connection.connectionState)) fail();
        else return;
        clearTimeout(timer);
        connection.removeEventListener('connectionstatechange', look);
      };
      connection.addEventListener('connectionstatechange', look);
      look();
    });
  }

  #watch(): void {
    clearTimeout(this.#patience);
    if (this.#isClosed) return;
    const { connectionState } = this.#connection;
    if (connectionState === 'failed') this.#options.onLost();
    if (connectionState === 'disconnected') this.#patience = setTimeout(this.#options.onLost, PATIENCE_MS);
  }
}

/** VP8 first: any machine encodes and decodes it in a millisecond or two at this size. */
function preferCheapCodec(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpSender.getCapabilities('video')?.codecs;
  if (!codecs || typeof transceiver.setCodecPreferences !== 'function') return;
  const isCheap = (codec: { readonly mimeType: string }) => codec.mimeType.toLowerCase() === 'video/vp8';
  transceiver.setCodecPreferences([...codecs.filter(isCheap), ...codecs.filter((codec) => !isCheap(codec))]);
}

/** All addresses of this machine are in the offer; none follow it. */
async function gathered(connection: RTCPeerConnection): Promise<void> {
  if (connection.iceGatheringState === 'complete') return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GATHER_MS);
    connection.addEventListener('icegatheringstatechange', () => {
      if (connection.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    });
  });
}
