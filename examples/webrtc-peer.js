/**
 * A peer that sends pictures made in code over WebRTC and writes what it hears: what a browser does, without one.
 *
 *     node examples/webrtc-peer.js heard.wav [bundle] [seconds]
 */
import wrtc from '@roamhq/wrtc';
import { createStreamHost, locateFfmpeg, openSoundWriter } from '../dist/index.js';

const [outputPath = 'heard.wav', bundle = 'live', seconds = '10'] = process.argv.slice(2);
const [width, height] = [320, 180];
const { RTCAudioSink, RTCVideoSource } = wrtc.nonstandard;
const host = await createStreamHost({ bundle });
const writer = await openSoundWriter(await locateFfmpeg(), { outputPath, channelCount: 1, force: true });
const peer = new wrtc.RTCPeerConnection();
const pictures = new RTCVideoSource();
const track = pictures.createTrack();
peer.addTransceiver(track, { direction: 'sendonly' });
peer.addTransceiver('audio', { direction: 'recvonly' });

let [position, peak, writing] = [0, 0, Promise.resolve()];
/** @param {{ samples: Int16Array, sampleRate: number }} sound 10 ms in one channel; the first at a lower rate */
const hear = ({ samples, sampleRate }) => {
  if (sampleRate !== 48_000) return;
  const heard = Float32Array.from(samples, (sample) => sample / 32_768);
  peak = heard.reduce((most, sample) => Math.max(most, Math.abs(sample)), peak);
  const block = { position, channels: [heard] };
  writing = writing.then(() => writer.write(block));
  position += heard.length;
};

/** @type {{ stop(): void } | undefined} What nothing refers to may be collected. */
let ear;
peer.ontrack = (/** @type {{ track: typeof track }} */ { track: heard }) => {
  ear = Object.assign(new RTCAudioSink(heard), { ondata: hear });
};
await peer.setLocalDescription(await peer.createOffer());
while (peer.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 10));
const offer = peer.localDescription?.sdp ?? '';
const { sdp } = await host.agree({ stream: 'example', role: 'duplex', sdp: offer });
await peer.setRemoteDescription({ type: 'answer', sdp });

// A flash twice in three seconds on a dark ground: brightness in the first plane, no colour in the others.
for (let frame = 0; frame < 30 * Number(seconds); frame += 1) {
  const data = new Uint8Array(width * height * 1.5).fill(128);
  data.fill(frame % 45 < 2 ? 235 : 20, 0, width * height);
  pictures.onFrame({ width, height, data });
  await new Promise((resolve) => setTimeout(resolve, 1000 / 30));
}

ear?.stop();
track.stop(); // It would keep the process alive.
peer.close();
await host.close();
await writing;
await writer.finish();
console.log(`${outputPath}: ${position / 48_000} s heard, peak ${peak.toFixed(3)}`);
