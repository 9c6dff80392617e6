import { LivefoleyError } from '../stream/errors.js';
import type { Device } from './device.js';
import type { Handle, Lane, LaneSnapshot, Step, StepResult } from './lane.js';
import { LaneChild, type LaneChildOptions } from './lane-child.js';
import { LaneJournal } from './lane-journal.js';
import type { FromLane } from './lane-protocol.js';
import { OrderBook } from './order-book.js';
import type { SpareLane } from './spare-lane.js';

export type ProcessLaneOptions = {
  /** The script that serves the lane. */
  readonly entry: string;
  /** The bundle's folder. */
  readonly bundle: string;
  /** As for `LaneChild`. */
  readonly identity?: string | undefined;
  readonly device: Device;
  /** Added to the lane's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Results between two snapshots: what a death costs to compute again, at most. Default 32. */
  readonly snapshotEvery?: number;
  /** A lane that owes something and is silent for so long is killed and started again. Unit: ms. Default 60,000. */
  readonly stallLimitMs?: number;
  /** Loaded processes of the same bundle and device, to take the place of one that dies without the time of a load. */
  readonly spare?: SpareLane;
};

const DEFAULTS = { snapshotEvery: 32, stallLimitMs: 60_000 } as const;

/** A snapshot is taken early when so much would have to be sent again. Unit of the second: bytes. */
const MAX_JOURNAL_ORDERS = 1024;
const MAX_JOURNAL_PICTURE_BYTES = 32 * 2 ** 20;

/** Deaths in a row, with no new result between, after which the cause is not chance. */
const MAX_DEATHS_IN_A_ROW = 3;

/** A lane that was killed after so long with nothing to do was not killed by its work. Unit: ms. */
const PEACEFUL_LIFE_MS = 10_000;

const CLOSE_GRACE_MS = 2_000;

/**
 * A lane in a child process. If the process dies, another takes its place: it is given the last snapshot and the
 * steps since, so that every result still comes, and is the same.
 */
