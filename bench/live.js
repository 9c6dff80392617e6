/**
 * The live figures: `npm run bench:live`. `--minutes N` says how long the main run lasts (default 2; 20 for the
 * published one, longer for a soak), `--quick` makes everything short (to see that it runs, not for the number).
 * Needs Chromium. Prints what it does on standard error and one JSON object as the last line.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startCanary } from '../test/e2e/canary.js';
import { launchChromium } from '../test/e2e/chromium.js';
import { FlashPage } from '../test/e2e/flash-page.js';
import { levelDb, median } from '../test/e2e/score-onsets.js';
import { startServer } from '../test/e2e/start-server.js';
import { FlashRun } from './flash-run.js';
import {
  cpuBetween,
  eventLoopDelayMs,
  pacerLatenessBetween,
  readServer,
  rounded,
  spread,
} from './live-figures.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    bundle: { type: 'string', default: 'live' },
    window: { type: 'string', default: 'foley-flow' },
    quick: { type: 'boolean', default: false },
  },
});
const { bundle, quick } = values;
const minutes = quick ? 0.25 : Number(values.minutes);
const SHORT_SECONDS = quick ? 6 : 16;
const WARM_UP_SECONDS = 5;
const LOOK_SECONDS = 3;
const LISTENERS = 3;
const FIRST_SOUND_ROUNDS = quick ? 1 : 5;
/** Flashes from the start, so that there is something to sound. */
const AT_ONCE = { firstMs: 0, minGapMs: 250, maxGapMs: 350 };
const AUDIBLE_DB = -60;

/** @param {string} text */
const say = (text) => process.stderr.write(`${text}\n`);
/** @param {number} seconds */
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

const browser = await launchChromium();
const canary = startCanary();

/** @param {string} file @param {readonly string[]} args */
function startProcess(file, args) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Stalls of the machine since then. Unit: ms since 1970. @param {number} sinceMs */
function stallsSince(sinceMs) {
  const lengths = canary.within(sinceMs, Date.now()).map(({ fromMs, toMs }) => Math.round(toMs - fromMs));
  return { count: lengths.length, longestMs: Math.max(0, ...lengths) };
}

/**
 * Looks at a page again and again; `look` is called each time.
 *
 * @param {FlashPage} page
 * @param {number} seconds
 * @param {() => Promise<void>} [look]
 */
async function follow(page, seconds, look) {
  const run = new FlashRun();
  run.add(await page.take());
  const endMs = performance.now() + 1000 * seconds;
  while (performance.now() < endMs) {
    await sleep(Math.min(LOOK_SECONDS, Math.max(0.1, (endMs - performance.now()) / 1000)));
    await look?.();
    run.add(await page.take());
  }
  return run.figures();
}

/** @param {ReturnType<FlashRun['figures']>} figures */
function glassToEar({ flashes, glassToEarMs, outputLatencyMs, concealedShare, picturesPerSecond }) {
  return {
    ...spread(glassToEarMs),
    flashes,
    thenLoudspeakerMs: rounded(outputLatencyMs),
    concealedShare,
    drawnPicturesPerSecond: rounded(picturesPerSecond),
  };
}

/** The same way without the engine: a click for each flash, at once. */
async function measureTransport() {
  const child = startProcess('echo-server.js', []);
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const address = /(http:\S+)/.exec(String(line))?.[1] ?? '';
  const page = await FlashPage.open(browser, address);
  await page.begin({ path: '/duplex/echo', wantsVideo: true, scene: { seed: 3 } });
  await sleep(WARM_UP_SECONDS);
  const figures = await follow(page, SHORT_SECONDS);
  await page.close();
  child.kill();
  return { glassToEarMs: glassToEar(figures), earAfterEyeMs: spread(figures.earAfterEyeMs) };
}

/** From the offer's POST to the first sound that can be heard, median of some rounds. @param {string} address */
async function measureFirstSound(address) {
  /** @type {number[]} */
  const times = [];
  for (let round = 0; round < FIRST_SOUND_ROUNDS; round += 1) {
    const page = await FlashPage.open(browser, address);
    const { postedMs } = await page.begin({ path: `/duplex/first-${round}`, scene: AT_ONCE });
    await sleep(2.5);
    const { heard } = await page.take();
    const at = heard.left.findIndex((power) => levelDb([power]) > AUDIBLE_DB);
    times.push((heard.timesMs[at] ?? Number.NaN) - postedMs);
    await page.close();
  }
  return { median: rounded(median(times)), rounds: times.map(rounded) };
}

