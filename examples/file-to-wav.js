/**
 * A video file in, a WAV file out, through the library: what `livefoley render` does, in a few lines.
 *
 *     node examples/file-to-wav.js examples/media/workshop.mp4 examples/out/workshop.wav
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  createEngine,
  frameCountOf,
  locateFfmpeg,
  openSoundWriter,
  readVideoFrames,
  secondsAt,
} from 'livefoley';

const [input = 'examples/media/workshop.mp4', output = 'examples/out/workshop.wav', bundle = 'live'] =
  process.argv.slice(2);

await mkdir(dirname(output), { recursive: true });
const ffmpeg = await locateFfmpeg();
const engine = await createEngine({ bundle });
const writer = await openSoundWriter(ffmpeg, { outputPath: output, channelCount: 1, force: true });
try {
  // Decoded pictures, each with its own time, of the very size that the bundle's encoders look at.
  const frames = readVideoFrames(ffmpeg, input, engine.bundle.picture);
  const session = engine.score(frames, { seed: 1 });
  let audioFrames = 0;
  for await (const block of session.blocks) {
    await writer.write(block);
    audioFrames += frameCountOf(block);
  }
  const { loudnessLufs } = await writer.finish();
  console.log(`${output}: ${secondsAt(audioFrames).toFixed(2)} s, ${loudnessLufs ?? 'no'} LUFS`);
} finally {
  // Without FFmpeg's last word nothing appears under the output's name.
  await writer.abort();
  await engine.close();
}
