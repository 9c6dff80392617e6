import { systemClock } from '../../src/stream/clock.js';
import { RtcPeer, type RtcPeerOptions } from '../../src/rtc/rtc-peer.js';
import { loadWrtc } from '../../src/rtc/wrtc.js';
import type { WrtcPeerConnection, WrtcSound, WrtcStream, WrtcTrack } from '../../src/rtc/wrtc-types.js';
import { plainI420, type Colour } from './pictures.js';

/** Waits until something holds, however long this machine takes. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = systemClock.nowMs() + 40_000;
  while (!condition()) {
    if (systemClock.nowMs() > endMs) throw new Error(`Still waiting for: ${what}`);
    await systemClock.waitUntilMs(systemClock.nowMs() + 5);
  }
}

export type RemoteOptions = {
  readonly sendsVideo?: boolean;
  readonly sendsAudio?: boolean;
  readonly hearsAudio?: boolean;
  readonly seesVideo?: boolean;
  readonly stereo?: boolean;
};

/** The other side, in the same process: draws pictures, plays tones, keeps what it hears and sees. */
export class RemotePeer {
  readonly connection: WrtcPeerConnection;
  readonly heard: WrtcSound[] = [];
  seen = 0;
  colour: Colour = [255, 0, 0];
  width = 320;
  height = 180;
  /** Amplitudes of what it plays, left and right. */
  loudness: readonly [number, number] = [0.5, 0.5];
  readonly #options: RemoteOptions;
  readonly #kept: unknown[] = [];
  readonly #ends: (() => void)[] = [];

  constructor(options: RemoteOptions) {
    this.#options = options;
    const { RTCPeerConnection, MediaStream } = loadWrtc();
    this.connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: [] });
    const stream = new MediaStream();
    if (options.sendsVideo) this.#send(this.#draw(), stream, options.seesVideo);
    else if (options.seesVideo)
      this.#look(this.connection.addTransceiver('video', { direction: 'recvonly' }).receiver.track);
    if (options.sendsAudio) this.#send(this.#play(), stream, options.hearsAudio);
    else if (options.hearsAudio)
      this.#listen(this.connection.addTransceiver('audio', { direction: 'recvonly' }).receiver.track);
  }

  async offer(): Promise<string> {
    const { sdp } = await this.connection.createOffer();
    const asked = this.#options.stereo
      ? sdp.replaceAll('useinbandfec=1', 'useinbandfec=1;stereo=1;sprop-stereo=1')
      : sdp;
    await this.connection.setLocalDescription({ type: 'offer', sdp: asked });
    await until(() => this.connection.iceGatheringState === 'complete', 'candidates');
    return this.connection.localDescription!.sdp;
  }

  /** Offers, and takes the answer of a peer made with these options. */
  async connect(options: Pick<RtcPeerOptions, 'role'> & Partial<RtcPeerOptions>): Promise<RtcPeer> {
    const sdp = await this.offer();
    const peer = await RtcPeer.answer({ sdp, clock: systemClock, allowLoopback: true, ...options });
    await this.connection.setRemoteDescription({ type: 'answer', sdp: peer.answerSdp });
    await until(() => peer.state === 'connected', 'the connection');
    return peer;
  }

  close(): void {
    for (const end of this.#ends) end();
    this.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #send(track: WrtcTrack, stream: WrtcStream, isBothWays = false): void {
    const direction = isBothWays ? 'sendrecv' : 'sendonly';
    const transceiver = this.connection.addTransceiver(track, { direction, streams: [stream] });
    if (isBothWays) {
      if (track.kind === 'audio') this.#listen(transceiver.receiver.track);
      else this.#look(transceiver.receiver.track);
    }
  }

  #draw(): WrtcTrack {
    const source = new (loadWrtc().nonstandard.RTCVideoSource)();
    const timer = setInterval(() => {
      const { width, height } = this;
      source.onFrame({ width, height, data: plainI420(width, height, this.colour) });
    }, 33);
    return this.#keep(source.createTrack(), source, () => clearInterval(timer));
  }

  #play(): WrtcTrack {
    const source = new (loadWrtc().nonstandard.RTCAudioSource)();
    const samples = new Int16Array(960);
    const startMs = systemClock.nowMs();
    let sent = 0;
    const timer = setInterval(() => {
      for (; startMs + sent * 10 <= systemClock.nowMs(); sent += 1) {
        for (let i = 0; i < 480; i += 1) {
          const value = Math.sin((2 * Math.PI * 440 * (sent * 480 + i)) / 48_000) * 32_767;
          samples[2 * i] = value * this.loudness[0];
          samples[2 * i + 1] = value * this.loudness[1];
        }
        source.onData({
          samples,
          sampleRate: 48_000,
          bitsPerSample: 16,
          channelCount: 2,
          numberOfFrames: 480,
        });
      }
    }, 5);
    return this.#keep(source.createTrack(), source, () => clearInterval(timer));
  }

  #listen(track: WrtcTrack): void {
    const sink = new (loadWrtc().nonstandard.RTCAudioSink)(track);
    sink.ondata = (sound) => {
      this.heard.push({ ...sound, samples: sound.samples.slice() });
      if (this.heard.length > 200) this.heard.shift();
    };
    this.#keep(track, sink, () => sink.stop());
  }

  #look(track: WrtcTrack): void {
    const sink = new (loadWrtc().nonstandard.RTCVideoSink)(track);
    sink.onframe = () => (this.seen += 1);
    this.#keep(track, sink, () => sink.stop());
  }

  #keep(track: WrtcTrack, owner: unknown, end: () => void): WrtcTrack {
    this.#kept.push(track, owner);
    this.#ends.push(end);
    return track;
  }
}

/** Root mean square of one channel of what is heard at 48 kHz stereo; nothing where there is none. */
export function loudnessOf(sound: WrtcSound | undefined, channel: number): number | undefined {
  if (sound?.sampleRate !== 48_000) return undefined;
  const { samples, channelCount } = sound;
  let sum = 0;
  for (let i = 0; i < 480; i += 1)
    sum += (samples[i * channelCount + Math.min(channel, channelCount - 1)]! / 32_768) ** 2;
  return Math.sqrt(sum / 480);
}
