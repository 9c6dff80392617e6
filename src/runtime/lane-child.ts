import { fork, type ChildProcess } from 'node:child_process';
import { LivefoleyError } from '../stream/errors.js';
import type { Device } from './device.js';
import type { FromLane, ToLane } from './lane-protocol.js';

/** Who a lane process belongs to. */
export type LaneOwner = {
  readonly onMessage: (message: FromLane) => void;
  /** Called once, when a process that was ready has ended, for whatever reason, and its last message has been read. */
  readonly onExit: (reason: string) => void;
};

export type LaneChildOptions = LaneOwner & {
  /** The script that serves the lane. */
  readonly entry: string;
  /** The bundle's folder. */
  readonly bundle: string;
  /** The bundle's `identity`, once its manifest has been checked: the process need not check it again. */
  readonly identity?: string | undefined;
  readonly device: Device;
  /** Ends the process, also while it is loading. */
  readonly signal: AbortSignal;
  /** Added to the process's environment, to steer drivers (for example VK_DRIVER_FILES). */
  readonly env?: NodeJS.ProcessEnv;
};

/** How a start ended: with a lane, or with a process that died while it loaded the bundle. */
export type LaneStart =
  | { readonly state: 'ready'; readonly child: LaneChild }
  | { readonly state: 'died'; readonly reason: string };

/** JavaScript memory of a lane. Tensors and weights lie outside of it. Unit: MiB. */
const HEAP_LIMIT_MIB = 512;

/** A bundle that has not loaded by then never will; a software driver needs a minute for its shaders. Unit: ms. */
const LOAD_LIMIT_MS = 300_000;

const STDERR_TAIL_CHARACTERS = 2_000;

/** One lane process: started, asked to load a bundle, spoken to, killed. Knows nothing of steps or state. */
export class LaneChild {
  readonly loadMs: number;
  readonly #process: ChildProcess;
  #owner: LaneOwner;

  private constructor(child: ChildProcess, loadMs: number, owner: LaneOwner) {
    this.#process = child;
    this.loadMs = loadMs;
    this.#owner = owner;
  }

  /**
   * Starts a lane process and waits until its bundle is loaded. Unless it is ready, no process is left.
   * @throws {LivefoleyError} If the bundle is refused, the process hangs while loading, or none can be started
   */
  static start(options: LaneChildOptions): Promise<LaneStart> {
    const child = forkLane(options);
    const stderr = tailOf(child);
    return new Promise<LaneStart>((resolve, reject) => {
      let ready: LaneChild | undefined;
      let refusal: LivefoleyError | undefined;
      const refuse = (error: LivefoleyError): void => {
        refusal ??= error;
        child.kill('SIGKILL');
      };
      const stopWaiting = limitLoading(child, { signal: options.signal, refuse });
      child.on('message', (message: FromLane) => {
        if (message.kind === 'ready') {
          stopWaiting();
          ready = new LaneChild(child, message.loadMs, options);
          resolve({ state: 'ready', child: ready });
        } else if (message.kind === 'refused') {
          refuse(new LivefoleyError(message.place, message.message));
        } else {
          // Before it is ready it has been asked for nothing.
          if (ready) ready.#owner.onMessage(message);
        }
      });
      child.on('error', (error) => {
        // A process that was started ends with 'close', whatever else goes wrong with it.
        if (child.pid !== undefined) return;
        stopWaiting();
        reject(new LivefoleyError('environment', `Cannot start a lane: ${error.message}`, { cause: error }));
      });
      // Not 'exit': what the process sent before its death is still to be read then.
      child.on('close', (code, signal) => {
        stopWaiting();
        const reason = `it ended with ${signal ?? `code ${code}`}${describe(stderr())}`;
        if (ready) ready.#owner.onExit(reason);
        else if (refusal) reject(refusal);
        else resolve({ state: 'died', reason });
      });
      const { bundle, identity, device } = options;
      child.send({ kind: 'open', bundle, identity, device } satisfies ToLane, ignoreLoss);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Gives the process, which has been asked for nothing yet, to another owner. */
  handOver(owner: LaneOwner): void {
    this.#owner = owner;
  }

  /** Sends a message; one that the process can no longer take is lost, and `onExit` follows. */
  send(message: ToLane): void {
    if (this.#process.connected) this.#process.send(message, ignoreLoss);
  }

  /** Ends the process at once, in the middle of whatever it does: the only way to stop a run. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Lets the process end by itself, and kills it if it has not within the time given. */
  async close(graceMs: number): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()));
    this.send({ kind: 'close' });
    const timer = setTimeout(() => this.kill(), graceMs);
    await ended;
    clearTimeout(timer);
  }
}

function forkLane({ entry, env }: LaneChildOptions): ChildProcess {
  return fork(entry, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [`--max-old-space-size=${HEAP_LIMIT_MIB}`],
    env: { ...process.env, ...env },
  });
}

/** Kills a process that loads for too long or is no longer wanted. Returns how to let it be. */
function limitLoading(
  child: ChildProcess,
  limits: { signal: AbortSignal; refuse: (error: LivefoleyError) => void },
): () => void {
  const kill = (): void => void child.kill('SIGKILL');
  const timer = setTimeout(() => {
    const message = `Cannot start a lane: the bundle had not loaded after ${LOAD_LIMIT_MS / 1000} s`;
    limits.refuse(new LivefoleyError('environment', message));
  }, LOAD_LIMIT_MS);
  limits.signal.addEventListener('abort', kill, { once: true });
  return () => {
    clearTimeout(timer);
    limits.signal.removeEventListener('abort', kill);
  };
}

/** A message to a process that has just died is lost; its end is reported by 'close'. */
function ignoreLoss(): void {
  // Nothing to do, see above.
}

function tailOf(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-STDERR_TAIL_CHARACTERS);
  });
  return () => tail;
}

/** The line that says most: that of an uncaught error if there is one, else the last. */
function describe(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const line = lines.find((each) => /^\w*Error\b/.test(each)) ?? lines.at(-1);
  return line ? `: ${line}` : '';
}
