import { assertPositiveInteger } from './assertions.js';

/** What a full queue does with one more item. */
export type OverflowPolicy = 'wait' | 'drop-oldest' | 'keep-latest' | 'fail';

export type BoundedQueueOptions = {
  /** Items held at most; `keep-latest` holds one whatever this says. */
  readonly capacity: number;
  /**
   * `wait`: `push` resolves when there is room. `drop-oldest`: the oldest item makes room. `keep-latest`: only
   * the newest item is held. `fail`: `push` rejects with a RangeError.
   */
  readonly policy: OverflowPolicy;
};

/** Counts since the queue was made. */
export type QueueCounts = { readonly pushed: number; readonly dropped: number; readonly highWater: number };

/**
 * The one place where items wait between two asynchronous sides: bounded, with a named policy and counters.
 * One producer side, one consumer side; after `close()` what is held is still delivered.
 */
export class BoundedQueue<T> implements AsyncIterableIterator<T> {
  readonly #capacity: number;
  readonly #policy: OverflowPolicy;
  readonly #items: T[] = [];
  #takers: { resolve: (result: IteratorResult<T>) => void; reject: (reason: unknown) => void }[] = [];
  /** Producers that wait, with their items; there are some only while the queue is full. */
  #waiters: { item: T; settle: (taken: boolean) => void }[] = [];
  #closed = false;
  #error: { reason: unknown } | undefined;
  #pushed = 0;
  #dropped = 0;
  #highWater = 0;

  /** @throws {RangeError} If `capacity` is not a positive integer */
  constructor(options: BoundedQueueOptions) {
    assertPositiveInteger(options.capacity, 'capacity');
    this.#capacity = options.policy === 'keep-latest' ? 1 : options.capacity;
    this.#policy = options.policy;
  }

  get size(): number {
    return this.#items.length;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get counts(): QueueCounts {
    return { pushed: this.#pushed, dropped: this.#dropped, highWater: this.#highWater };
  }

  /**
   * Adds an item; resolves to false if the queue is closed and the item was not taken.
   * @throws {RangeError} With policy `fail`, if the queue is full
   */
  async push(item: T): Promise<boolean> {
    if (this.#closed || this.#policy !== 'wait' || !this.#isFull()) return this.offer(item);
    return new Promise((settle) => this.#waiters.push({ item, settle }));
  }

  /** Adds an item at once by the policy; returns whether it was taken (a full `wait` queue refuses). */
  offer(item: T): boolean {
    if (this.#closed) return false;
    const taker = this.#takers.shift();
    if (taker) {
      this.#pushed += 1;
      taker.resolve({ value: item, done: false });
      return true;
    }
    if (this.#isFull()) {
      if (this.#policy === 'wait') return false;
      if (this.#policy === 'fail') {
        throw new RangeError(`Cannot queue an item: at most ${this.#capacity} may wait, and they do`);
      }
      this.#items.shift();
      this.#dropped += 1;
    }
    this.#hold(item);
    return true;
  }

  /** The oldest item, as soon as there is one; done after `close()`. */
  next(): Promise<IteratorResult<T>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      // At once, or a producer that comes before the one that waits is woken would overtake it.
      const waiter = this.#waiters.shift();
      if (waiter) {
        this.#hold(waiter.item);
        waiter.settle(true);
      }
      return Promise.resolve({ value: item, done: false });
    }
    if (this.#error) return Promise.reject(this.#error.reason);
    if (this.#closed) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
  }

  /** Ends the queue: producers are refused, consumers get what is held and then the end. */
  close(): void {
    this.#end(undefined);
  }

  /** Ends the queue with a failure, which the consumer meets after what is held. */
  fail(reason: unknown): void {
    this.#end({ reason });
  }

  /** The consumer stops: what is held is thrown away. */
  return(): Promise<IteratorResult<T>> {
    this.#items.length = 0;
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #hold(item: T): void {
    this.#items.push(item);
    this.#pushed += 1;
    this.#highWater = Math.max(this.#highWater, this.#items.length);
  }

  #isFull(): boolean {
    return this.#items.length >= this.#capacity;
  }

  #end(error: { reason: unknown } | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    for (const taker of this.#takers) {
      if (error) taker.reject(error.reason);
      else taker.resolve({ value: undefined, done: true });
    }
    for (const waiter of this.#waiters) waiter.settle(false);
    this.#takers = [];
    this.#waiters = [];
  }
}
