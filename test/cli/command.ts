import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, vi } from 'vitest';

import { ffmpeg, folder, until } from '../media/clips.js';

export { clip, decodeSound, ffmpeg, folder, until } from '../media/clips.js';

export const COMMAND = fileURLToPath(new URL('../../bin/livefoley.js', import.meta.url));

/** Every render here computes on the CPU with a bundle whose weights never change. */
export const CAUSAL = ['--bundle', 'conformance', '--device', 'cpu'];
export const WINDOW = ['--bundle', 'conformance-window', '--device', 'cpu'];

/** After this long a command hangs, on a machine that does much else too. Unit: ms. */
const HANG_MS = 120_000;

vi.setConfig({ testTimeout: 150_000, hookTimeout: 150_000 });

export type Ended = {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
};

export type StartOptions = {
  readonly env?: NodeJS.ProcessEnv;
  /** Default: the folder of this file's clips. */
  readonly cwd?: string;
  /** Default 'ignore'. */
  readonly stdin?: NodeJS.ReadableStream | 'ignore' | number;
  /** Whether standard output waits for `resume()` of the child's stream. Default false. */
  readonly paused?: boolean;
  /** Started in a process group of its own, as a shell does for a terminal. Default false. */
  readonly ownGroup?: boolean;
  /** Started through this command, which is given the command line after its own arguments. */
  readonly through?: readonly string[];
};

/** What a failed test has left running would take the next one's time, and its files. */
const underWay = new Set<Running>();
afterEach(async () => {
  const left = [...underWay];
  for (const { child } of left) child.kill('SIGKILL');
  await Promise.allSettled(left.map(({ ended }) => ended));
});

/** A command that runs. Its processes, however deep, are known by a mark in their environment. */
export class Running {
  readonly child: ChildProcess;
  /** Ends with the command; fails if it hangs or leaves a process or a temporary file behind. */
  readonly ended: Promise<Ended>;
  readonly #mark = randomUUID();
  readonly #cwd: string;
  #stderr = '';

