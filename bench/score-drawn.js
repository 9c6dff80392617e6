import { drawFrames } from './drawn-frames.js';

/**
 * Scores drawn frames at full speed.
 *
 * @param {import('livefoley').Engine} engine
 * @param {number} seconds
 */
export async function scoreDrawn(engine, seconds) {
  const startMs = performance.now();
  const session = engine.score(drawFrames(engine.bundle.picture, seconds), { seed: 1 });
  /** @type {Map<number, number>} */
  const hopMs = new Map();
  session.metrics$.subscribe((metric) => {
    if (metric.kind !== 'hop') return;
    for (const { position, ms } of metric.timings) hopMs.set(position, (hopMs.get(position) ?? 0) + ms);
  });
  let firstBlockMs = 0;
  let blocks = 0;
  for await (const block of session.blocks) {
    if (block.position === 0) firstBlockMs = performance.now() - startMs;
    blocks += 1;
  }
  return { wallMs: performance.now() - startMs, firstBlockMs, blocks, hopMs: [...hopMs.values()] };
}
