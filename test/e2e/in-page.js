// @ts-nocheck: runs in the browser, whose names the tests' types do not hold.
/* global AudioContext, AudioWorkletNode, MediaStream, OffscreenCanvas, RTCPeerConnection, document, requestAnimationFrame, window -- the browser's */
/**
 * Runs in a page before its own code, and gives tests and benches `window.foley`: a scene that flashes, a connection
 * to the server, ears and eyes. All times are those of `performance.now()`, in ms.
 */
const WIDTH = 320;
const HEIGHT = 180;
const FRAME_MS = 1000 / 30;
const FLASH_FRAMES = 2;

/** Bins of the recorded sound. Unit: audio frames at 48 kHz; 1 ms. */
const BIN_FRAMES = 48;
/** Bins that come together. */
const CHUNK_BINS = 8;

const EARS = `
class Ears extends AudioWorkletProcessor {
  constructor() {
    super();
    this.bins = new Float32Array(${2 * CHUNK_BINS});
    this.frames = 0;
    this.channels = 0;
    this.startSeconds = 0;
  }
  process([channels]) {
    const left = channels[0];
    const right = channels[1] ?? left;
    this.channels = Math.max(this.channels, channels.length);
    for (let i = 0; i < 128; i += 1) {
      if (this.frames === 0) this.startSeconds = currentTime + i / sampleRate;
      const bin = Math.floor(this.frames / ${BIN_FRAMES});
      this.bins[2 * bin] += left ? left[i] * left[i] : 0;
      this.bins[2 * bin + 1] += right ? right[i] * right[i] : 0;
      this.frames += 1;
      if (this.frames < ${BIN_FRAMES * CHUNK_BINS}) continue;
      this.port.postMessage({ startSeconds: this.startSeconds, endSeconds: currentTime + (i + 1) / sampleRate, channels: this.channels, bins: this.bins });
      this.bins = new Float32Array(${2 * CHUNK_BINS});
      this.frames = 0;
      this.channels = 0;
    }
    return true;
  }
}
registerProcessor('ears', Ears);
`;

/** Numbers from 0 to 1 that a seed decides. */
function createChance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A canvas with dark grain that moves, and now and then is white for two pictures. */
function drawFlashes({ seed = 1, minGapMs = 500, maxGapMs = 1300, firstMs = 1500 } = {}) {
  const chance = createChance(seed);
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: WIDTH, height: HEIGHT });
  document.body?.append(canvas);
  const context = canvas.getContext('2d', { alpha: false });
  const grains = Array.from({ length: 8 }, () => grain(chance));
  const startMs = performance.now();
  const flashesMs = [];
  const drawnMs = [];
  let [lastFrame, whiteLeft, nextMs, isOver] = [-1, 0, firstMs, false];
  const draw = () => {
    if (isOver) return;
    const nowMs = performance.now();
    const frame = Math.floor((nowMs - startMs) / FRAME_MS);
    if (frame !== lastFrame) {
      lastFrame = frame;
      drawnMs.push(nowMs);
      if (nowMs - startMs >= nextMs) {
        whiteLeft = FLASH_FRAMES;
        flashesMs.push(nowMs);
        nextMs = nowMs - startMs + minGapMs + chance() * (maxGapMs - minGapMs);
      }
      if (whiteLeft > 0) {
        context.fillStyle = '#fff';
        context.fillRect(0, 0, WIDTH, HEIGHT);
        whiteLeft -= 1;
      } else context.drawImage(grains[frame % grains.length], 0, 0);
    }
    requestAnimationFrame(draw);
  };
  draw();
  const stream = canvas.captureStream(30);
  return { track: stream.getVideoTracks()[0], flashesMs, drawnMs, stop: () => (isOver = true) };
}

