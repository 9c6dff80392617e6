// @ts-nocheck: runs in the browser, whose names the tests' types do not hold.
/* global AudioBufferSourceNode, AudioContext, BiquadFilterNode, GainNode, OscillatorNode, RTCPeerConnection, document, window -- the browser's */
/**
 * Runs in the page before its own code: where the fake server agrees to an offer, a second peer in the same page gives
 * the answer, and a sound of hits over a low hum.
 */
const realFetch = window.fetch.bind(window);
const RealPeer = RTCPeerConnection;
const answerers = [];

window.fetch = async (address, init) => {
  const response = await realFetch(address, init);
  const isOffer = init?.method === 'POST' && response.status === 201;
  if (!isOffer) return response;
  const sdp = await answerOffer(init.body);
  return new Response(sdp, { status: 201, headers: response.headers });
};

/** What the test calls to break the connection. */
window.breakConnection = () => {
  for (const answerer of answerers.splice(0)) answerer.close();
};

async function answerOffer(sdp) {
  const answerer = new RealPeer();
  answerers.push(answerer);
  await answerer.setRemoteDescription({ type: 'offer', sdp });
  const stream = makeSound();
  const heard = answerer.getTransceivers().find(({ receiver }) => receiver.track.kind === 'audio');
  heard.direction = 'sendonly';
  await heard.sender.replaceTrack(stream.getAudioTracks()[0]);
  const seen = answerer.getTransceivers().find(({ receiver }) => receiver.track.kind === 'video');
  if (seen && /m=video[^]*a=recvonly/.test(sdp)) {
    seen.direction = 'sendonly';
    await seen.sender.replaceTrack(makePicture().getVideoTracks()[0]);
  }
  await answerer.setLocalDescription(await answerer.createAnswer());
  await new Promise((resolve) => {
    const look = () => answerer.iceGatheringState === 'complete' && resolve();
    answerer.addEventListener('icegatheringstatechange', look);
    look();
    setTimeout(resolve, 1500);
  });
  return answerer.localDescription.sdp;
}

function makeSound() {
  const context = new AudioContext({ sampleRate: 48000 });
  const out = context.createMediaStreamDestination();
  const hum = new OscillatorNode(context, { type: 'sawtooth', frequency: 82 });
  const low = new BiquadFilterNode(context, { type: 'lowpass', frequency: 380 });
  hum
    .connect(low)
    .connect(new GainNode(context, { gain: 0.035 }))
    .connect(out);
  hum.start();
  const noise = context.createBuffer(1, 48000, 48000);
  noise.getChannelData(0).forEach((_, i, samples) => (samples[i] = Math.random() * 2 - 1));
  const hit = (atSeconds, frequency) => {
    const source = new AudioBufferSourceNode(context, { buffer: noise });
    const band = new BiquadFilterNode(context, { type: 'bandpass', frequency, Q: 1.1 });
    const ring = new OscillatorNode(context, { frequency: frequency * 0.73 });
    const fade = new GainNode(context, { gain: 0 });
    fade.gain.setValueAtTime(0.9, atSeconds);
    fade.gain.exponentialRampToValueAtTime(0.001, atSeconds + 0.38);
    source.connect(band).connect(fade);
    ring.connect(new GainNode(context, { gain: 0.25 })).connect(fade);
    fade.connect(out);
    for (const node of [source, ring]) {
      node.start(atSeconds);
      node.stop(atSeconds + 0.45);
    }
  };
  let next = context.currentTime + 0.2;
  let beat = 0;
  setInterval(() => {
    for (; next < context.currentTime + 0.6; next += beat % 3 === 0 ? 0.46 : 0.31, beat += 1) {
      hit(next, [620, 2400, 1300, 5200][beat % 4]);
    }
  }, 100);
  return out.stream;
}

function makePicture() {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
  const context = canvas.getContext('2d');
  let at = 0;
  setInterval(() => {
    at += 1;
    context.fillStyle = '#20302c';
    context.fillRect(0, 0, 640, 360);
    context.fillStyle = '#f2a65a';
    context.beginPath();
    context.arc(320 + 180 * Math.sin(at / 18), 290 - Math.abs(180 * Math.sin(at / 9)), 26, 0, 7);
    context.fill();
  }, 40);
  return canvas.captureStream(25);
}
