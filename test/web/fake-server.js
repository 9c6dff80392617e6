/**
 * The page with a server behind it that only pretends: plausible figures, and refusals on demand. What it cannot do, the
 * media, `fake-peer.js` does inside the browser. By hand: `node test/web/fake-server.js [port]`.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const REFUSALS = {
  401: 'Unauthorized',
  409: 'Conflict',
  422: 'Unprocessable Content',
  503: 'Service Unavailable',
};
const WORDS =
  'impact strike drum key typing explosion shot arcade footstep engine whirr roll rain fire wind wood metal glass rubber stone plastic grass gravel snow';

/**
 * @typedef {object} FakeServer
 * @property {string} address
 * @property {{ token?: string, refuse?: 401 | 409 | 422 | 503, isGone?: boolean, isTroubled?: boolean, isWindow?: boolean }} mood
 *   What it is like just now; may be changed while it runs
 * @property {readonly { method: string, path: string, body: string }[]} calls Those that change something
 * @property {() => Promise<void>} close
 */

/**
 * @param {number} [port]
 * @returns {Promise<FakeServer>}
 */
export async function startFakeServer(port = 0) {
  /** @type {FakeServer['mood']} */
  const mood = {};
  /** @type {{ method: string, path: string, body: string }[]} */
  const calls = [];
  const startMs = performance.now();
  const server = createServer((request, response) => {
    const chunks = /** @type {Buffer[]} */ ([]);
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const { method = 'GET', url = '/' } = request;
      const body = Buffer.concat(chunks).toString();
      if (method !== 'GET') calls.push({ method, path: url, body });
      if (mood.isGone) request.socket.destroy();
      else answer({ method, path: url, body, token: request.headers.authorization, response });
    });
  });

  /** @param {{ method: string, path: string, body: string, token: string | undefined, response: import('node:http').ServerResponse }} call */
  function answer({ method, path, body, token, response }) {
    const isApi = /^\/(bundles|streams|duplex|whep|sessions)/.test(path);
    if (isApi && mood.token && token !== `Bearer ${mood.token}`)
      return refuse(response, 401, 'A token is required');
    if (path === '/bundles') return json(response, bundles());
    if (path.startsWith('/streams/')) {
      const name = decodeURIComponent(path.slice('/streams/'.length));
      const settings = method === 'PATCH' ? JSON.parse(body) : {};
      return json(response, report(name, settings, (performance.now() - startMs) / 1000));
    }
    if (/^\/(duplex|whep)\//.test(path)) {
      if (mood.refuse) return refuse(response, mood.refuse, detailOf(mood.refuse));
      response.writeHead(201, { 'content-type': 'application/sdp', location: '/sessions/pretended' });
      return response.end();
    }
    if (path.startsWith('/sessions/')) return response.writeHead(200).end();
    file(response, path);
  }

  /** @param {string} name @param {object} changed @param {number} seconds */
  function report(name, changed, seconds) {
    return fakeReport({ name, changed, seconds, mood });
  }

  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('Cannot tell the port');
  return {
    address: `http://127.0.0.1:${address.port}`,
    mood,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @param {{ name: string, changed: object, seconds: number, mood: FakeServer['mood'] }} about */
function fakeReport({ name, changed, seconds, mood: { isTroubled = false, isWindow = false } }) {
  const hopMs = isWindow ? 1000 : 100;
  const newest = Math.floor((seconds * 1000) / hopMs);
  const count = Math.min(newest, 60);
  const recentHops = Array.from({ length: count }, (_, i) => {
    const hop = newest - count + i;
    const wave = Math.sin(hop / 7) * 0.08 + Math.sin(hop * 12.9898) * 0.06;
    const isSlow = isTroubled && hop % 37 === 0;
    const computeMs = hopMs * (isSlow ? 1.14 : 0.34 + wave);
    return { atMs: hop * hopMs, computeMs, slackMs: isSlow ? -9 : hopMs / 3, steps: 2 };
  });
  const delayMs = isWindow
    ? { jitterBuffer: 28, hop: 1000, queue: 40, compute: 610, buffer: 2622, total: 4300 }
    : { jitterBuffer: 28, hop: 100, queue: 9, compute: 34, buffer: 39, total: 210 };
  return {
    name,
    state: 'live',
    bundle: isWindow ? 'foley-flow' : 'live',
    mode: isWindow ? 'window' : 'causal',
    settings: { seed: 1, prompt: '', gainDb: 0, mix: 'under', isDucking: true, steps: 2, ...changed },
    stepsNow: isTroubled ? 1 : 2,
    durationSeconds: seconds,
    listeners: 2,
    picture: { width: 640, height: 360, framesPerSecond: 29.6, droppedFrames: isTroubled ? 12 : 0 },
    hasOwnSound: false,
    delayMs,
    hopBudgetMs: hopMs,
    computeMs: { p50: hopMs * 0.34, p95: hopMs * 0.46, p99: hopMs * 0.49 },
    recentHops,
    deadlineMisses: isTroubled ? 3 : 0,
    underruns: isTroubled ? 1 : 0,
    underrunMs: isTroubled ? 42 : 0,
    stepsChanges: isTroubled ? 2 : 0,
    laneRestarts: 0,
    level: { rmsDb: -24, peakDb: -9 },
  };
}

function bundles() {
  const words = WORDS.split(' ');
  return [
    bundle({ name: 'live', mode: 'causal', delayMs: 210, promptWords: words, steps: { default: 2, max: 8 } }),
    bundle({
      name: 'foley-flow',
      mode: 'window',
      delayMs: 4300,
      promptWords: [],
      steps: { default: 4, max: 16 },
    }),
  ];
}

/** @param {{ name: string, mode: string, delayMs: number, promptWords: string[], steps: object }} about */
function bundle(about) {
  return { version: '0.2.0', isDefault: about.name === 'live', ...about };
}

/** @param {import('node:http').ServerResponse} response @param {unknown} value */
function json(response, value) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

/** @param {import('node:http').ServerResponse} response @param {401 | 409 | 422 | 503} status @param {string} detail */
function refuse(response, status, detail) {
  const headers = { 'content-type': 'application/problem+json', 'retry-after': '20' };
  response.writeHead(status, headers);
  response.end(JSON.stringify({ title: REFUSALS[status], status, detail }));
}

/** @param {number} status */
function detailOf(status) {
  if (status === 503) return 'Two streams already use what this machine can compute in time.';
  if (status === 422) return 'The offer holds H.264 only; this server takes VP8, VP9 and AV1.';
  return 'This stream is in use.';
}

/** @param {import('node:http').ServerResponse} response @param {string} path */
function file(response, path) {
  const asked = path.split('?')[0] ?? '/';
  if (asked === '/demo.mp4') {
    response.writeHead(200, { 'content-type': 'video/mp4' });
    return createReadStream(join(ROOT, 'examples/media/workshop.mp4')).pipe(response);
  }
  const found = join(ROOT, 'dist/web', normalize(asked === '/' ? '/index.html' : asked));
  if (!existsSync(found)) return response.writeHead(404).end();
  const type = Object.entries(TYPES).find(([extension]) => extension === extname(found))?.[1];
  response.writeHead(200, { 'content-type': type ?? 'application/octet-stream' });
  return createReadStream(found).pipe(response);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { address } = await startFakeServer(Number(process.argv[2] ?? 8099));
  process.stdout.write(`${address}\n`);
}