function grain(chance) {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext('2d');
  const image = context.createImageData(WIDTH, HEIGHT);
  for (let i = 0; i < image.data.length; i += 4) {
    image.data.fill(10 + Math.floor(chance() * 14), i, i + 3);
    image.data[i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Two tones, one for each ear unless `right` is 0. */
function playTones(context, { left = 440, right = 0 }) {
  const merger = context.createChannelMerger(2);
  for (const [channel, frequency] of [left, right].entries()) {
    if (frequency === 0) continue;
    const tone = context.createOscillator();
    tone.frequency.value = frequency;
    const gain = context.createGain();
    gain.gain.value = 0.2;
    tone.connect(gain).connect(merger, 0, channel);
    tone.start();
  }
  const target = context.createMediaStreamDestination();
  target.channelCount = 2;
  merger.connect(target);
  return target.stream.getAudioTracks()[0];
}

/** What a person's browser must write into its offer to hear both ears. */
function withStereo(sdp) {
  return sdp.replace(/^(a=fmtp:111 [^\r\n]*)/gm, '$1;stereo=1;sprop-stereo=1;maxaveragebitrate=128000');
}

/**
 * Offers a connection and waits until it stands. `role`: `duplex` sends the picture, `listen` only hears.
 */
async function connect(options) {
  const { path, picture, sound, isStereo = true, wantsVideo = false, token } = options;
  const beganMs = performance.now();
  const connection = new RTCPeerConnection();
  const incoming = new MediaStream();
  connection.addEventListener('track', ({ track }) => incoming.addTrack(track));
  if (sound) connection.addTransceiver(sound, { direction: 'sendrecv' });
  else connection.addTransceiver('audio', { direction: 'recvonly' });
  if (picture) {
    picture.contentHint = 'motion';
    const direction = wantsVideo ? 'sendrecv' : 'sendonly';
    connection.addTransceiver(picture, { direction, sendEncodings: [{ maxBitrate: 1_500_000 }] });
  } else if (wantsVideo) connection.addTransceiver('video', { direction: 'recvonly' });
  const offer = await connection.createOffer();
  await connection.setLocalDescription({ type: 'offer', sdp: isStereo ? withStereo(offer.sdp) : offer.sdp });
  await new Promise((resolve) => {
    const look = () => connection.iceGatheringState === 'complete' && resolve();
    connection.addEventListener('icegatheringstatechange', look);
    setTimeout(resolve, 2000);
    look();
  });
  const postedMs = performance.now();
  const headers = { 'content-type': 'application/sdp', ...(token && { authorization: `Bearer ${token}` }) };
  const { sdp } = connection.localDescription;
  const body = isStereo && !sdp.includes('stereo=1;sprop') ? withStereo(sdp) : sdp;
  const response = await fetch(path, { method: 'POST', headers, body });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  const location = response.headers.get('location');
  await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  await new Promise((resolve, reject) => {
    const look = () => {
      if (connection.connectionState === 'connected') resolve();
      if (connection.connectionState === 'failed') reject(new Error('The connection failed'));
    };
    connection.addEventListener('connectionstatechange', look);
    look();
  });
  return {
    connection,
    incoming,
    times: { beganMs, postedMs, connectedMs: performance.now() },
    close: async () => {
      connection.close();
      await fetch(location, { method: 'DELETE', headers: token ? { authorization: `Bearer ${token}` } : {} });
    },
  };
}

/** Records, from now on, how loud a stream's sound is in each millisecond, for both ears. */
async function hear(stream) {
  const context = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([EARS], { type: 'text/javascript' })));
  await context.resume();
  // Chromium feeds a remote track to Web Audio only while a media element plays it as well.
  const element = document.createElement('audio');
  Object.assign(element, { muted: true, srcObject: stream });
  await element.play();
  const ears = new AudioWorkletNode(context, 'ears', { numberOfInputs: 1, numberOfOutputs: 0 });
  const chunks = [];
  ears.port.onmessage = ({ data }) => chunks.push({ ...data, arrivedMs: performance.now() });
  const source = context.createMediaStreamSource(stream);
  source.connect(ears);
  return {
    context,
    /** Kept, lest they are collected. */
    parts: { element, ears, source },
    chunks,
    outputLatencyMs: () => 1000 * (context.outputLatency ?? 0),
    close: () => context.close(),
  };
}

/**
 * What was heard since the last call: bins of 1 ms as [time, left, right] means of squares. A chunk's time is that
 * of the graph's clock, tied to this page's by the chunks that came soonest within 3 s of it.
 */
function takeHeard(ears) {
  const chunks = ears.chunks.splice(0);
  const offsets = chunks.map(({ arrivedMs, endSeconds }) => arrivedMs - 1000 * endSeconds);
  const reach = Math.round(3000 / CHUNK_BINS);
  const soonest = slidingMinimum(offsets, reach);
  const [timesMs, left, right] = [[], [], []];
  let channels = 0;
  chunks.forEach((chunk, k) => {
    channels = Math.max(channels, chunk.channels);
    for (let bin = 0; bin < CHUNK_BINS; bin += 1) {
      timesMs.push(1000 * chunk.startSeconds + bin + soonest[k]);
      left.push(chunk.bins[2 * bin] / BIN_FRAMES);
      right.push(chunk.bins[2 * bin + 1] / BIN_FRAMES);
    }
  });
  return { timesMs, left, right, channels };
}

/** The least of each value's neighbours, `reach` to either side. */
function slidingMinimum(values, reach) {
  const queue = [];
  const least = [];
  for (let i = 0, right = 0; i < values.length; i += 1) {
    for (; right < values.length && right <= i + reach; right += 1) {
      while (queue.length > 0 && values[queue.at(-1)] >= values[right]) queue.pop();
      queue.push(right);
    }
    while (queue[0] < i - reach) queue.shift();
    least.push(values[queue[0]]);
  }
  return least;
}

/** Notes when a stream's picture turns white, as it is shown. */
async function watch(stream) {
  const video = document.createElement('video');
  Object.assign(video, { muted: true, playsInline: true, srcObject: stream });
  document.body?.append(video);
  const canvas = new OffscreenCanvas(16, 9);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const seen = { flashesMs: [], frames: 0, video };
  let wasWhite = false;
  const look = (nowMs, { expectedDisplayTime }) => {
    seen.frames += 1;
    context.drawImage(video, 0, 0, 16, 9);
    const { data } = context.getImageData(0, 0, 16, 9);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += data[i];
    const isWhite = sum / (data.length / 4) > 128;
    if (isWhite && !wasWhite) seen.flashesMs.push(expectedDisplayTime);
    wasWhite = isWhite;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  await video.play();
  return seen;
}

/** The figures of the sound that comes in. */
async function soundStats(connection) {
  const report = await connection.getStats();
  const all = [...report.values()];
  const inbound = all.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
  const codec = inbound && all.find(({ id }) => id === inbound.codecId);
  return { ...inbound, codec };
}

let now;

/**
 * Draws, connects, hears and, if wanted, sees: `path`, `scene` (of `drawFlashes`; null to send nothing), `tones` (own
 * sound), `isStereo`, `wantsVideo`, `token`.
 */
async function begin({ scene: sceneOptions = {}, tones, ...options }) {
  const scene = sceneOptions === null ? undefined : drawFlashes(sceneOptions);
  const sound = tones && playTones(new AudioContext({ sampleRate: 48_000 }), tones);
  const link = await connect({ ...options, picture: scene?.track, sound });
  const ears = await hear(new MediaStream(link.incoming.getAudioTracks()));
  const seen = options.wantsVideo ? await watch(link.incoming) : undefined;
  now = { scene, link, ears, seen };
  return link.times;
}

/** What happened since the last call, and the figures of now. */
async function take() {
  const { scene, link, ears, seen } = now;
  const stats = await soundStats(link.connection);
  return {
    nowMs: performance.now(),
    originMs: performance.timeOrigin,
    flashesMs: scene?.flashesMs ?? [],
    drawnPictures: scene?.drawnMs.length ?? 0,
    shownMs: seen?.flashesMs ?? [],
    shownPictures: seen?.frames ?? 0,
    heard: takeHeard(ears),
    outputLatencyMs: ears.outputLatencyMs(),
    sound: {
      concealedSamples: stats.concealedSamples ?? 0,
      receivedSamples: stats.totalSamplesReceived ?? 0,
      jitterBufferMs: (1000 * (stats.jitterBufferDelay ?? 0)) / (stats.jitterBufferEmittedCount || 1),
      formatParameters: stats.codec?.sdpFmtpLine ?? '',
    },
  };
}

async function end() {
  now.scene?.stop();
  await now.link.close();
  await now.ears.close();
}

window.foley = { begin, take, end };
