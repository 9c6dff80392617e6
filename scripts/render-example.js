/**
 * What `npm start` does once all is set up: gives the example clip its sound with the trained bundle, and draws the
 * sound under a strip of the pictures.
 */
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from '../dist/cli/render.js';
import { renderFile } from '../dist/cli/render-file.js';
import { drawSpectrogram } from '../dist/media/draw-spectrogram.js';
import { locateFfmpeg } from '../dist/media/locate-ffmpeg.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const input = join(root, 'examples', 'media', 'workshop.mp4');
const folder = join(root, 'examples', 'out');
const output = join(folder, 'workshop.mp4');
const pngPath = join(folder, 'workshop.png');

await mkdir(folder, { recursive: true });
const ffmpeg = await locateFfmpeg();
const report = await renderFile(ffmpeg, {
  input,
  output,
  bundle: process.argv[2] ?? 'live',
  seed: 1,
  mix: 'replace',
  device: 'auto',
  force: true,
  signal: new AbortController().signal,
  onProgress: () => undefined,
  onNotice: (notice) => console.error(notice),
});
await drawSpectrogram(ffmpeg, { video: output, sound: output, pngPath });
console.log(describe({ ...report, output: relative(process.cwd(), output) }));
console.log(`Look:   ${relative(process.cwd(), pngPath)}`);
console.log(`Listen: ${relative(process.cwd(), output)} (silent before: ${relative(process.cwd(), input)})`);
