import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

import { isAtLeast, locateFfmpeg, type Ffmpeg } from '../../src/media/locate-ffmpeg.js';
import type { VideoFrame } from '../../src/stream/video-frame.js';

export const ffmpeg: Ffmpeg = await locateFfmpeg();

/** Keeps the times of pictures as they are when a clip is made. */
export const VARIABLE_RATE = isAtLeast(ffmpeg, { major: 5, minor: 1 }) ? '-fps_mode vfr' : '-vsync vfr';

/** The arguments that copy a clip, to be shown turned counter-clockwise by some degrees. `CLIP` stands for it. */
export function turnedBy(degrees: number): string {
  if (isAtLeast(ffmpeg, { major: 6, minor: 0 })) return `-display_rotation ${degrees} -i CLIP -c copy`;
  return `-i CLIP -c copy -metadata:s:v rotate=${degrees}`;
}

/** A folder that goes when the test file is done. Its name holds a space, as people's folders do. */
export const folder = mkdtempSync(join(tmpdir(), 'livefoley media '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs FFmpeg with the arguments in `text`, split at spaces; `OUT` stands for the file that is made and returned. */
export function clip(
  name: string,
  text: string,
  replacements: Readonly<Record<string, string>> = {},
): string {
  const path = join(folder, name);
  const args = text.split(/\s+/).filter((word) => word !== '');
  const full = args.map((word) => (word === 'OUT' ? `file:${path}` : (replacements[word] ?? word)));
  execFileSync(ffmpeg.path, ['-v', 'error', '-nostdin', '-y', ...full], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return path;
}

/** Standard output of FFmpeg as 32-bit floats. */
export function decodeSound(
  path: string,
  channelCount = 1,
  filter = 'aresample=48000:async=1:first_pts=0',
): Float32Array {
  const args = ['-v', 'error', '-nostdin', '-i', `file:${path}`, '-map', '0:a:0', '-af', filter];
  const bytes = execFileSync(ffmpeg.path, [...args, '-ac', `${channelCount}`, '-f', 'f32le', 'pipe:1'], {
    maxBuffer: 1e9,
  });
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/** A picture in one line: its position and a digest of its bytes. */
export function digest(frame: VideoFrame): string {
  return `${frame.position} ${createHash('md5').update(frame.data).digest('hex')}`;
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** Whether a process of this id is still there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a condition holds. @throws {Error} After ten seconds */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('The condition did not come to hold within ten seconds');
}