/** The main run: one session, for minutes. @param {import('../test/e2e/start-server.js').RunningServer} server */
async function measureMain(server) {
  const page = await FlashPage.open(browser, server.address);
  await page.begin({ path: '/duplex/main', scene: { seed: 7 } });
  await sleep(WARM_UP_SECONDS);
  const startMs = Date.now();
  const from = await readServer(server);
  const before = await server.stream('main');
  /** @type {Map<number, { newestMs: number, oldestMs: number, computeMs: number, slackMs: number }>} */
  const hops = new Map();
  /** @type {number[]} */
  const loopMs = [];
  /** @type {number[]} */
  const memoryMb = [];
  /** @type {{ atMs: number, underruns: number }[]} */
  const looks = [];
  const figures = await follow(page, 60 * minutes, async () => {
    const { recentHops, delayMs, underruns } = await server.stream('main');
    for (const { atMs, gatherMs, computeMs, slackMs } of recentHops.filter((hop) => !hops.has(hop.atMs)))
      hops.set(atMs, {
        newestMs: delayMs.total - gatherMs,
        oldestMs: delayMs.total - delayMs.jitterBuffer,
        computeMs,
        slackMs,
      });
    const reading = await readServer(server);
    loopMs.push(eventLoopDelayMs(reading));
    memoryMb.push(reading.serverMb + reading.lanesMb);
    looks.push({ atMs: Date.now(), underruns });
  });
  const to = await readServer(server);
  const after = await server.stream('main');
  await page.close();
  const all = [...hops.values()];
  const outside = looks.filter(({ atMs, underruns }, k) => {
    const previous = looks[k - 1] ?? { atMs: startMs, underruns: before.underruns };
    return underruns > previous.underruns && canary.within(previous.atMs - 1000, atMs).length === 0;
  });
  return {
    minutes,
    delayMs: after.delayMs,
    frameInToHandOverMs: {
      newest: spread(all.map(({ newestMs }) => newestMs)),
      oldest: spread(all.map(({ oldestMs }) => oldestMs)),
    },
    hopMs: {
      compute: spread(all.map(({ computeMs }) => computeMs)),
      slackLeast: rounded(Math.min(...all.map(({ slackMs }) => slackMs))),
    },
    steps: {
      asked: after.settings.steps,
      now: after.stepsNow,
      changes: after.stepsChanges - before.stepsChanges,
    },
    glassToEarMs: glassToEar(figures),
    pacerLatenessMs: pacerLatenessBetween(from, to),
    eventLoopDelayP99Ms: { median: rounded(median(loopMs)), worst: rounded(Math.max(...loopMs)) },
    deadlineMisses: after.deadlineMisses - before.deadlineMisses,
    underruns: after.underruns - before.underruns,
    underrunMs: after.underrunMs - before.underrunMs,
    looksWithUnderrunsOutsideStalls: outside.length,
    stalls: stallsSince(startMs),
    cpuCores: cpuBetween(from, to),
    memoryMb: {
      first: rounded(memoryMb[0] ?? Number.NaN),
      last: rounded(memoryMb.at(-1) ?? Number.NaN),
      server: rounded(to.serverMb),
    },
  };
}

/**
 * So many sessions at once: a browser's, and others without a browser.
 *
 * @param {import('../test/e2e/start-server.js').RunningServer} server
 * @param {number} count
 */
async function measureSessions(server, count) {
  const page = await FlashPage.open(browser, server.address);
  await page.begin({ path: `/duplex/of-${count}`, scene: { seed: count } });
  const names = Array.from({ length: count - 1 }, (_, k) => `of-${count}-${k}`);
  const others = names.length > 0 ? startProcess('publish.js', [server.address, ...names]) : undefined;
  let fates = '';
  others?.stdout.setEncoding('utf8').on('data', (/** @type {string} */ part) => (fates += part));
  await sleep(WARM_UP_SECONDS);
  const startMs = Date.now();
  const [from, before] = [await readServer(server), await streamsOf(server)];
  const figures = await follow(page, SHORT_SECONDS);
  const [to, after] = [await readServer(server), await streamsOf(server)];
  others?.kill();
  await page.close();
  await end(server, names);
  /** @param {(report: import('../src/live/stream-report.js').StreamReport) => number} figure */
  const grown = (figure) => sumOf(after, figure) - sumOf(before, figure);
  return {
    sessions: count,
    refused: (fates.match(/ 503$/gm) ?? []).length,
    glassToEarMs: glassToEar(figures),
    computeP95Ms: after.map(({ computeMs }) => rounded(computeMs.p95)),
    stepsNow: after.map(({ stepsNow }) => stepsNow),
    deadlineMisses: grown((report) => report.deadlineMisses),
    underruns: grown((report) => report.underruns),
    cpuCores: cpuBetween(from, to),
    stalls: stallsSince(startMs),
  };
}

