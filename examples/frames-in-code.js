/**
 * Frames drawn by a program, sound back as blocks: no file and no FFmpeg. A white square drops every half second.
 *
 *     node examples/frames-in-code.js
 */
import { createEngine, MEDIA_RATE } from 'livefoley';

const SIZE = 128;
const FRAME_RATE = 30;
const SECONDS = 4;

async function* drawFrames() {
  for (let i = 0; i < SECONDS * FRAME_RATE; i += 1) {
    const data = new Uint8Array(SIZE * SIZE * 3).fill(40);
    const fall = (i % 15) / 15;
    const top = Math.round(8 + 84 * fall * fall);
    for (let y = top; y < top + 28; y += 1) data.fill(230, (y * SIZE + 50) * 3, (y * SIZE + 78) * 3);
    // A position counts audio frames at 48 kHz: it alone says when the picture is shown.
    yield {
      position: (i * MEDIA_RATE) / FRAME_RATE,
      width: SIZE,
      height: SIZE,
      format: /** @type {const} */ ('rgb24'),
      data,
    };
  }
}

const engine = await createEngine({ bundle: process.argv[2] ?? 'live' });
const session = engine.score(drawFrames(), { seed: 7 });
session.metrics$.subscribe((metric) => {
  if (metric.kind === 'end') console.log(`${metric.frames} pictures`);
});

// The level of each tenth of a second, as a bar.
let power = 0;
for await (const { position, channels } of session.blocks) {
  for (const sample of channels[0] ?? []) power += sample * sample;
  if ((position + 480) % 4800 !== 0) continue;
  const levelDbfs = 10 * Math.log10(power / 4800 + 1e-12);
  console.log(
    `${(position / MEDIA_RATE).toFixed(2)} s ${'#'.repeat(Math.max(0, Math.round((levelDbfs + 70) / 2)))}`,
  );
  power = 0;
}
await engine.close();
