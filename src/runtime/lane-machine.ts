import type { AnyManifest, BundleManifest } from './bundle-manifest.js';
import type { FromLane, LaneOrder, WireStep } from './lane-protocol.js';
import type { Kernels, KernelContext } from './kernel.js';
import type { LaneSnapshot, LaneValue, RunState, StepTiming } from './lane.js';
import type { Tensors } from './tensors.js';

/**
 * The inside of a lane: holds values and states, and carries out orders one after the other. Knows neither
 * processes nor messages, so that a lane process and the in-process lane are the same machine.
 *
 * A step that fails leaves its key's state unfinished, so every later step of that key fails with the same words,
 * until the key is forgotten.
 */
export class LaneMachine<Manifest extends AnyManifest = BundleManifest> {
  readonly #kernels: Kernels<Manifest>;
  readonly #context: KernelContext<Manifest>;
  readonly #reply: (reply: FromLane) => void;
  #values = new Map<number, LaneValue>();
  #states = new Map<string, RunState>();
  #failures = new Map<string, string>();
  /** What was computed since the last result, by owner. */
  readonly #timings = new Map<string, StepTiming[]>();
  #last: Promise<void> = Promise.resolve();

  constructor(
    kernels: Kernels<Manifest>,
    context: KernelContext<Manifest>,
    reply: (reply: FromLane) => void,
  ) {
    this.#kernels = kernels;
    this.#context = context;
    this.#reply = reply;
  }

  /** Appends orders; resolves when they are done. Never rejects: failures are replies. */
  carryOut(orders: readonly LaneOrder[]): Promise<void> {
    this.#last = this.#last.then(async () => {
      for (const order of orders) await this.#carryOutOne(order);
    });
    return this.#last;
  }

  async #carryOutOne(order: LaneOrder): Promise<void> {
    switch (order.kind) {
      case 'step':
        await this.#runStep(order.step);
        return;
      case 'forget':
        this.#forget(order.keyPrefix);
        this.#release(order.values);
        return;
      case 'snapshot':
        this.#reply({ kind: 'snapshot', id: order.id, snapshot: this.#snapshot() });
        return;
      case 'restore':
        this.#values = new Map(order.snapshot.values);
        this.#states = new Map([...order.snapshot.states].map(([key, state]) => [key, new Map(state)]));
        this.#failures = new Map(order.snapshot.failures);
        return;
    }
  }

  async #runStep(step: WireStep): Promise<void> {
    try {
      const startMs = performance.now();
      const tensors = await this.#compute(step);
      const timings = this.#record(step, performance.now() - startMs);
      if (step.wants) {
        this.#timings.delete(ownerOf(step.key));
        this.#reply({ kind: 'result', id: step.id, value: tensors, timings });
      } else if (Object.keys(tensors).length > 0) {
        this.#values.set(step.id, { key: step.key, tensors });
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#failures.set(step.key, message);
      this.#reply({ kind: 'failed', id: step.id, message });
    }
    this.#release(step.releases);
    if (step.endsKey) this.#states.delete(step.key);
  }

  async #compute(step: WireStep): Promise<Tensors> {
    const failure = this.#failures.get(step.key);
    if (failure !== undefined) throw new Error(failure);
    const kernel = this.#kernels[step.kernel];
    if (!kernel) throw new RangeError(`Cannot run a step: no kernel is called '${step.kernel}'`);
    const inputs = step.reads.map((id) => this.#valueOf(id, step));
    const state: RunState = this.#states.get(step.key) ?? new Map<string, Float32Array>();
    this.#states.set(step.key, state);
    const { position, pictures, options } = step;
    return kernel({ position, inputs, pictures, options, state }, this.#context);
  }

  #valueOf(id: number, step: WireStep): Tensors {
    const value = this.#values.get(id);
    if (value) return value.tensors;
    // The step that should have made it failed, and with it its key; that has the same owner.
    const owner = ownerOf(step.key);
    const cause = [...this.#failures].find(([key]) => ownerOf(key) === owner)?.[1];
    throw new Error(cause ?? `Cannot run '${step.kernel}': value ${id} is gone`);
  }

  #record(step: WireStep, ms: number): StepTiming[] {
    const owner = ownerOf(step.key);
    const timings = this.#timings.get(owner) ?? [];
    if (!step.repeats) timings.push({ kernel: step.kernel, position: step.position, ms });
    this.#timings.set(owner, timings);
    return timings;
  }

  #forget(keyPrefix: string): void {
    const isOf = (key: string): boolean => key.startsWith(keyPrefix);
    for (const key of [...this.#states.keys()]) if (isOf(key)) this.#states.delete(key);
    for (const key of [...this.#failures.keys()]) if (isOf(key)) this.#failures.delete(key);
    for (const [id, { key }] of [...this.#values]) if (isOf(key)) this.#values.delete(id);
    for (const owner of [...this.#timings.keys()]) if (isOf(`${owner}/`)) this.#timings.delete(owner);
  }

  #release(ids: readonly number[]): void {
    for (const id of ids) this.#values.delete(id);
  }

  #snapshot(): LaneSnapshot {
    return {
      values: new Map(this.#values),
      states: new Map([...this.#states].map(([key, state]) => [key, new Map(state)])),
      failures: new Map(this.#failures),
    };
  }
}

/** Whose part a key is: `owner/part`. */
function ownerOf(key: string): string {
  return key.split('/', 1)[0]!;
}
