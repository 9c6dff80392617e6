import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './quantiles.js';
import { scoreDrawn } from './score-drawn.js';

const ROUNDS = 5;
const SECONDS = 30;
const BARE = fileURLToPath(new URL('bare-graphs.js', import.meta.url));

/**
 * How much longer a hop takes through the engine and its lane process than the bare graph calls, in turns so that
 * the machine's moods meet both. The engine's hops include those that anchors add: warm-up and tail.
 *
 * @param {import('livefoley').Engine} engine With one lane
 * @param {string} bundle
 */
export async function measureOverhead(engine, bundle) {
  const ratios = [];
  const perHop = { engineMs: /** @type {number[]} */ ([]), bareMs: /** @type {number[]} */ ([]) };
  for (let round = 0; round < ROUNDS; round += 1) {
    const engineMs = (await scoreDrawn(engine, SECONDS)).wallMs;
    const hops = Math.ceil((SECONDS * 48_000) / engine.bundle.hopFrames);
    const { stdout } = await promisify(execFile)(process.execPath, [BARE, bundle, String(hops)]);
    const bareMs = JSON.parse(stdout).wallMs;
    ratios.push(engineMs / bareMs - 1);
    perHop.engineMs.push(engineMs / hops);
    perHop.bareMs.push(bareMs / hops);
  }
  return {
    overhead: median(ratios),
    engineHopMs: median(perHop.engineMs),
    bareHopMs: median(perHop.bareMs),
    rounds: ROUNDS,
  };
}
