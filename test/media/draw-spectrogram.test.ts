import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { drawSpectrogram } from '../../src/media/draw-spectrogram.js';
import { clip, ffmpeg, folder } from './clips.js';

/** Mean brightness of a part of a picture, 0 to 255. */
function brightness(path: string, crop: string): number {
  const filter = `crop=${crop},format=gray,scale=1:1:flags=area`;
  const args = ['-v', 'error', '-nostdin', '-i', path, '-vf', filter, '-f', 'rawvideo', 'pipe:1'];
  return execFileSync(ffmpeg.path, args)[0] ?? 0;
}

test('drawSpectrogram() draws the pictures over the sound, both at their times', async () => {
  // White and loud in the second half only.
  const video = clip(
    'half.mp4',
    "-f lavfi -i color=black:s=64x36:r=10:d=2,drawbox=c=white:t=fill:enable='gte(t,1)' " +
      "-f lavfi -i aevalsrc='if(gte(t,1),0.8*(random(0)-0.5),0)':s=48000:d=2 -c:a aac OUT",
  );
  const pngPath = join(folder, 'half.png');
  await drawSpectrogram(ffmpeg, { video, sound: video, pngPath });
  const png = readFileSync(pngPath);
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1884, 644]);
  expect(brightness(pngPath, '700:60:160:20')).toBeLessThan(20);
  expect(brightness(pngPath, '700:60:980:20')).toBeGreaterThan(180);
  expect(brightness(pngPath, '700:300:160:200')).toBeLessThan(5);
  expect(brightness(pngPath, '700:300:980:200')).toBeGreaterThan(15);
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('drawSpectrogram() says what it cannot read and leaves nothing behind', async () => {
  const mute = clip('mute.mp4', '-f lavfi -i color=black:s=64x36:r=10:d=1 OUT');
  const drawing = drawSpectrogram(ffmpeg, { video: mute, sound: mute, pngPath: join(folder, 'mute.png') });
  await expect(drawing).rejects.toThrow(/mute/);
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
});
