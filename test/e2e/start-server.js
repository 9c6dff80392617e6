import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../bin/livefoley.js', import.meta.url));

/** On a machine that does much else too, and has to load bundles. Unit: ms. */
const START_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 20_000;

/**
 * Starts `livefoley serve` on a free port, unless another is among the arguments, and waits until it listens.
 *
 * @param {readonly string[]} [args]
 */
export async function startServer(args = []) {
  const port = args.includes('--port') ? [] : ['--port', '0'];
  const child = spawn(process.execPath, [COMMAND, 'serve', '--device', 'cpu', ...port, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let complained = '';
  child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ part) => (complained += part));
  const address = await new Promise((/** @type {(address: string) => void} */ resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`The server did not listen within ${START_WITHIN_MS / 1000} s: ${said}${complained}`));
    }, START_WITHIN_MS);
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ part) => {
      said += part;
      const found = /livefoley serves (http\S+)/.exec(said);
      if (!found?.[1]) return;
      clearTimeout(timer);
      resolve(found[1]);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`The server ended with ${code}: ${said}${complained}`));
    });
  });
  return new RunningServer(child, address, () => complained);
}

/** A server in a process of its own. */
export class RunningServer {
  /** @readonly */ address;
  /** @readonly */ child;
  #complained;

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {string} address
   * @param {() => string} complained
   */
  constructor(child, address, complained) {
    this.child = child;
    this.address = address;
    this.#complained = complained;
  }

  get port() {
    return Number(new URL(this.address).port);
  }

  /** What it has logged. */
  get log() {
    return this.#complained();
  }

  /**
   * @param {string} path
   * @param {RequestInit} [init]
   */
  async fetch(path, init) {
    return fetch(this.address + path, init);
  }

  /**
   * @param {string} name
   * @returns {Promise<import('../../src/live/stream-report.js').StreamReport>}
   */
  async stream(name) {
    const response = await this.fetch(`/streams/${name}`);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    /** @type {unknown} */
    const report = await response.json();
    return /** @type {import('../../src/live/stream-report.js').StreamReport} */ (report);
  }

  /**
   * @param {string} name
   * @param {Partial<import('../../src/live/stream-settings.js').StreamSettings>} settings
   */
  async change(name, settings) {
    const response = await this.fetch(`/streams/${name}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(settings),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }

  /** The processes that compute. Linux only: elsewhere none is seen. */
  lanePids() {
    if (process.platform !== 'linux') return [];
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry) && parentOf(entry) === this.child.pid)
      .map(Number);
  }

  /** Kills it as a fault would. */
  async kill() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  /** Asks it to end; resolves to its exit code. */
  async stop() {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_WITHIN_MS);
    await gone;
    clearTimeout(timer);
    return this.child.exitCode;
  }
}

/** @param {string} pid */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return Number.NaN; // It has ended since.
  }
}