/** What listeners cost beside a session. @param {import('../test/e2e/start-server.js').RunningServer} server */
async function measureListeners(server) {
  const page = await FlashPage.open(browser, server.address);
  await page.begin({ path: '/duplex/heard', scene: { seed: 4 } });
  await sleep(WARM_UP_SECONDS);
  const alone = await readServer(server);
  await sleep(SHORT_SECONDS / 2);
  const aloneEnd = await readServer(server);
  const listeners = [];
  for (let k = 0; k < LISTENERS; k += 1) {
    const listener = await FlashPage.open(browser, server.address);
    await listener.begin({ path: '/whep/heard', scene: null });
    listeners.push(listener);
  }
  const heard = await readServer(server);
  await sleep(SHORT_SECONDS / 2);
  const heardEnd = await readServer(server);
  for (const listener of listeners) await listener.close();
  await page.close();
  const more = cpuBetween(heard, heardEnd).server - cpuBetween(alone, aloneEnd).server;
  return { listeners: LISTENERS, cpuCoresEach: more / LISTENERS };
}

/** Whether eye and ear agree where the picture is sent back too. @param {string} address */
async function measurePicture(address) {
  const page = await FlashPage.open(browser, address);
  await page.begin({
    path: '/duplex/picture',
    wantsVideo: true,
    scene: { seed: 5, minGapMs: 800, maxGapMs: 1500 },
  });
  await sleep(WARM_UP_SECONDS + 3);
  const startMs = Date.now();
  const { earAfterEyeMs } = await follow(page, SHORT_SECONDS);
  await page.close();
  return { ...spread(earAfterEyeMs), stalls: stallsSince(startMs) };
}

/** A bundle that looks at seconds. @param {import('../test/e2e/start-server.js').RunningServer} server */
async function measureWindow(server) {
  const page = await FlashPage.open(browser, server.address);
  const { postedMs, connectedMs } = await page.begin({
    path: `/duplex/window?bundle=${values.window}`,
    scene: { seed: 6 },
  });
  await sleep(WARM_UP_SECONDS + 3);
  const startMs = Date.now();
  const first = await page.take();
  const at = first.heard.left.findIndex((power) => levelDb([power]) > AUDIBLE_DB);
  const before = await server.stream('window');
  await sleep(SHORT_SECONDS);
  const after = await server.stream('window');
  await page.close();
  return {
    bundle: after.bundle,
    delayMs: after.delayMs,
    computeP95Ms: rounded(after.computeMs.p95),
    hopMs: after.hopBudgetMs,
    /** Its engine is started by this offer. */
    postToConnectedMs: rounded(connectedMs - postedMs),
    connectedToFirstSoundMs: rounded((first.heard.timesMs[at] ?? Number.NaN) - connectedMs),
    underruns: after.underruns - before.underruns,
    stalls: stallsSince(startMs),
  };
}

/** @param {import('../test/e2e/start-server.js').RunningServer} server */
async function streamsOf(server) {
  /** @type {unknown} */
  const reports = await (await server.fetch('/streams')).json();
  return /** @type {import('../src/live/stream-report.js').StreamReport[]} */ (reports);
}

/** Waits until these streams have ended, as senders that vanish do. @param {import('../test/e2e/start-server.js').RunningServer} server @param {readonly string[]} names */
async function end(server, names) {
  while ((await streamsOf(server)).some(({ name }) => names.includes(name))) await sleep(0.5);
}

/**
 * @template Item
 * @param {readonly Item[]} items
 * @param {(item: Item) => number} figure
 */
function sumOf(items, figure) {
  return items.reduce((sum, item) => sum + figure(item), 0);
}

/** @type {Record<string, unknown>} */
const figures = {
  bundle,
  date: new Date().toISOString().slice(0, 10),
  machine: `${availableParallelism()} cores of ${cpus()[0]?.model.trim()}, Node.js ${process.versions.node}, Chromium ${browser.version()}`,
  command: `npm run bench:live -- --minutes ${minutes}`,
  loadBefore: loadavg()[0],
};

say('The way without the engine …');
figures['transport'] = await measureTransport();
const server = await startServer(['--bundle', bundle, '--lost-seconds', '1']);
say('First sound …');
figures['postToFirstSoundMs'] = await measureFirstSound(server.address);
say(`One session for ${minutes} minutes …`);
figures['main'] = await measureMain(server);
const sessions = [];
for (const count of [1, 2, 3]) {
  say(`${count} at once …`);
  sessions.push(await measureSessions(server, count));
}
figures['sessions'] = sessions;
say('Listeners …');
figures['listeners'] = await measureListeners(server);
say('Eye and ear …');
figures['earAfterEyeMs'] = await measurePicture(server.address);
say('The bundle that looks at seconds …');
figures['window'] = await measureWindow(server);
figures['loadAfter'] = loadavg()[0];
await browser.close();
figures['serverExit'] = await server.stop();
canary.stop();
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit(0);
