/**
 * Sends streams of flashes as cheaply as can be, without a browser; ends with SIGTERM. Prints each stream's fate:
 *
 *     node bench/publish.js ADDRESS STREAM...
 */
import { loadWrtc } from '../dist/rtc/wrtc.js';

const WIDTH = 320;
const HEIGHT = 180;
const FRAME_MS = 1000 / 30;
const FLASH_EVERY_FRAMES = 27;
const FLASH_FRAMES = 2;

const [address = '', ...streams] = process.argv.slice(2);
const { MediaStream, RTCPeerConnection, nonstandard } = loadWrtc();

/** @type {Set<unknown>} Kept, lest they are collected. */
const held = new Set();
const sources = await Promise.all(streams.map(publish));

const startMs = performance.now();
const data = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128, WIDTH * HEIGHT);
for (let frame = 0; ; frame += 1) {
  const isWhite = frame % FLASH_EVERY_FRAMES < FLASH_FRAMES;
  data.fill(isWhite ? 235 : 24, 0, WIDTH * HEIGHT);
  for (const source of sources) source?.onFrame({ width: WIDTH, height: HEIGHT, data });
  const waitMs = startMs + (frame + 1) * FRAME_MS - performance.now();
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, waitMs)));
}

/** @param {string} stream */
async function publish(stream) {
  const source = new nonstandard.RTCVideoSource();
  // Only what our server side needs of it has types.
  const connection = /** @type {any} */ (
    new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: [] })
  );
  connection.addTrack(source.createTrack(), new MediaStream());
  connection.addTransceiver('audio', { direction: 'recvonly' });
  await connection.setLocalDescription(await connection.createOffer());
  while (connection.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 10));
  const response = await fetch(`${address}/duplex/${stream}`, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: connection.localDescription.sdp,
  });
  const text = await response.text();
  process.stdout.write(`${stream} ${response.status}\n`);
  if (response.status !== 201) return undefined;
  await connection.setRemoteDescription({ type: 'answer', sdp: text });
  held.add(connection);
  return source;
}
