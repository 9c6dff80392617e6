import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import nodeDataChannel from 'node-datachannel';
import { ffmpeg } from '../media/clips.js';
import { until } from '../rtc/remote-peer.js';

/** The library that OBS uses for WHIP, as a peer. */
export type DataChannelPeer = nodeDataChannel.PeerConnection;

export const VIDEO = { mid: '1', payloadType: 96, ssrc: 2324 } as const;
const AUDIO = { mid: '0', payloadType: 111, ssrc: 2323 } as const;

export function createPeer(): DataChannelPeer {
  return new nodeDataChannel.PeerConnection('obs', { iceServers: [], disableAutoNegotiation: true });
}

/** The offer as OBS sends it: no candidates, which it gathers once it has the answer. */
export async function offerOf(peer: DataChannelPeer): Promise<string> {
  peer.setLocalDescription('offer');
  await until(() => peer.localDescription() !== null, 'the offer');
  const { sdp } = peer.localDescription()!;
  return sdp.replace(/^a=(candidate:.*|end-of-candidates)\r?\n/gm, '');
}

/** Adds what a sender sends: sound that stays silent, and a picture. */
export function addSenderTracks(peer: DataChannelPeer, codec: 'H264' | 'VP8'): nodeDataChannel.Track {
  const audio = new nodeDataChannel.Audio(AUDIO.mid, 'SendOnly');
  audio.addOpusCodec(AUDIO.payloadType);
  audio.addSSRC(AUDIO.ssrc, 'obs', 'obs', 'obs-audio');
  peer.addTrack(audio);
  const video = new nodeDataChannel.Video(VIDEO.mid, 'SendOnly');
  if (codec === 'VP8') video.addVP8Codec(VIDEO.payloadType);
  else video.addH264Codec(VIDEO.payloadType);
  video.addSSRC(VIDEO.ssrc, 'obs', 'obs', 'obs-video');
  return peer.addTrack(video);
}

export function addListenerTrack(peer: DataChannelPeer): nodeDataChannel.Track {
  const audio = new nodeDataChannel.Audio(AUDIO.mid, 'RecvOnly');
  audio.addOpusCodec(AUDIO.payloadType);
  return peer.addTrack(audio);
}

/** FFmpeg encodes a moving picture to VP8; its RTP packets go into a track, but for those that are dropped. */
export class RtpSender {
  /** Share of the packets that are lost, evenly. */
  lossShare = 0;
  sent = 0;
  dropped = 0;
  readonly #socket: Socket;
  readonly #encoder: ChildProcess;
  #debt = 0;

  private constructor(socket: Socket, encoder: ChildProcess, track: nodeDataChannel.Track) {
    this.#socket = socket;
    this.#encoder = encoder;
    socket.on('message', (packet) => {
      this.#debt += this.lossShare;
      if (this.#debt >= 1) {
        this.#debt -= 1;
        this.dropped += 1;
        return;
      }
      if (track.isOpen() && track.sendMessageBinary(packet)) this.sent += 1;
    });
  }

  static async start(track: nodeDataChannel.Track): Promise<RtpSender> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    const picture = '-re -f lavfi -i testsrc2=size=320x180:rate=30';
    // Nobody asks for key frames on this way, so one comes twice a second.
    const codec = '-c:v libvpx -deadline realtime -cpu-used 8 -threads 1 -g 15 -b:v 600k -error-resilient 1';
    const rtp = `-f rtp -payload_type ${VIDEO.payloadType} -ssrc ${VIDEO.ssrc} rtp://127.0.0.1:${port}?pkt_size=1100`;
    const args = ['-v', 'error', '-nostdin', ...`${picture} ${codec} ${rtp}`.split(' ')];
    const encoder = spawn(ffmpeg.path, args, { stdio: 'ignore' });
    return new RtpSender(socket, encoder, track);
  }

  stop(): void {
    this.#encoder.kill('SIGKILL');
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

/** What an RTP packet says of itself. */
export type RtpHeader = {
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
};

export function rtpHeaderOf(packet: Buffer): RtpHeader {
  return {
    payloadType: packet[1]! & 0x7f,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
  };
}

export const OPUS_PAYLOAD_TYPE = AUDIO.payloadType;
