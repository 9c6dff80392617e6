import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';

import { inspectMedia } from '../../src/media/media-info.js';
import { readVideoFrames } from '../../src/media/read-video.js';
import { LivefoleyError } from '../../src/stream/errors.js';
import { clip, collect, ffmpeg, folder, turnedBy } from './clips.js';

const video = clip(
  'clip.mp4',
  '-f lavfi -i testsrc2=s=64x36:r=25:d=1 -f lavfi -i sine=d=1:r=44100 -c:v libx264 -c:a aac OUT',
);

async function failure(name: string): Promise<LivefoleyError> {
  const error = await inspectMedia(ffmpeg, name).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LivefoleyError);
  expect((error as LivefoleyError).message).not.toMatch(/\n/);
  return error as LivefoleyError;
}

describe('inspectMedia() describes', () => {
  test('picture, sound, length and container', async () => {
    expect(await inspectMedia(ffmpeg, video)).toEqual({
      input: video,
      formatName: 'mov,mp4,m4a,3gp,3g2,mj2',
      durationSeconds: 1,
      canSeek: true,
      video: {
        codec: 'h264',
        width: 64,
        height: 36,
        rotationDegrees: 0,
        framesPerSecond: 25,
        hasAlpha: false,
      },
      audio: { codec: 'aac', channelCount: 1, sampleRate: 44_100 },
    });
  });

  test('the size as displayed: turned, and with square pixels', async () => {
    const turned = clip('turned.mp4', `${turnedBy(270)} OUT`, { CLIP: video });
    expect((await inspectMedia(ffmpeg, turned)).video).toMatchObject({
      width: 36,
      height: 64,
      rotationDegrees: 270,
    });
    const wide = clip('wide.mp4', '-f lavfi -i testsrc2=s=72x56:r=25:d=0.2,setsar=2/1 OUT');
    expect((await inspectMedia(ffmpeg, wide)).video).toMatchObject({ width: 144, height: 56 });
  });

  test('six channels, and a picture with transparency', async () => {
    const path = clip(
      'six.mov',
      '-f lavfi -i color=white@0.5:s=32x18:d=0.2,format=rgba -f lavfi -i anullsrc=cl=5.1:d=0.2 -c:v qtrle -c:a pcm_s16le OUT',
    );
    const info = await inspectMedia(ffmpeg, path);
    expect(info.video.hasAlpha).toBe(true);
    expect(info.audio).toMatchObject({ channelCount: 6 });
  });

  test('a file by its address, and one with a name that FFmpeg would misread', async () => {
    expect((await inspectMedia(ffmpeg, pathToFileURL(video).href)).durationSeconds).toBe(1);
    if (process.platform === 'win32') return;
    const odd = join(folder, 'http:x concat:%d.mp4');
    writeFileSync(odd, readFileSync(video));
    expect((await inspectMedia(ffmpeg, odd)).durationSeconds).toBe(1);
  });
});

describe('inspectMedia() says in one sentence that the input', () => {
  test('is missing, a directory or empty', async () => {
    expect((await failure(join(folder, 'missing.mp4'))).message).toMatch(
      /missing\.mp4: .*found nothing there$/,
    );
    mkdirSync(join(folder, 'folder.mp4'));
    expect((await failure(join(folder, 'folder.mp4'))).message).toMatch(/found a directory$/);
    writeFileSync(join(folder, 'empty.mp4'), '');
    expect((await failure(join(folder, 'empty.mp4'))).message).toMatch(/found an empty file$/);
  });

  test('is no video but a text, whatever it is called', async () => {
    for (const name of ['text.mp4', 'text.txt', 'text.ans', 'text.srt']) {
      writeFileSync(join(folder, name), 'Dear reader,\nthis is no video.\n'.repeat(50));
      const error = await failure(join(folder, name));
      expect(error.place).toBe('input');
      expect(error.message).toContain(name);
      expect(error.message).toMatch(/expected a video/);
    }
  });

  test('has only sound, with cover art or without', async () => {
    const sound = clip('sound.mp3', '-f lavfi -i sine=d=1 OUT');
    expect((await failure(sound)).message).toMatch(/it has no picture, only sound$/);
    const cover = clip('cover.png', '-f lavfi -i color=red:s=16x16 -frames:v 1 OUT');
    const tagged = clip(
      'tagged.mp3',
      '-i SOUND -i COVER -map 0 -map 1 -c copy -disposition:v attached_pic OUT',
      {
        SOUND: sound,
        COVER: cover,
      },
    );
    expect((await failure(tagged)).message).toMatch(/it has no picture, only sound$/);
    await expect(collect(readVideoFrames(ffmpeg, tagged, { width: 8, height: 8 }))).rejects.toThrow(
      /no picture/,
    );
  });

  test('has an address of a kind that is not opened', async () => {
    for (const name of ['concat://a|b', 'gopher://host/', 'constructor://x', 'pipe://0']) {
      expect((await failure(name)).message).toMatch(/expected a file or one of http, https/);
    }
  });
});

describe('an input opens nothing else', () => {
  test('a local playlist reaches no network', async () => {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const list = join(folder, 'hostile.m3u8');
    writeFileSync(
      list,
      `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:${port}/a.ts\n#EXT-X-ENDLIST\n`,
    );
    expect((await failure(list)).place).toBe('input');
    expect(requests).toBe(0);
    await new Promise((resolve) => server.close(resolve));
  });

  test('a remote playlist reaches no file', async () => {
    const list = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${pathToFileURL(video).href}\n#EXT-X-ENDLIST\n`;
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/vnd.apple.mpegurl');
      response.end(list);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect((await failure(`http://127.0.0.1:${port}/list.m3u8`)).place).toBe('input');
    await new Promise((resolve) => server.close(resolve));
  });

  test('a video over http is read like a file', async () => {
    const server = createServer((_request, response) => response.end(readFileSync(video)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const name = `http://127.0.0.1:${port}/clip.mp4`;
    expect((await inspectMedia(ffmpeg, name)).durationSeconds).toBe(1);
    expect(await collect(readVideoFrames(ffmpeg, name, { width: 8, height: 8 }))).toHaveLength(25);
    await new Promise((resolve) => server.close(resolve));
  });
});
