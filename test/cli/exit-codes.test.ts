import { cpSync, existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { BUNDLES } from '../runtime/bundle-fixture.js';
import { CAUSAL, clip, folder, livefoley, Running, sentence, until, type StartOptions } from './command.js';

const short = clip('short.mp4', '-f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -c:v libx264 OUT');
const long = clip('long.mp4', '-f lavfi -i testsrc2=s=32x32:r=5:d=120 -c:v libx264 OUT');
const taken = clip('taken.mp4', '-i SHORT -c copy OUT', { SHORT: short });
const takenBytes = readFileSync(taken);

/** What each failure has in common: its code, one sentence, no file of the output's name, nothing left behind. */
async function failure(code: number, args: readonly string[], options?: StartOptions): Promise<string> {
  const ended = await livefoley(args, options);
  const text = sentence(ended);
  expect(ended.code, text).toBe(code);
  expect(existsSync(join(folder, 'new.wav'))).toBe(false);
  return text;
}

describe('livefoley exits with 0', () => {
  it('when a render is done', async () => {
    const { code, stderr } = await livefoley(['render', short, '-o', 'done.wav', ...CAUSAL]);
    expect(code, stderr).toBe(0);
  });

  it('when help or the version was asked for', async () => {
    for (const args of [
      ['--help'],
      ['render', '--help'],
      ['models', 'verify', '--help'],
      ['help', 'render'],
    ]) {
      const { code, stdout } = await livefoley(args);
      expect([args, code]).toEqual([args, 0]);
      expect(stdout.toString()).toContain('Usage: livefoley');
    }
    const { code, stdout } = await livefoley(['--version']);
    expect([code, stdout.toString()]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  });
});

describe('livefoley exits with 2, naming what it takes,', () => {
  it.each([
    ['an unknown option', ['render', short, '-o', 'new.wav', '--loud'], "Unknown option '--loud'"],
    ['a misspelt option', ['render', short, '-o', 'new.wav', '--sede', '1'], 'Did you mean --seed?'],
    ['an unknown command', ['sing'], "Unknown command 'sing'"],
    ['an unknown subcommand', ['models', 'sing'], "Unknown command 'sing'"],
    ['no output', ['render', short], "Required option '-o, --output <file>' not specified"],
    ['no input', ['render', '-o', 'new.wav'], "Missing required argument 'input'"],
    ['two inputs', ['render', short, short, '-o', 'new.wav'], 'Expected 1 argument but got 2'],
    ['an option without its value', ['render', short, '-o', 'new.wav', '--seed'], 'argument missing'],
    ['a seed that is no number', ['render', short, '-o', 'new.wav', '--seed', '1e3'], 'whole number from 0'],
    ['a negative seed', ['render', short, '-o', 'new.wav', '--seed', '-1'], 'whole number from 0'],
    ['0 steps', ['render', short, '-o', 'new.wav', '--steps', '0'], 'whole number from 1 to 50'],
    ['51 steps', ['render', short, '-o', 'new.wav', '--steps', '51'], 'whole number from 1 to 50'],
    ['65 lanes', ['render', short, '-o', 'new.wav', '--lanes', '65'], 'whole number from 1 to 64'],
    ['an unknown mix', ['render', short, '-o', 'new.wav', '--mix', 'over'], 'replace, under'],
    ['an unknown device', ['render', short, '-o', 'new.wav', '--device', 'tpu'], 'auto, cuda, webgpu, cpu'],
    ['a negative start', ['render', short, '-o', 'new.wav', '--start', '-1'], 'seconds (12.5) or a time'],
    [
      'a start that is no time',
      ['render', short, '-o', 'new.wav', '--start', '1h'],
      'seconds (12.5) or a time',
    ],
    ['no duration', ['render', short, '-o', 'new.wav', '--duration', '0'], 'more than 0'],
    ['an unknown suffix', ['render', short, '-o', 'new.avi', ...CAUSAL], 'received .avi'],
    ['no suffix', ['render', short, '-o', 'new', ...CAUSAL], 'received a name without a suffix'],
    ['an empty output', ['render', short, '-o', '', ...CAUSAL], 'received a name without a suffix'],
    [
      'no word of the prompt known',
      ['render', short, '-o', 'new.wav', '--prompt', 'la la', ...CAUSAL],
      'rain, metal',
    ],
    [
      'a bundle that makes no sound',
      ['render', short, '-o', 'new.wav', '--bundle', 'text', '--device', 'cpu'],
      'it reads prompts',
    ],
    [
      'a prompt for a bundle that takes none',
      [
        'render',
        short,
        '-o',
        'new.wav',
        '--prompt',
        'rain',
        '--bundle',
        'conformance-window',
        '--device',
        'cpu',
      ],
      'takes none',
    ],
  ])('for %s', async (_, args, words) => {
    expect(await failure(2, args)).toContain(words);
  });

  it('for no command at all, showing the help', async () => {
    const { code, stderr } = await livefoley([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: livefoley');
  });
});

describe('livefoley exits with 3', () => {
  it('for an input that is missing, or an output without a folder', async () => {
    expect(await failure(3, ['render', 'none.mp4', '-o', 'new.wav', ...CAUSAL])).toContain(
      'found nothing there',
    );
    expect(await failure(3, ['render', short, '-o', 'none/new.wav', ...CAUSAL])).toContain(
      'an existing folder',
    );
  });

  it('for a start behind the end', async () => {
    const text = await failure(3, ['render', short, '-o', 'new.wav', '--start', '9', ...CAUSAL]);
    expect(text).toContain('it ends at 0.4 s; give an earlier --start');
  });

  it('for an output that exists, which stays as it is; --force replaces it', async () => {
    expect(await failure(3, ['render', short, '-o', 'taken.mp4', ...CAUSAL])).toBe(
      'Cannot write taken.mp4: taken.mp4 exists already; choose another name or use --force',
    );
    expect(readFileSync(taken).equals(takenBytes)).toBe(true);
    const { code, stderr } = await livefoley(['render', short, '-o', taken, '--force', ...CAUSAL]);
    expect(code, stderr).toBe(0);
    expect(readFileSync(taken).equals(takenBytes)).toBe(false);
  });

  it('for an output that is the input, however it is named, also with --force', async () => {
    const before = readFileSync(short);
    mkdirSync(join(folder, 'inside'));
    symlinkSync(short, join(folder, 'symbolic.mp4'));
    linkSync(short, join(folder, 'hard.mp4'));
    const names = ['short.mp4', './inside/../short.mp4', 'symbolic.mp4', 'hard.mp4'];
    for (const name of names) {
      const text = await failure(3, ['render', short, '-o', name, '--force', ...CAUSAL]);
      expect(text).toBe(`Cannot write ${name}: it is the input itself; choose another name`);
    }
    expect(await failure(3, ['render', 'symbolic.mp4', '-o', 'short.mp4', ...CAUSAL])).toContain(
      'the input itself',
    );
    expect(readFileSync(short).equals(before)).toBe(true);
  });

  it.runIf(process.platform === 'linux')(
    'for standard output on a full disk (Linux: /dev/full)',
    async () => {
      const through = ['sh', '-c', '"$@" > /dev/full', 'sh'];
      for (const args of [['--help'], ['render', short, '-o', '-', ...CAUSAL]]) {
        const text = await failure(3, args, { through });
        expect(text).toContain('Cannot write standard output: ENOSPC');
      }
    },
  );
});

describe('livefoley exits with 4, naming the bundle and the file,', () => {
  /** A copy of a bundle that was tampered with. */
  function broken(label: string, tamper: (path: string) => void): string {
    const path = join(folder, label, 'conformance');
    cpSync(join(BUNDLES, 'conformance'), path, { recursive: true });
    tamper(path);
    return path;
  }

  function flip(file: string): void {
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
  }

  it('for an unknown bundle', async () => {
    for (const args of [
      ['render', short, '-o', 'new.wav', '--bundle', 'nope'],
      ['models', 'inspect', 'nope'],
    ]) {
      expect(await failure(4, args)).toMatch(
        /^Cannot find bundle 'nope': it must be the name of a bundle \(conformance, .*received neither$/,
      );
    }
  });

  it.each<[string, (path: string) => void, RegExp]>([
    [
      'a flipped byte in a graph',
      (path) => flip(join(path, 'decode.onnx')),
      /decode\.onnx must have the SHA-256/,
    ],
    [
      'a flipped byte in weights',
      (path) => flip(join(path, 'velocity.weights')),
      /velocity\.weights must have the SHA/,
    ],
    [
      'a wrong checksum in the manifest',
      (path) => {
        const file = join(path, 'bundle.json');
        const text = readFileSync(file, 'utf8');
        writeFileSync(file, text.replace(/("map\.onnx"[^}]*"sha256": *")[0-9a-f]{8}/, '$100000000'));
      },
      /map\.onnx must have the SHA-256/,
    ],
    [
      'a manifest that breaks off',
      (path) =>
        writeFileSync(join(path, 'bundle.json'), readFileSync(join(path, 'bundle.json')).subarray(0, 700)),
      /bundle\.json/,
    ],
    [
      'a cut graph',
      (path) => writeFileSync(join(path, 'fuse.onnx'), 'short'),
      /fuse\.onnx must have the \d+ bytes/,
    ],
  ])('for %s, in models verify and in render', async (name, tamper, words) => {
    const path = broken(name.replaceAll(' ', '-'), tamper);
    expect(await failure(4, ['models', 'verify', path])).toMatch(words);
    expect(await failure(4, ['render', short, '-o', 'new.wav', '--device', 'cpu', '--bundle', path])).toMatch(
      words,
    );
  });

  it('in models verify, for a file that the manifest does not list', async () => {
    const path = broken('unlisted', (copy) => writeFileSync(join(copy, 'extra.onnx'), ''));
    expect(await failure(4, ['models', 'verify', path])).toContain('extra.onnx must be listed');
  });
});

describe('livefoley exits with 5, saying what to do,', () => {
  it.each([
    ['is another program', '/bin/echo', 'it is another program'],
    ['fails', process.execPath, 'it could not be started'],
    ['is missing', '/nowhere/ffmpeg', 'it could not be started'],
    ['is a folder', folder, 'it could not be started'],
  ])('for an FFMPEG_BIN that %s', async (_, path, words) => {
    const env = { FFMPEG_BIN: path };
    const text = await failure(5, ['render', short, '-o', 'new.wav', ...CAUSAL], { env });
    expect(text).toContain(`Cannot use FFMPEG_BIN=${path}`);
    expect(text).toContain(words);
  });

  it('for no FFmpeg at all', async () => {
    // Where the optional package ffmpeg-static is installed it is hidden too.
    const hide = `export const resolve = (name, context, next) => {
      if (name === 'ffmpeg-static') throw new Error('hidden');
      return next(name, context);
    };`;
    const address = (script: string): string => `data:text/javascript,${encodeURIComponent(script)}`;
    const hook = `import { register } from 'node:module'; register(${JSON.stringify(address(hide))});`;
    const env = { PATH: '', FFMPEG_BIN: '', NODE_OPTIONS: `--import=${address(hook)}` };
    const text = await failure(5, ['render', short, '-o', 'new.wav', ...CAUSAL], { env });
    expect(text).toMatch(/^Cannot find FFmpeg: run .*install.*FFMPEG_BIN/);
    const doctor = await livefoley(['doctor'], { env });
    expect(doctor.code).toBe(5);
    expect(doctor.stdout.toString()).toMatch(/^-- +FFmpeg +Cannot find FFmpeg: run /m);
  });

  it('for a device that does not work here: a choice never falls back', async () => {
    const env = {
      CUDA_VISIBLE_DEVICES: '',
      VK_DRIVER_FILES: '/nowhere.json',
      VK_ICD_FILENAMES: '/nowhere.json',
    };
    const args = ['render', short, '-o', 'new.wav', '--bundle', 'conformance', '--device'];
    expect(await failure(5, [...args, 'cuda'], { env })).toMatch(/^Cannot compute on cuda: /);
    // Metal and Direct3D cannot be taken away by a variable.
    if (process.platform === 'linux') {
      expect(await failure(5, [...args, 'webgpu'], { env })).toMatch(/^Cannot compute on webgpu: .*driver/);
    }
  });
});

describe.runIf(process.platform !== 'win32')('livefoley exits with 130 (POSIX: signals)', () => {
  const INTERRUPTED = 'livefoley: Interrupted; nothing was left behind\n';

  it.each<[string, NodeJS.Signals]>([
    ['Ctrl-C', 'SIGINT'],
    ['SIGTERM', 'SIGTERM'],
  ])('when %s stops a render in the middle', async (_, signal) => {
    const running = new Running(['render', long, '-o', 'new.mp4', ...CAUSAL]);
    await running.says('Rendered');
    running.child.kill(signal);
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr.endsWith(INTERRUPTED)).toBe(true);
    expect(stderr.match(/livefoley:/g)).toHaveLength(1);
    expect(existsSync(join(folder, 'new.mp4'))).toBe(false);
  });

  it('when Ctrl-C reaches all processes of the terminal at once, as it does', async () => {
    const running = new Running(['render', long, '-o', 'new.mkv', ...CAUSAL], { ownGroup: true });
    await running.says('Rendered');
    process.kill(-(running.child.pid ?? 0), 'SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr.endsWith(INTERRUPTED)).toBe(true);
    expect(existsSync(join(folder, 'new.mkv'))).toBe(false);
  });

  it.runIf(process.platform === 'linux')('while lanes still load (Linux: seen in /proc)', async () => {
    const running = new Running(['render', long, '-o', 'new.wav', '--lanes', '2', ...CAUSAL]);
    await until(() => running.lanes().length > 0);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([130, INTERRUPTED]);
    expect(existsSync(join(folder, 'new.wav'))).toBe(false);
  });

  it.runIf(process.platform === 'linux')('while doctor probes (Linux: seen in /proc)', async () => {
    const running = new Running(['doctor']);
    await until(() => running.processes().some(({ args }) => args.includes('probe.js')));
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([130, INTERRUPTED]);
  });
});