export class ProcessLane implements Lane {
  readonly device: Device;
  readonly #options: Required<Omit<ProcessLaneOptions, 'identity' | 'env' | 'spare'>> &
    Pick<ProcessLaneOptions, 'identity' | 'env' | 'spare'>;
  readonly #journal = new LaneJournal();
  readonly #book: OrderBook;
  readonly #stop = new AbortController();
  #child: LaneChild | undefined;
  #bornMs = 0;
  #restarts = 0;
  #deathsInARow = 0;
  #failure: unknown;
  #isSnapshotting = false;
  #stallTimer: NodeJS.Timeout | undefined;
  #replacing: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(options: ProcessLaneOptions) {
    this.device = options.device;
    this.#options = { ...DEFAULTS, ...options };
    this.#book = new OrderBook((orders) => {
      for (const order of orders) this.#journal.add(order);
      this.#child?.send({ kind: 'orders', orders });
      this.#watchForStall();
    });
  }

  /**
   * Starts a lane process and loads the bundle in it.
   * @throws {LivefoleyError} If the bundle is refused or the process cannot be started
   */
  static async start(options: ProcessLaneOptions): Promise<ProcessLane> {
    const lane = new ProcessLane(options);
    const start = await LaneChild.start(lane.#childOptions());
    if (start.state === 'died')
      throw new LivefoleyError('environment', `Cannot start a lane: ${start.reason}`);
    lane.#takeOn(start.child);
    return lane;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** The process that computes now; undefined between a death and the next start. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How long the bundle took to load in the process. Unit: ms. */
  get loadMs(): number {
    return this.#child?.loadMs ?? 0;
  }

  /** Orders that a fresh lane would be given: bounded, however long the lane works. */
  get journalLength(): number {
    return this.#journal.length;
  }

  post(step: Step): Handle {
    this.#assertOpen();
    this.#snapshotIfDue();
    return this.#book.post(step);
  }

  fetch(step: Step): Promise<StepResult> {
    this.#assertOpen();
    this.#snapshotIfDue();
    return this.#book.fetch(step);
  }

  forget(keyPrefix: string, values: readonly Handle[]): void {
    if (this.#failure !== undefined) return;
    this.#book.add({ kind: 'forget', keyPrefix, values: values.map((handle) => handle.id) });
  }

  async snapshot(): Promise<LaneSnapshot> {
    this.#assertOpen();
    return this.#book.snapshot();
  }

  restore(snapshot: LaneSnapshot): void {
    this.#assertOpen();
    this.#book.restore(snapshot);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#fail(new LivefoleyError('environment', 'Cannot compute: the lane is closed'));
    this.#stop.abort();
    await this.#child?.close(CLOSE_GRACE_MS);
    await this.#replacing;
  }

  #childOptions(): LaneChildOptions {
    const { entry, bundle, identity, device, env } = this.#options;
    return {
      entry,
      bundle,
      identity,
      device,
      signal: this.#stop.signal,
      ...(env ? { env } : {}),
      onMessage: (message) => this.#receive(message),
      onExit: (reason) => {
        this.#replacing = this.#replace(reason);
      },
    };
  }

  #takeOn(child: LaneChild): void {
    this.#child = child;
    this.#bornMs = performance.now();
  }

  #receive(message: FromLane): void {
    if (message.kind === 'snapshot') this.#journal.replaceUpTo(message.id, message.snapshot);
    if (this.#book.settle(message) && message.kind === 'result') this.#deathsInARow = 0;
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
    this.#watchForStall();
  }

  /** Orders a snapshot before the next step, if the journal has become long; its reply shortens the journal. */
  #snapshotIfDue(): void {
    const { results, orders, pictureBytes } = this.#journal.loadSinceSnapshot;
    const isDue =
      results >= this.#options.snapshotEvery ||
      orders >= MAX_JOURNAL_ORDERS ||
      pictureBytes >= MAX_JOURNAL_PICTURE_BYTES;
    if (!isDue || this.#isSnapshotting) return;
    this.#isSnapshotting = true;
    this.#book
      .snapshot()
      // Rejected only when the lane has failed as a whole, which every waiting result reports.
      .catch(() => undefined)
      .finally(() => (this.#isSnapshotting = false));
  }

  /** Puts another process in the place of one that died, and brings it to where that was. */
  async #replace(reason: string): Promise<void> {
    this.#child = undefined;
    const livedMs = performance.now() - this.#bornMs;
    if (this.#book.pendingCount === 0 && livedMs >= PEACEFUL_LIFE_MS) this.#deathsInARow = 0;
    let death: string | undefined = reason;
    while (death !== undefined && this.#failure === undefined) {
      this.#deathsInARow += 1;
      if (this.#deathsInARow > MAX_DEATHS_IN_A_ROW) {
        this.#fail(
          new LivefoleyError(
            'environment',
            `Cannot compute: a lane died ${this.#deathsInARow} times in a row; ${death}`,
          ),
        );
        return;
      }
      this.#restarts += 1;
      death = await this.#startAgain().catch((error: unknown) => {
        this.#fail(error);
        return undefined;
      });
    }
  }

  /** Returns how the new process died, if it did before it was ready. */
  async #startAgain(): Promise<string | undefined> {
    const options = this.#childOptions();
    const spare = this.#options.spare?.take(options);
    const start = spare ? { state: 'ready' as const, child: spare } : await LaneChild.start(options);
    if (start.state === 'died') return start.reason;
    if (this.#failure !== undefined) {
      await start.child.close(CLOSE_GRACE_MS);
      return undefined;
    }
    this.#book.flush();
    this.#takeOn(start.child);
    start.child.send({ kind: 'orders', orders: this.#journal.replay((id) => this.#book.isWanted(id)) });
    this.#watchForStall();
    return undefined;
  }

  /** Watches from the first thing that is owed; orders that are added later give no respite. */
  #watchForStall(): void {
    if (this.#stallTimer || this.#book.pendingCount === 0 || this.#failure !== undefined) return;
    this.#stallTimer = setTimeout(() => {
      this.#stallTimer = undefined;
      this.#child?.kill();
    }, this.#options.stallLimitMs);
    this.#stallTimer.unref();
  }

  #assertOpen(): void {
    if (this.#failure !== undefined) throw this.#failure as Error;
  }

  #fail(reason: unknown): void {
    this.#failure ??= reason;
    clearTimeout(this.#stallTimer);
    this.#book.rejectAll(this.#failure);
  }
}