  constructor(args: readonly string[], options: StartOptions = {}) {
    const { env, cwd = folder, stdin = 'ignore', paused = false, ownGroup = false, through = [] } = options;
    const [program = '', ...rest] = [...through, process.execPath, COMMAND, ...args];
    this.#cwd = cwd;
    this.child = spawn(program, rest, {
      cwd,
      detached: ownGroup,
      env: { ...process.env, ...env, LIVEFOLEY_TEST_MARK: this.#mark },
      stdio: [typeof stdin === 'object' ? (stdin as never) : stdin, 'pipe', 'pipe'],
    });
    underWay.add(this);
    this.ended = this.#watch(paused).finally(() => underWay.delete(this));
    this.ended.catch(() => undefined); // Whoever awaits it hears of it.
  }

  /** Resolves as soon as the words stand on its standard error; fails if it ends without them. */
  async says(words: string): Promise<void> {
    const { stderr } = this.child;
    const heard = new Promise<void>((resolve) => {
      const listen = (): void => {
        if (!this.#stderr.includes(words)) return;
        stderr?.off('data', listen);
        resolve();
      };
      stderr?.on('data', listen);
      listen();
    });
    const unsaid = this.ended.then((ended) => {
      throw new Error(`It ended without the words '${words}':\n${ended.stderr}`);
    });
    await Promise.race([heard, unsaid]);
  }

  /** The processes that this command started, itself included. Linux only: elsewhere none is seen. */
  processes(): { readonly pid: number; readonly args: string }[] {
    if (process.platform !== 'linux') return [];
    return readdirSync('/proc').flatMap((entry) => {
      try {
        if (!/^\d+$/.test(entry)) return [];
        if (!readFileSync(`/proc/${entry}/environ`, 'utf8').includes(this.#mark)) return [];
        const args = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(entry), args }];
      } catch {
        return []; // It has ended since, or is not ours to read.
      }
    });
  }

  lanes(): number[] {
    return this.processes().flatMap(({ pid, args }) => (/\/lane\.js/.test(args) ? [pid] : []));
  }

  /** Memory of all its processes. Unit: MiB. */
  residentMib(): number {
    const kib = this.processes().map(({ pid }) => {
      try {
        return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
      } catch {
        return 0; // As above.
      }
    });
    return kib.reduce((sum, each) => sum + each, 0) / 1024;
  }

  async #watch(paused: boolean): Promise<Ended> {
    const { child } = this;
    const out: Buffer[] = [];
    if (!paused) child.stdout?.on('data', (part: Buffer) => out.push(part));
    child.stderr?.setEncoding('utf8').on('data', (part: string) => (this.#stderr += part));
    let hangs = false;
    const timer = setTimeout(() => {
      hangs = true;
      child.kill('SIGKILL');
    }, HANG_MS);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    }).finally(() => clearTimeout(timer));
    if (hangs) throw new Error(`It hung, having said:\n${this.#stderr}`);
    await until(() => this.processes().length === 0).catch(() => undefined);
    expect(this.processes(), 'orphan processes').toEqual([]);
    expect(temporaryFiles(this.#cwd), 'temporary files').toEqual([]);
    return { code, stdout: Buffer.concat(out), stderr: this.#stderr };
  }
}

/** Runs the command to its end. */
export function livefoley(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return new Running(args, options).ended;
}

/** What is said on standard error beside progress. */
export function said(ended: Ended): string[] {
  return ended.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Rendered '));
}

/** The one sentence with which the command gave up, without the name that it begins with. */
export function sentence(ended: Ended): string {
  const lines = said(ended);
  expect(lines, ended.stderr).toHaveLength(1);
  expect(lines[0]).toMatch(/^livefoley: [A-Z]/);
  expect(ended.stdout.length).toBe(0);
  return (lines[0] ?? '').replace('livefoley: ', '');
}

export function temporaryFiles(where: string): string[] {
  return existsSync(where) ? readdirSync(where).filter((name) => name.startsWith('.livefoley-')) : [];
}

/** MD5 of each packet of the picture, with their order, as copied and not decoded. */
export function pictureHash(path: string): string {
  const args = ['-v', 'error', '-nostdin', '-i', `file:${path}`, '-map', '0:V:0', '-c', 'copy'];
  return execFileSync(ffmpeg.path, [...args, '-f', 'streamhash', '-hash', 'md5', 'pipe:1'], {
    encoding: 'utf8',
  });
}

/** Where the first picture stands on the clock of its file. Unit: seconds. */
export function pictureStartSeconds(path: string): number {
  const args = [
    '-hide_banner',
    '-nostdin',
    '-copyts',
    '-i',
    `file:${path}`,
    '-map',
    '0:V:0',
    '-vf',
    'showinfo',
  ];
  const { stderr } = spawnSync(ffmpeg.path, [...args, '-frames:v', '1', '-f', 'null', '-'], {
    encoding: 'utf8',
  });
  return Number(/pts_time:(\S+)/.exec(stderr)?.[1]);
}

/** The sound from 0 on the clock of its file: a file may begin before, and then FFmpeg would move sound and picture. */
export function soundFromZero(path: string): Float32Array {
  const args = ['-v', 'error', '-nostdin', '-copyts', '-i', `file:${path}`, '-map', '0:a:0'];
  const filter = ['-af', 'aresample=48000:async=1:first_pts=0', '-ac', '1', '-f', 'f32le', 'pipe:1'];
  return samplesOf(execFileSync(ffmpeg.path, [...args, ...filter], { maxBuffer: 1e9 }));
}

/** Interleaved PCM as it comes from `-o -`. */
export function samplesOf(bytes: Buffer): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/** Root mean square of a span of one channel. Unit: dBFS. */
export function levelDb(samples: Float32Array, [from, to]: readonly [number, number]): number {
  let power = 0;
  for (let i = from; i < to; i += 1) power += samples[i]! * samples[i]!;
  return 10 * Math.log10(power / (to - from) + 1e-12);
}

/** Where a sound first exceeds a tenth of its peak. Unit: seconds. */
export function onsetSeconds(samples: Float32Array): number {
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
  return samples.findIndex((sample) => Math.abs(sample) > peak / 10) / 48_000;
}

/** By how much one sound lags behind another, up to 30 ms: where their correlation is highest. Unit: seconds. */
export function lagSeconds(
  sound: Float32Array,
  reference: Float32Array,
  [from, to]: readonly [number, number],
): number {
  const reach = 1440;
  let best = { lag: NaN, sum: -Infinity };
  for (let lag = -reach; lag <= reach; lag += 1) {
    let sum = 0;
    for (let i = from; i < to; i += 1) sum += reference[i]! * (sound[i + lag] ?? 0);
    if (sum > best.sum) best = { lag, sum };
  }
  return best.lag / 48_000;
}

const cleanUps: (() => void)[] = [];
afterAll(() => {
  for (const cleanUp of cleanUps) cleanUp();
});

/** Runs when the test file is done, before its folder is removed. */
export function atTheEnd(cleanUp: () => void): void {
  cleanUps.push(cleanUp);
}
