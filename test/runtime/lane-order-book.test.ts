import { describe, expect, test } from 'vitest';
import type { LaneOrder } from '../../src/runtime/lane-protocol.js';
import { OrderBook } from '../../src/runtime/order-book.js';
import { pictureAt } from './lane-fixture.js';

const STEP = { kernel: 'k', key: 'o/p', position: 0 };

function createBook(): { book: OrderBook; messages: (readonly LaneOrder[])[] } {
  const messages: (readonly LaneOrder[])[] = [];
  return { book: new OrderBook((orders) => messages.push(orders)), messages };
}

describe('OrderBook', () => {
  test('the orders of one tick leave in one message, in order', async () => {
    const { book, messages } = createBook();
    const first = book.post(STEP);
    void book.fetch({ ...STEP, reads: [first] });
    book.add({ kind: 'forget', keyPrefix: 'o/', values: [] });
    void book.snapshot();
    expect(messages).toEqual([]);
    await Promise.resolve();
    book.post(STEP);
    await Promise.resolve();
    expect(messages.map((orders) => orders.map(({ kind }) => kind))).toEqual([
      ['step', 'step', 'forget', 'snapshot'],
      ['step'],
    ]);
  });

  test('a picture that several steps of a message show travels once, for it stays the same array', async () => {
    const { book, messages } = createBook();
    const picture = pictureAt(0);
    book.post({ ...STEP, pictures: [picture, { ...picture, position: 1600 }] });
    await Promise.resolve();
    const [order] = messages[0]!;
    const data = order?.kind === 'step' ? order.step.pictures.map((each) => each.data) : [];
    expect(data).toHaveLength(2);
    expect(data.every((each) => each === picture.data)).toBe(true);
  });

  test('settle() takes each reply once and leaves those that nobody waits for', async () => {
    const { book } = createBook();
    const result = book.fetch(STEP);
    const reply = { kind: 'result', id: 1, value: {}, timings: [] } as const;
    expect([book.pendingCount, book.isWanted(1)]).toEqual([1, true]);
    expect([
      book.settle(reply),
      book.settle(reply),
      book.settle({ kind: 'failed', id: 9, message: '' }),
    ]).toEqual([true, false, false]);
    await expect(result).resolves.toEqual({ value: {}, timings: [] });
    expect([book.pendingCount, book.isWanted(1)]).toEqual([0, false]);
  });

  test('rejectAll() rejects results and snapshots and drops what was not sent', async () => {
    const { book, messages } = createBook();
    const pending = Promise.allSettled([book.fetch(STEP), book.snapshot()]);
    book.rejectAll(new Error('over'));
    expect((await pending).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(messages).toEqual([]);
  });

  test('restore() goes on numbering where the snapshot stopped', () => {
    const { book } = createBook();
    const values = new Map([[41, { key: 'o/p', tensors: {} }]]);
    book.restore({ values, states: new Map(), failures: new Map() });
    expect(book.post(STEP).id).toBe(42);
  });
});
