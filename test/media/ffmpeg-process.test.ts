import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';

import { FfmpegProcess } from '../../src/media/ffmpeg-process.js';
import { parseLogLine } from '../../src/media/log-line.js';
import { openSoundWriter } from '../../src/media/write-sound.js';
import { ffmpeg, folder, isAlive, until } from './clips.js';

const ENDLESS = ['-re', '-f', 'lavfi', '-i', 'testsrc2=s=64x64:r=30', '-f', 'rawvideo', 'pipe:1'];

describe('FfmpegProcess', () => {
  test('ends at the signal, with its pipes closed', async () => {
    const stop = new AbortController();
    const child = new FfmpegProcess(ffmpeg.path, ENDLESS, { stdout: 'pipe', signal: stop.signal });
    stop.abort();
    expect(await child.exited).toBeNull();
    expect(isAlive(child.pid ?? 0)).toBe(false);
    expect(child.stdout.destroyed).toBe(true);
  });

  test('leaves no listener on the process or the signal', async () => {
    const counts = () => ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name));
    const before = counts();
    const children = Array.from({ length: 3 }, () => new FfmpegProcess(ffmpeg.path, ['-version']));
    expect(counts()).toEqual(before.map((count) => count + 1));
    await Promise.all(children.map((child) => child.exited));
    expect(counts()).toEqual(before);
  });

  test('keeps a bounded part of a log without end', async () => {
    const args = ['-f', 'lavfi', '-i', 'testsrc2=s=16x16:r=30:d=60', '-vf', 'showinfo', '-f', 'null', '-'];
    const child = new FfmpegProcess(ffmpeg.path, args);
    expect(await child.exited).toBe(0);
    expect(child.lines.length).toBeLessThanOrEqual(300);
    expect(child.lines.at(-1)?.text).not.toBe(child.lines[0]?.text);
  });

  test('says that a program cannot be started', async () => {
    const child = new FfmpegProcess(join(folder, 'none'), []);
    expect(await child.exited).toBeNull();
    expect(() => child.assertStarted()).toThrow(/^Cannot start FFmpeg at .*none/);
  });
});

test.each([
  [
    '[mov,mp4 @ 0x55] [error] moov atom not found',
    { level: 'error', part: 'mov,mp4', text: 'moov atom not found' },
  ],
  ['[fatal] At least one', { level: 'error', part: '', text: 'At least one' }],
  ['[info]   Duration: 1', { level: 'info', part: '', text: '  Duration: 1' }],
  ['bare text', { level: 'info', part: '', text: 'bare text' }],
])('parseLogLine() takes %j apart', (line, expected) => {
  expect(parseLogLine(line)).toEqual(expected);
});

/** A process of its own that uses our modules, compiled here so that no build is needed. */
describe.skipIf(process.platform === 'win32')('when our process ends', () => {
  const modules = join(folder, 'modules');

  beforeAll(() => {
    for (const part of ['media', 'stream']) {
      mkdirSync(join(modules, part), { recursive: true });
      for (const name of readdirSync(join('src', part))) {
        const source = readFileSync(join('src', part, name), 'utf8');
        const { outputText } = ts.transpileModule(source, {
          compilerOptions: {
            target: ts.ScriptTarget.ES2022,
            module: ts.ModuleKind.ESNext,
            verbatimModuleSyntax: true,
          },
        });
        writeFileSync(join(modules, part, `${basename(name, '.ts')}.js`), outputText);
      }
    }
    writeFileSync(join(modules, 'package.json'), '{ "type": "module" }');
  });

  /** Starts a script and gives the first line that it prints, once it has. */
  async function start(name: string, script: string) {
    const path = join(modules, `${name}.js`);
    const load = (module: string) => pathToFileURL(join(modules, 'media', `${module}.js`)).href;
    writeFileSync(
      path,
      script.replaceAll(/LOAD\((.*?)\)/g, (_, module: string) => `await import('${load(module)}')`),
    );
    const parent = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise<NodeJS.Signals | number | null>((resolve) => {
      parent.once('exit', (code, signal) => resolve(signal ?? code));
    });
    const line = await new Promise<string>((resolve) =>
      parent.stdout.once('data', (text: Buffer) => resolve(text.toString())),
    );
    return { parent, ended, line: line.trim() };
  }

  const read = (args: readonly string[]) => `
    const { FfmpegProcess } = LOAD(ffmpeg-process);
    const child = new FfmpegProcess(${JSON.stringify(ffmpeg.path)}, ${JSON.stringify(args)}, { stdout: 'pipe' });
    setTimeout(() => console.log(child.pid), 200);
    setInterval(() => undefined, 1000);
  `;
  /** Writes nothing, so that no broken pipe ends it. */
  const SILENT = [...ENDLESS.slice(0, -3), '-f', 'null', '-'];

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('by %s, FFmpeg ends too', async (signal) => {
    const { parent, ended, line } = await start(`read-${signal}`, read(SILENT));
    expect(isAlive(Number(line))).toBe(true);
    parent.kill(signal);
    expect(await ended).toBe(signal);
    await until(() => !isAlive(Number(line)));
  });

  test('by SIGKILL, an FFmpeg that we read from ends at its broken pipe', async () => {
    const { parent, ended, line } = await start('killed', read(ENDLESS));
    parent.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    await until(() => !isAlive(Number(line)));
  });

  test('by process.exit(), FFmpeg ends too', async () => {
    const { ended, line } = await start('exit', `${read(SILENT)} setTimeout(() => process.exit(7), 500);`);
    expect(await ended).toBe(7);
    await until(() => !isAlive(Number(line)));
  });

  test('by a signal, no unfinished output stays', async () => {
    const out = join(folder, 'unfinished');
    mkdirSync(out);
    const script = `
      const { openSoundWriter } = LOAD(write-sound);
      const ffmpeg = ${JSON.stringify(ffmpeg)};
      const outputPath = ${JSON.stringify(join(out, 'a.wav'))};
      const writer = await openSoundWriter(ffmpeg, { outputPath, channelCount: 1 });
      await writer.write({ position: 0, channels: [new Float32Array(48000)] });
      console.log('written');
      setInterval(() => undefined, 1000);
    `;
    const { parent, ended } = await start('write', script);
    expect(readdirSync(out)).toHaveLength(1);
    parent.kill('SIGTERM');
    expect(await ended).toBe('SIGTERM');
    await until(() => readdirSync(out).length === 0);
  });
});

const disk = join(folder, 'disk');
mkdirSync(disk);
const canMount =
  process.platform === 'linux' &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', disk]).status === 0;

test.skipIf(!canMount)('a full disk is one clear error, and nothing stays on it', async () => {
  try {
    for (const suffix of ['.wav', '.flac']) {
      const writer = await openSoundWriter(ffmpeg, {
        outputPath: join(disk, `full${suffix}`),
        channelCount: 1,
      });
      const noise = Float32Array.from({ length: 48_000 }, () => Math.random() - 0.5);
      const writing = async () => {
        for (let second = 0; second < 10; second += 1)
          await writer.write({ position: second * 48_000, channels: [noise] });
        await writer.finish();
      };
      await expect(writing()).rejects.toMatchObject({
        place: 'output',
        message: expect.stringMatching(/the disk is full$/),
      });
      expect(readdirSync(disk)).toEqual([]);
    }
  } finally {
    spawnSync('umount', [disk]);
  }
});
