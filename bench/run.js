/**
 * The engine's figures: `npm run bench`, or with `--soak` its memory over two hours. `--bundle NAME` measures another
 * bundle, `--quick` a tenth of everything (to see that it runs, not for the number). Prints what it does on standard
 * error and one JSON object as the last line.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { createEngine } from 'livefoley';
import { countAllocations } from './count-allocations.js';
import { measureOverhead } from './measure-overhead.js';
import { median, quantile } from './quantiles.js';
import { scoreDrawn } from './score-drawn.js';
import { watchMemory } from './watch-memory.js';

const { values } = parseArgs({
  options: {
    bundle: { type: 'string', default: 'live' },
    soak: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string' },
  },
});
const { bundle, soak, quick } = values;
const memoryMinutes = Number(values.minutes ?? (soak ? 120 : quick ? 0.2 : 4));
const root = fileURLToPath(new URL('..', import.meta.url));
const command = join(root, 'bin', 'livefoley.js');
const clip = join(root, 'examples', 'media', 'workshop.mp4');
const folder = await mkdtemp(join(tmpdir(), 'livefoley-bench-'));

/** @param {string} text */
const say = (text) => process.stderr.write(`${text}\n`);

/** @param {readonly string[]} args */
async function render(args) {
  const out = join(folder, 'out.wav');
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[command, 'render', clip, '-o', out, '--force', '--json', '--bundle', bundle, '--device', 'cpu'],
    ...args,
  ]);
  return JSON.parse(stdout);
}

/** @param {number} lanes */
async function timesRealTime(lanes) {
  const engine = await createEngine({ bundle, device: 'cpu', lanes });
  await scoreDrawn(engine, 2);
  const seconds = quick ? 10 : 60;
  const speeds = [];
  for (let round = 0; round < (quick ? 1 : 3); round += 1)
    speeds.push(seconds / ((await scoreDrawn(engine, seconds)).wallMs / 1000));
  await engine.close();
  return median(speeds);
}

/** @type {Record<string, unknown>} */
const figures = {
  bundle,
  date: new Date().toISOString().slice(0, 10),
  machine: `${availableParallelism()} cores of ${cpus()[0]?.model.trim()}, Node.js ${process.versions.node}`,
  command: `npm run bench${soak ? ':soak' : ''}`,
  loadBefore: loadavg()[0],
};

if (!soak) {
  say('First sound, cold and warm …');
  const cold = [];
  const clips = [];
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    const report = await render(['--lanes', '1']);
    cold.push(report.firstSoundMs);
    clips.push(report.timesRealTime);
  }
  const engine = await createEngine({ bundle, device: 'cpu', lanes: 1 });
  const warm = [];
  for (let round = 0; round < 5; round += 1) warm.push((await scoreDrawn(engine, 1)).firstBlockMs);
  figures['firstSoundMs'] = { cold: median(cold), warm: median(warm) };
  figures['renderClipTimesRealTime'] = median(clips);

  say('Chunk compute …');
  const { hopMs } = await scoreDrawn(engine, quick ? 10 : 120);
  figures['chunkMs'] = {
    mean: hopMs.reduce((sum, ms) => sum + ms, 0) / hopMs.length,
    p50: quantile(hopMs, 0.5),
    p95: quantile(hopMs, 0.95),
    p99: quantile(hopMs, 0.99),
  };

  say('Overhead over bare graph calls …');
  figures['engine'] = await measureOverhead(engine, bundle);
  say('Copies and allocations …');
  figures['mainProcess'] = await countAllocations(() => scoreDrawn(engine, 10));
  await engine.close();

  say('Times real time …');
  figures['timesRealTime'] = { oneLane: await timesRealTime(1), twoLanes: await timesRealTime(2) };
}

say(`Memory over ${memoryMinutes} minutes …`);
const engine = await createEngine({ bundle, device: 'cpu', lanes: 1 });
figures['memory'] = await watchMemory(engine, memoryMinutes);
await engine.close();
await rm(folder, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify(figures)}\n`);
