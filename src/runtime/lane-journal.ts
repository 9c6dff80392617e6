import type { LaneSnapshot } from './lane.js';
import type { LaneOrder } from './lane-protocol.js';

/** What a fresh lane would have to be told again. */
export type JournalLoad = {
  /** Results asked for. */
  readonly results: number;
  readonly orders: number;
  /** Bytes of the pictures in them. */
  readonly pictureBytes: number;
};

const NOTHING: JournalLoad = { results: 0, orders: 0, pictureBytes: 0 };

/**
 * Everything needed to bring a fresh lane to where a dead one was: the last snapshot and the orders since.
 * Bounded by how often snapshots are ordered.
 */
export class LaneJournal {
  #snapshot: LaneSnapshot | undefined;
  readonly #orders: LaneOrder[] = [];
  #load = NOTHING;

  /** Orders kept since the last snapshot that came. */
  get length(): number {
    return this.#orders.length;
  }

  /** What was added since a snapshot was last ordered. */
  get loadSinceSnapshot(): JournalLoad {
    return this.#load;
  }

  add(order: LaneOrder): void {
    this.#orders.push(order);
    this.#load = order.kind === 'snapshot' ? NOTHING : plus(this.#load, order);
  }

  /** A snapshot that was ordered has come: what led to it need not be kept. */
  replaceUpTo(snapshotId: number, snapshot: LaneSnapshot): void {
    const at = this.#orders.findIndex((order) => order.kind === 'snapshot' && order.id === snapshotId);
    if (at < 0) return;
    this.#snapshot = snapshot;
    this.#orders.splice(0, at + 1);
  }

  /**
   * The orders for a fresh lane. Results that `isWanted` denies have come: they are computed again but not sent, and
   * what led to them is not reported as work a second time.
   */
  replay(isWanted: (stepId: number) => boolean): LaneOrder[] {
    const hasCome = (order: LaneOrder): boolean =>
      order.kind === 'step' && order.step.wants && !isWanted(order.step.id);
    const lastCome = this.#orders.reduce((last, order, i) => (hasCome(order) ? i : last), -1);
    const orders = this.#orders.map((order, i): LaneOrder => {
      if (order.kind !== 'step' || i > lastCome) return order;
      const step = { ...order.step, repeats: true };
      return {
        kind: 'step',
        step: hasCome(order) ? { ...step, wants: false, releases: [...step.releases, step.id] } : step,
      };
    });
    return this.#snapshot ? [{ kind: 'restore', snapshot: this.#snapshot }, ...orders] : orders;
  }
}

function plus(load: JournalLoad, order: LaneOrder): JournalLoad {
  if (order.kind !== 'step') return { ...load, orders: load.orders + 1 };
  const { wants, pictures } = order.step;
  return {
    results: load.results + (wants ? 1 : 0),
    orders: load.orders + 1,
    pictureBytes: pictures.reduce((sum, { data }) => sum + data.byteLength, load.pictureBytes),
  };
}
