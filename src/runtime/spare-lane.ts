import { LaneChild, type LaneChildOptions, type LaneOwner } from './lane-child.js';

export type SpareLaneOptions = Omit<LaneChildOptions, keyof LaneOwner | 'signal'> & {
  /** How long after one was taken the next is loaded, so that it does not delay the work of the first. Unit: ms. */
  readonly pauseMs?: number;
};

const PAUSE_MS = 2_000;

/** Spares that die one after the other, unused, are given up: a dying lane then waits for a fresh start. */
const MAX_DEATHS = 3;

/**
 * A lane process that has loaded its bundle and waits to take the place of one that dies: live sound cannot wait for
 * a load. Shared by the lanes of one bundle and device. Costs the memory of a lane.
 */
export class SpareLane {
  readonly #options: SpareLaneOptions;
  readonly #stop = new AbortController();
  #ready: LaneChild | undefined;
  #loading: Promise<void> = Promise.resolve();
  #deaths = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SpareLaneOptions) {
    this.#options = options;
  }

  /** Whether one is loaded and waits. */
  get isReady(): boolean {
    return this.#ready !== undefined;
  }

  /** Begins to load one, in the background. */
  prepare(): void {
    if (this.#ready || this.#stop.signal.aborted || this.#deaths > MAX_DEATHS) return;
    this.#loading = this.#loading.then(() => this.#load());
  }

  /** Begins to load one after the pause. */
  prepareSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.prepare(), this.#options.pauseMs ?? PAUSE_MS);
    this.#timer.unref();
  }

  /** The process that waits, if one does; it belongs to `owner` from now on, and the next is prepared after a while. */
  take(owner: LaneOwner): LaneChild | undefined {
    const child = this.#ready;
    if (!child) return undefined;
    this.#ready = undefined;
    child.handOver(owner);
    this.prepareSoon();
    return child;
  }

  /** Ends the process that waits. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#loading;
    const child = this.#ready;
    this.#ready = undefined;
    await child?.close(0);
  }

  async #load(): Promise<void> {
    if (this.#ready || this.#stop.signal.aborted) return;
    // A spare is a help, not a need: the lane that misses it starts its own, and reports what is wrong.
    const start = await LaneChild.start({
      ...this.#options,
      signal: this.#stop.signal,
      onMessage: () => undefined,
      onExit: () => this.#lose(),
    }).catch(() => undefined);
    if (start?.state === 'ready') this.#ready = start.child;
    else this.#deaths += 1;
  }

  #lose(): void {
    this.#ready = undefined;
    this.#deaths += 1;
    this.prepare();
  }
}
