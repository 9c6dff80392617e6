import type { Device } from '../../src/runtime/device.js';
import type { KernelContext, Kernels } from '../../src/runtime/kernel.js';
import type { Handle, Lane, LaneSnapshot, Step, StepResult } from '../../src/runtime/lane.js';
import { LaneMachine } from '../../src/runtime/lane-machine.js';
import { OrderBook } from '../../src/runtime/order-book.js';

/**
 * A lane in this process, for tests and measurements: the same machine and order book as a lane process, without
 * the process. It blocks its thread while it computes; never use it where audio is paced.
 */
export class InProcessLane implements Lane {
  readonly device: Device;
  readonly restarts = 0;
  readonly #book: OrderBook;

  constructor(kernels: Kernels, context: KernelContext) {
    this.device = context.device;
    const machine = new LaneMachine(kernels, context, (reply) => this.#book.settle(reply));
    this.#book = new OrderBook((orders) => void machine.carryOut(orders));
  }

  post(step: Step): Handle {
    return this.#book.post(step);
  }

  fetch(step: Step): Promise<StepResult> {
    return this.#book.fetch(step);
  }

  forget(keyPrefix: string, values: readonly Handle[]): void {
    this.#book.add({ kind: 'forget', keyPrefix, values: values.map((handle) => handle.id) });
  }

  snapshot(): Promise<LaneSnapshot> {
    return this.#book.snapshot();
  }

  restore(snapshot: LaneSnapshot): void {
    this.#book.restore(snapshot);
  }

  close(): Promise<void> {
    this.#book.rejectAll(new Error('Cannot compute: the lane is closed'));
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
