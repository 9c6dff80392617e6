import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { isAtLeast, listInputProtocols, locateFfmpeg, type Ffmpeg } from '../../src/media/locate-ffmpeg.js';
import { LivefoleyError } from '../../src/stream/errors.js';
import { ffmpeg, folder } from './clips.js';

function nowhere(): Promise<undefined> {
  return Promise.resolve(undefined);
}

/** An executable that prints what it is told to. Only where scripts run by themselves. */
function program(name: string, text: string, code = 0): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\ncat <<'END'\n${text}\nEND\nexit ${code}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe.skipIf(process.platform === 'win32')('locateFfmpeg()', () => {
  const good = program(
    'good ffmpeg',
    'ffmpeg version 7.0.2-static https://example.org\nInput:\n  file\n  srt\nOutput:\n  md5',
  );

  test('takes FFMPEG_BIN first and reads its version and, when asked, the protocols it can read', async () => {
    const env = { FFMPEG_BIN: good };
    const found = await locateFfmpeg({ env, staticPath: () => Promise.resolve('/no') });
    expect(found).toEqual({ path: good, source: 'FFMPEG_BIN', version: '7.0.2-static' });
    expect(await listInputProtocols(found)).toEqual(['file', 'srt']);
  });

  test.each([
    ['is missing', join(folder, 'none')],
    ['fails', program('failing', 'ffmpeg version 7', 1)],
    ['is another program', program('other', 'hello')],
  ])('does not pass over an FFMPEG_BIN that %s', async (_, path) => {
    const error = await locateFfmpeg({
      env: { FFMPEG_BIN: path },
      staticPath: () => Promise.resolve(good),
    }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(LivefoleyError);
    expect(error).toMatchObject({ place: 'environment' });
    expect((error as Error).message).toContain(`FFMPEG_BIN=${path}`);
  });

  test('takes ffmpeg-static where its file runs, else the one on the PATH', async () => {
    expect(await locateFfmpeg({ env: {}, staticPath: () => Promise.resolve(good) })).toMatchObject({
      source: 'ffmpeg-static',
    });
    const gone = () => Promise.resolve(join(folder, 'gone'));
    expect(await locateFfmpeg({ env: {}, staticPath: gone })).toMatchObject({ source: 'PATH' });
    const broken = program('broken static', 'x', 1);
    expect(await locateFfmpeg({ env: {}, staticPath: () => Promise.resolve(broken) })).toMatchObject({
      source: 'PATH',
    });
  });

  test('says what to do where there is none', async () => {
    const before = process.env['PATH'];
    process.env['PATH'] = folder;
    try {
      await expect(locateFfmpeg({ env: {}, staticPath: nowhere })).rejects.toThrow(
        /^Cannot find FFmpeg: run .*FFMPEG_BIN/,
      );
    } finally {
      process.env['PATH'] = before;
    }
  });

  test('finds the installed one with the protocols that streams need', async () => {
    expect(await listInputProtocols(ffmpeg)).toEqual(
      expect.arrayContaining(['file', 'pipe', 'http', 'rtmp']),
    );
  });
});

test.each([
  ['5.1.9-0+deb12u1', true],
  ['5.0', false],
  ['4.4.2-0ubuntu0.22.04.1', false],
  ['n6.0', true],
  ['10.0', true],
  ['N-118193-g5f38c82536', true],
])('isAtLeast() 5.1 for %s: %s', (version, expected) => {
  const found: Ffmpeg = { path: 'ffmpeg', source: 'PATH', version };
  expect(isAtLeast(found, { major: 5, minor: 1 })).toBe(expected);
});
