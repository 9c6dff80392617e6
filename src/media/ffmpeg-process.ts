import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

import { LivefoleyError } from '../stream/errors.js';
import { parseLogLine, type LogLine } from './log-line.js';
import { onProcessEnd } from './process-end.js';

/** How a child process is started. */
export type FfmpegProcessOptions = {
  /** Where the child's standard input comes from. Default 'ignore'. */
  readonly stdin?: 'ignore' | 'pipe' | 'inherit';
  /** What happens to its standard output. Default 'ignore'. */
  readonly stdout?: 'ignore' | 'pipe';
  /** Sees each line of standard error as it comes; a line that it answers with true is not kept. */
  readonly onLine?: (line: LogLine) => unknown;
  /** Kills the child. */
  readonly signal?: AbortSignal | undefined;
};

/** What every FFmpeg command starts with: each log line with its level, nothing asked on standard input. */
const COMMON_ARGUMENTS = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'repeat+level+info'];

/** Log lines kept for messages: the first and the last, so that an endless log takes no memory. */
const KEPT_FIRST = 200;
const KEPT_LAST = 100;

/** A line longer than this many characters is cut: metadata of a hostile file may have no line end. */
const LONGEST_LINE = 16_384;

/**
 * One running FFmpeg. It never outlives this process: it is killed at our exit and at ending signals, and a
 * terminal's Ctrl-C does not reach it, so that we alone decide how a run ends.
 */
export class FfmpegProcess {
  /** Ends, with the exit code or null, once the child has ended and all it wrote has been read. Never rejects. */
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #path: string;
  readonly #firstLines: LogLine[] = [];
  readonly #lastLines: LogLine[] = [];
  #startFailure: Error | undefined;
  #hasEnded = false;
  #endSignal: NodeJS.Signals | undefined;

  /** Starts FFmpeg with the common arguments followed by `args`. */
  constructor(path: string, args: readonly string[], options: FfmpegProcessOptions = {}) {
    const { stdin = 'ignore', stdout = 'ignore', signal } = options;
    this.#path = path;
    this.#child = spawn(path, [...COMMON_ARGUMENTS, ...args], {
      stdio: [stdin, stdout, 'pipe'],
      windowsHide: true,
      // On POSIX its own process group keeps a terminal's Ctrl-C away; on Windows that would open a console.
      detached: process.platform !== 'win32',
      env: { ...process.env, AV_LOG_FORCE_NOCOLOR: '1' },
    });
    const kill = () => this.kill();
    const forget = onProcessEnd(kill);
    this.exited = new Promise((resolve) => {
      const end = (code: number | null) => {
        this.#hasEnded = true;
        forget();
        signal?.removeEventListener('abort', kill);
        resolve(code);
      };
      this.#child.once('error', (error) => {
        if (this.#child.pid !== undefined) return;
        this.#startFailure = error;
        end(null);
      });
      this.#child.once('close', (code, endSignal) => {
        this.#endSignal = endSignal ?? undefined;
        end(code);
      });
    });
    // A pipe that breaks shows in the exit code and the log; the event itself must not end our process.
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdout?.on('error', () => undefined);
    if (this.#child.stderr !== null) this.#readLines(this.#child.stderr, options.onLine);
    signal?.addEventListener('abort', kill, { once: true });
    if (signal?.aborted === true) this.kill();
  }

  /** @throws {Error} If it was not started with `stdin: 'pipe'` */
  get stdin(): Writable {
    if (this.#child.stdin === null) throw new Error('FFmpeg was started without a pipe for its input');
    return this.#child.stdin;
  }

  /** @throws {Error} If it was not started with `stdout: 'pipe'` */
  get stdout(): Readable {
    if (this.#child.stdout === null) throw new Error('FFmpeg was started without a pipe for its output');
    return this.#child.stdout;
  }

  /** The process id, or undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The signal that ended it, by our `kill()` or from elsewhere; undefined while it runs or if it ended by itself. */
  get endSignal(): NodeJS.Signals | undefined {
    return this.#endSignal;
  }

  /** The first and the last log lines that were kept. */
  get lines(): readonly LogLine[] {
    return [...this.#firstLines, ...this.#lastLines];
  }

  /** The text of the kept lines that report an error, oldest first. */
  get errors(): readonly string[] {
    return this.lines.filter((line) => line.level === 'error').map((line) => line.text);
  }

  /** @throws {LivefoleyError} 'environment', if the program could not be started at all */
  assertStarted(): void {
    if (this.#startFailure === undefined) return;
    const reason = this.#startFailure.message;
    throw new LivefoleyError('environment', `Cannot start FFmpeg at ${this.#path}: ${reason}`, {
      cause: this.#startFailure,
    });
  }

  /** Ends the child at once and closes our ends of its pipes. Idempotent. */
  kill(): void {
    if (this.#hasEnded) return;
    this.#child.kill('SIGKILL');
    this.#child.stdin?.destroy();
    this.#child.stdout?.destroy();
  }

  #readLines(stderr: Readable, onLine: FfmpegProcessOptions['onLine']): void {
    let rest = '';
    const take = (text: string) => {
      const line = parseLogLine(text);
      if (onLine?.(line) !== true) this.#keep(line);
    };
    stderr.setEncoding('utf8');
    stderr.on('data', (chunk: string) => {
      const lines = (rest + chunk).split(/\r?\n|\r/);
      rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
      for (const line of lines) if (line !== '') take(line.slice(0, LONGEST_LINE));
    });
    stderr.on('end', () => {
      if (rest !== '') take(rest);
    });
  }

  #keep(line: LogLine): void {
    if (this.#firstLines.length < KEPT_FIRST) {
      this.#firstLines.push(line);
      return;
    }
    this.#lastLines.push(line);
    if (this.#lastLines.length > KEPT_LAST) this.#lastLines.shift();
  }
}
