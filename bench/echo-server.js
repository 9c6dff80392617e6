/**
 * The way without the engine, to be told apart from it: a server that takes a page's picture as livefoley does, and at
 * each white picture sends back a click, and the picture itself, at once. Run as a process of its own:
 *
 *     node bench/echo-server.js
 */
import { createServer } from 'node:http';
import { RtcPeer } from '../dist/rtc/rtc-peer.js';
import { RtcPictureSink } from '../dist/rtc/rtc-picture-sink.js';
import { RtcSoundSink, SINK_FRAMES } from '../dist/rtc/rtc-sound-sink.js';
import { loadWrtc } from '../dist/rtc/wrtc.js';
import { systemClock } from '../dist/stream/clock.js';

const BLOCK_MS = 10;
const CLICK_FRAMES = 960;
const WHITE = 128;

const silence = [new Float32Array(SINK_FRAMES)];
/** A burst that dies away over two blocks. */
const click = Float32Array.from(
  { length: CLICK_FRAMES },
  (_, i) => 0.5 * Math.sin(i * 1.3) * Math.exp(-i / 200),
);

/** @type {Set<unknown>} Kept, lest they are collected. */
const held = new Set();

/** @param {string} offer */
async function answer(offer) {
  const sound = new RtcSoundSink();
  const picture = new RtcPictureSink();
  const peer = await RtcPeer.answer({
    role: 'duplex',
    sdp: offer,
    clock: systemClock,
    allowLoopback: true,
    sound: { track: sound.track, stream: sound.stream },
    picture: picture.track,
  });
  let clickAt = CLICK_FRAMES;
  let wasWhite = false;
  if (!peer.videoTrack) throw new Error('The offer has no picture');
  const sink = new (loadWrtc().nonstandard.RTCVideoSink)(peer.videoTrack);
  sink.onframe = ({ frame: { width, height, data } }) => {
    const isWhite = (data[(width * height) >> 1] ?? 0) > WHITE;
    if (isWhite && !wasWhite) clickAt = 0;
    wasWhite = isWhite;
    picture.push(new Uint8Array(data), width, height);
  };
  held.add([peer, sound, picture, sink]);
  pace(() => {
    sound.push(clickAt < CLICK_FRAMES ? [click.slice(clickAt, clickAt + SINK_FRAMES)] : silence);
    clickAt = Math.min(CLICK_FRAMES, clickAt + SINK_FRAMES);
  });
  return peer.answerSdp;
}

/** @param {() => void} push Called each 10 ms, by a clock that does not drift */
function pace(push) {
  const startMs = performance.now();
  let blocks = 0;
  const tick = () => {
    for (; startMs + blocks * BLOCK_MS <= performance.now(); blocks += 1) push();
    setTimeout(tick, Math.max(0, startMs + blocks * BLOCK_MS - performance.now()));
  };
  tick();
}

const server = createServer((request, response) => {
  if (request.method !== 'POST') return void response.end('{}');
  let body = '';
  request.setEncoding('utf8').on('data', (/** @type {string} */ part) => (body += part));
  request.on('end', () => {
    answer(body).then(
      (sdp) => response.writeHead(201, { 'content-type': 'application/sdp', location: '/session' }).end(sdp),
      (/** @type {unknown} */ error) => response.writeHead(500).end(String(error)),
    );
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address)
    process.stdout.write(`livefoley serves http://127.0.0.1:${address.port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
