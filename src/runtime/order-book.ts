import type { VideoFrame } from '../stream/video-frame.js';
import type { LaneSnapshot, Handle, Step, StepResult } from './lane.js';
import type { FromLane, LaneOrder, WireStep } from './lane-protocol.js';

type Pending<T> = { resolve: (value: T) => void; reject: (reason: unknown) => void };

/**
 * The owner's side of a lane: numbers the orders, gathers those of one tick into one message, and pairs replies
 * with what waits for them.
 */
export class OrderBook {
  readonly #send: (orders: readonly LaneOrder[]) => void;
  readonly #results = new Map<number, Pending<StepResult>>();
  readonly #snapshots = new Map<number, Pending<LaneSnapshot>>();
  #batch: LaneOrder[] = [];
  #nextId = 1;

  constructor(send: (orders: readonly LaneOrder[]) => void) {
    this.#send = send;
  }

  /** Results and snapshots that have not come yet. */
  get pendingCount(): number {
    return this.#results.size + this.#snapshots.size;
  }

  isWanted(stepId: number): boolean {
    return this.#results.has(stepId);
  }

  post(step: Step): Handle {
    const id = this.#nextId++;
    this.add({ kind: 'step', step: toWire(id, step, false) });
    return { id };
  }

  fetch(step: Step): Promise<StepResult> {
    const id = this.#nextId++;
    this.add({ kind: 'step', step: toWire(id, step, true) });
    return new Promise((resolve, reject) => this.#results.set(id, { resolve, reject }));
  }

  /** Orders a snapshot; `onOrder` gets its number. */
  snapshot(onOrder?: (id: number) => void): Promise<LaneSnapshot> {
    const id = this.#nextId++;
    onOrder?.(id);
    const promise = new Promise<LaneSnapshot>((resolve, reject) =>
      this.#snapshots.set(id, { resolve, reject }),
    );
    this.add({ kind: 'snapshot', id });
    return promise;
  }

  /** Orders that a snapshot's state replaces all there is. */
  restore(snapshot: LaneSnapshot): void {
    // Another lane may have counted further: a number must not name two values.
    for (const id of snapshot.values.keys()) this.#nextId = Math.max(this.#nextId, id + 1);
    this.add({ kind: 'restore', snapshot });
  }

  /** Adds an order to this tick's message. */
  add(order: LaneOrder): void {
    this.#batch.push(order);
    if (this.#batch.length === 1) queueMicrotask(() => this.flush());
  }

  /** Sends what this tick has gathered so far. */
  flush(): void {
    if (this.#batch.length === 0) return;
    const orders = this.#batch;
    this.#batch = [];
    this.#send(orders);
  }

  /** Settles what waits for a reply. Returns false for a reply nobody waits for. */
  settle(reply: FromLane): boolean {
    switch (reply.kind) {
      case 'result':
        return take(this.#results, reply.id, (pending) =>
          pending.resolve({ value: reply.value, timings: reply.timings }),
        );
      case 'failed':
        return take(this.#results, reply.id, (pending) => pending.reject(new Error(reply.message)));
      case 'snapshot':
        return take(this.#snapshots, reply.id, (pending) => pending.resolve(reply.snapshot));
      case 'ready':
      case 'refused':
        return false;
    }
  }

  rejectAll(reason: unknown): void {
    this.#batch = [];
    for (const pending of [...this.#results.values(), ...this.#snapshots.values()]) pending.reject(reason);
    this.#results.clear();
    this.#snapshots.clear();
  }
}

function take<T>(
  waiting: Map<number, Pending<T>>,
  id: number,
  settle: (pending: Pending<T>) => void,
): boolean {
  const pending = waiting.get(id);
  if (!pending) return false;
  waiting.delete(id);
  settle(pending);
  return true;
}

function toWire(id: number, step: Step, wants: boolean): WireStep {
  return {
    id,
    kernel: step.kernel,
    key: step.key,
    position: step.position,
    reads: (step.reads ?? []).map((handle) => handle.id),
    pictures: (step.pictures ?? []).map(toWirePicture),
    options: step.options ?? {},
    releases: (step.releases ?? []).map((handle) => handle.id),
    endsKey: step.endsKey ?? false,
    wants,
  };
}

/** Frames come from the user's code: whatever else they carry must not travel, and may not be able to. */
function toWirePicture({ position, width, height, format, data }: VideoFrame): VideoFrame {
  return { position, width, height, format, data };
}
