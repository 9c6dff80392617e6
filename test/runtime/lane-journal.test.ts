import { describe, expect, test } from 'vitest';
import { LaneJournal } from '../../src/runtime/lane-journal.js';
import type { LaneOrder, WireStep } from '../../src/runtime/lane-protocol.js';
import type { LaneSnapshot } from '../../src/runtime/lane.js';
import { pictureAt } from './lane-fixture.js';

function step(id: number, more: Partial<WireStep> = {}): LaneOrder {
  const plain = {
    kernel: 'k',
    key: 'o/p',
    position: 0,
    reads: [],
    pictures: [],
    options: {},
    releases: [],
    endsKey: false,
  };
  return { kind: 'step', step: { ...plain, id, wants: false, ...more } };
}

const EMPTY: LaneSnapshot = { values: new Map(), states: new Map(), failures: new Map() };

describe('LaneJournal', () => {
  test('replay() gives what was added, after the last snapshot that came', () => {
    const journal = new LaneJournal();
    for (const order of [step(1), step(2), { kind: 'snapshot', id: 3 } as const, step(4)]) journal.add(order);
    expect(journal.replay(() => true)).toEqual([step(1), step(2), { kind: 'snapshot', id: 3 }, step(4)]);
    journal.replaceUpTo(3, EMPTY);
    expect(journal.replay(() => true)).toEqual([{ kind: 'restore', snapshot: EMPTY }, step(4)]);
    expect(journal.length).toBe(1);
  });

  test('replay() does not ask again for a result that has come, nor keeps it, nor has its work reported', () => {
    const journal = new LaneJournal();
    for (const order of [step(1), step(2, { wants: true, releases: [1] }), step(3), step(4, { wants: true })])
      journal.add(order);
    expect(journal.replay((id) => id !== 2)).toEqual([
      step(1, { repeats: true }),
      step(2, { repeats: true, releases: [1, 2] }),
      step(3),
      step(4, { wants: true }),
    ]);
  });

  test('a snapshot that is not in it changes nothing', () => {
    const journal = new LaneJournal();
    journal.add(step(1));
    journal.replaceUpTo(7, EMPTY);
    expect(journal.replay(() => true)).toEqual([step(1)]);
  });

  test('loadSinceSnapshot counts from the last snapshot that was ordered', () => {
    const journal = new LaneJournal();
    journal.add(step(1, { wants: true, pictures: [pictureAt(0, 4), pictureAt(1, 4)] }));
    journal.add(step(2));
    expect(journal.loadSinceSnapshot).toEqual({ results: 1, orders: 2, pictureBytes: 96 });
    journal.add({ kind: 'snapshot', id: 3 });
    expect(journal.loadSinceSnapshot).toEqual({ results: 0, orders: 0, pictureBytes: 0 });
    journal.add({ kind: 'forget', keyPrefix: 'o/', values: [] });
    expect(journal.loadSinceSnapshot).toEqual({ results: 0, orders: 1, pictureBytes: 0 });
  });
});
