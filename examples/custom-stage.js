/**
 * A stage of your own after the mix: any RxJS operator from blocks to blocks. This one is a tremolo, which also reports
 * what the engine measured.
 *
 *     node examples/custom-stage.js
 */
import { createEngine, locateFfmpeg, MEDIA_RATE, readVideoFrames } from 'livefoley';
import { map } from 'rxjs';

/** @param {number} rateHz How often the level falls and rises in a second */
function tremolo(rateHz) {
  /** @param {import('livefoley').AudioBlock} block */
  const shake = ({ position, channels }) => ({
    position,
    // Positions are absolute, so the stage needs no state, and any part of the sound comes out the same.
    channels: channels.map((samples) =>
      samples.map(
        (sample, i) => sample * (0.6 + 0.4 * Math.sin((2 * Math.PI * rateHz * (position + i)) / MEDIA_RATE)),
      ),
    ),
  });
  return map(shake);
}

const [input = 'examples/media/workshop.mp4', bundle = 'live'] = process.argv.slice(2);
const engine = await createEngine({ bundle });
const frames = readVideoFrames(await locateFfmpeg(), input, engine.bundle.picture);
const session = engine.score(frames, { afterMix: tremolo(5), endPosition: 5 * MEDIA_RATE });

let hops = 0;
let computeMs = 0;
session.metrics$.subscribe((metric) => {
  if (metric.kind !== 'hop') return;
  hops += 1;
  for (const { ms } of metric.timings) computeMs += ms;
});
let peak = 0;
for await (const { channels } of session.blocks) {
  for (const sample of channels[0] ?? []) peak = Math.max(peak, Math.abs(sample));
}
console.log(`peak ${peak.toFixed(3)}; ${hops} hops, ${(computeMs / hops).toFixed(2)} ms each`);
await engine.close();
