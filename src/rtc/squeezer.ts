import { Worker } from 'node:worker_threads';
import { LivefoleyError } from '../stream/errors.js';
import type { SqueezeJob, SqueezeResult } from './squeeze-job.js';

// The same place from src/ and from dist/: workers run what was built.
const WORKER_ENTRY = new URL('../../dist/rtc/squeeze-worker.js', import.meta.url);

/** A worker that dies on so many pictures in a row will not do the next one either. */
const FRUITLESS_STARTS = 5;

/** JavaScript memory of a worker; pictures lie outside of it. Unit: MiB. */
const HEAP_MIB = 64;

export type SqueezerOptions<Tag> = {
  /** Called in the order of the pictures. */
  readonly onResult: (result: SqueezeResult, tag: Tag) => void;
  /** Called once, when pictures cannot be squeezed at all; nothing comes after it. */
  readonly onFailure: (error: LivefoleyError) => void;
  /** The worker's script; for tests. */
  readonly entry?: URL;
};

type Work<Tag> = { readonly job: SqueezeJob; readonly tag: Tag };

/**
 * Squeezes pictures in a thread of its own: one is in work and one waits, the latest. A thread that dies costs the
 * picture it was at, and is started again for the next.
 */
export class Squeezer<Tag> {
  readonly #options: SqueezerOptions<Tag>;
  #worker: Worker | undefined;
  #inWork: Work<Tag> | undefined;
  #waiting: Work<Tag> | undefined;
  #dropped = 0;
  #restarts = 0;
  #fruitless = 0;
  #isClosed = false;

  constructor(options: SqueezerOptions<Tag>) {
    this.#options = options;
  }

  /** Pictures that were replaced by a later one before their turn came, or died with their worker. */
  get dropped(): number {
    return this.#dropped;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** The thread's id, while one runs. */
  get threadId(): number | undefined {
    return this.#worker?.threadId;
  }

  /** Starts the thread before the first picture comes. */
  prepare(): void {
    if (!this.#isClosed) this.#worker ??= this.#start();
  }

  /** Takes a picture; its bytes are no longer the caller's. */
  offer(job: SqueezeJob, tag: Tag): void {
    if (this.#isClosed) return;
    if (this.#waiting) this.#dropped += 1;
    this.#waiting = { job, tag };
    this.#advance();
  }

  /** Ends the thread; what it was at is lost. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting = undefined;
    await this.#worker?.terminate();
  }

  /** Kills the thread as a fault would; for tests. */
  async kill(): Promise<void> {
    await this.#worker?.terminate();
  }

  #advance(): void {
    if (this.#isClosed || this.#inWork || !this.#waiting) return;
    this.#inWork = this.#waiting;
    this.#waiting = undefined;
    this.#worker ??= this.#start();
    this.#worker.postMessage(this.#inWork.job, [this.#inWork.job.data.buffer]);
  }

  #start(): Worker {
    const worker = new Worker(this.#options.entry ?? WORKER_ENTRY, {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    let reason: unknown;
    worker.on('message', (result: SqueezeResult) => this.#finish(result));
    worker.on('error', (error) => (reason = error));
    worker.on('exit', () => this.#lose(reason));
    return worker;
  }

  #finish(result: SqueezeResult): void {
    const work = this.#inWork;
    this.#inWork = undefined;
    this.#fruitless = 0;
    if (this.#isClosed || !work) return;
    this.#advance();
    this.#options.onResult(result, work.tag);
  }

  #lose(reason: unknown): void {
    this.#worker = undefined;
    if (this.#isClosed) return;
    if (this.#inWork) this.#dropped += 1;
    this.#inWork = undefined;
    this.#restarts += 1;
    this.#fruitless += 1;
    if (this.#fruitless < FRUITLESS_STARTS) {
      this.#advance();
      return;
    }
    this.#isClosed = true;
    const said = reason instanceof Error ? `: ${reason.message}` : '';
    this.#options.onFailure(
      new LivefoleyError(
        'environment',
        `Cannot squeeze pictures: their worker died ${this.#fruitless} times in a row${said}`,
        { cause: reason },
      ),
    );
  }
}
