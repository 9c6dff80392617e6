import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoundedQueue, type OverflowPolicy } from '../../src/stream/bounded-queue.js';
import { turn } from './virtual-clock.js';

async function drain<T>(queue: BoundedQueue<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

function filled(policy: OverflowPolicy, capacity = 2): BoundedQueue<number> {
  const queue = new BoundedQueue<number>({ capacity, policy });
  for (let i = 1; i <= capacity; i += 1) queue.offer(i);
  return queue;
}

/** Whether a promise has settled by now. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const done = (): void => void (settled = true);
  promise.then(done, done);
  await turn();
  return !settled;
}

describe('BoundedQueue with policy wait', () => {
  test('push() of a full queue resolves as soon as there is room, and items keep their order', async () => {
    const queue = filled('wait');
    const pushed = queue.push(3);
    expect(await isPending(pushed)).toBe(true);
    expect(queue.size).toBe(2);
    expect(await queue.next()).toEqual({ value: 1, done: false });
    expect(await pushed).toBe(true);
    queue.close();
    expect(await drain(queue)).toEqual([2, 3]);
    expect(queue.counts).toEqual({ pushed: 3, dropped: 0, highWater: 2 });
  });

  test('offer() to a full queue is refused and nothing is lost', async () => {
    const queue = filled('wait');
    expect(queue.offer(3)).toBe(false);
    queue.close();
    expect(await drain(queue)).toEqual([1, 2]);
  });

  test('each item that is taken releases one producer, in the order in which they came', async () => {
    const queue = filled('wait', 1);
    const resolved: number[] = [];
    for (const item of [2, 3, 4]) void queue.push(item).then(() => resolved.push(item));
    await turn();
    expect(resolved).toEqual([]);
    await queue.next();
    await turn();
    expect(resolved).toEqual([2]);
    await queue.next();
    await turn();
    expect(resolved).toEqual([2, 3]);
  });

  test('a producer that comes in the very turn in which there is room does not overtake one that waits', async () => {
    const queue = filled('wait', 1);
    const pushed = [queue.push(2)];
    const first = queue.next();
    pushed.push(queue.push(3));
    queue.close();
    expect(await first).toEqual({ value: 1, done: false });
    expect(await Promise.all(pushed)).toEqual([true, false]);
    expect(await drain(queue)).toEqual([2]);
  });

  test.each(['close', 'fail', 'return'] as const)(
    '%s() releases producers that wait, untaken',
    async (how) => {
      const queue = filled('wait', 1);
      const blocked = [queue.push(2), queue.push(3)];
      if (how === 'fail') queue.fail(new Error('broken'));
      else if (how === 'close') queue.close();
      else await queue.return();
      expect(await Promise.all(blocked)).toEqual([false, false]);
      expect(await queue.push(4)).toBe(false);
      expect(queue.offer(4)).toBe(false);
      expect(queue.isClosed).toBe(true);
    },
  );
});

describe('BoundedQueue with the policies that never wait', () => {
  test('drop-oldest lets the oldest item make room and counts it', async () => {
    const queue = filled('drop-oldest');
    expect(await queue.push(3)).toBe(true);
    expect(queue.offer(4)).toBe(true);
    queue.close();
    expect(await drain(queue)).toEqual([3, 4]);
    expect(queue.counts).toEqual({ pushed: 4, dropped: 2, highWater: 2 });
  });

  test('keep-latest holds only the newest item, whatever its capacity says', async () => {
    const queue = new BoundedQueue<number>({ capacity: 8, policy: 'keep-latest' });
    for (const item of [1, 2, 3]) await queue.push(item);
    expect(queue.size).toBe(1);
    queue.close();
    expect(await drain(queue)).toEqual([3]);
    expect(queue.counts).toEqual({ pushed: 3, dropped: 2, highWater: 1 });
  });

  test('fail rejects one item too many with a RangeError and keeps what it holds', async () => {
    const queue = filled('fail');
    await expect(queue.push(3)).rejects.toThrow(RangeError);
    expect(() => queue.offer(3)).toThrow('Cannot queue an item: at most 2 may wait, and they do');
    queue.close();
    expect(await drain(queue)).toEqual([1, 2]);
  });

  test.each(['wait', 'drop-oldest', 'keep-latest', 'fail'] as const)(
    '%s hands an item straight to a consumer that waits',
    async (policy) => {
      const queue = new BoundedQueue<number>({ capacity: 1, policy });
      const taken = Promise.all([queue.next(), queue.next(), queue.next()]);
      for (const item of [1, 2, 3]) expect(queue.offer(item)).toBe(true);
      expect((await taken).map((result) => result.value as number)).toEqual([1, 2, 3]);
      expect(queue.counts).toEqual({ pushed: 3, dropped: 0, highWater: 0 });
    },
  );
});

describe('BoundedQueue at its end', () => {
  test('close() delivers what is held, then the end, to those who wait and those who come', async () => {
    const queue = filled('wait');
    queue.close();
    queue.close();
    expect(await drain(queue)).toEqual([1, 2]);
    expect(await queue.next()).toEqual({ value: undefined, done: true });
    const empty = new BoundedQueue<number>({ capacity: 1, policy: 'wait' });
    const waiting = empty.next();
    empty.close();
    expect(await waiting).toEqual({ value: undefined, done: true });
  });

  test('fail() is met after what is held, by those who wait and those who come', async () => {
    const reason = new Error('the camera is gone');
    const queue = filled('drop-oldest');
    queue.fail(reason);
    queue.close();
    expect((await queue.next()).value).toBe(1);
    expect((await queue.next()).value).toBe(2);
    await expect(queue.next()).rejects.toBe(reason);
    const empty = new BoundedQueue<number>({ capacity: 1, policy: 'wait' });
    const waiting = empty.next();
    empty.fail(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  test('a consumer that breaks off its loop throws away what is held', async () => {
    const queue = filled('wait');
    for await (const item of queue) {
      expect(item).toBe(1);
      break;
    }
    expect(queue.size).toBe(0);
    expect(await queue.next()).toEqual({ value: undefined, done: true });
  });

  test.each([0, -1, 1.5, NaN, '2'])('capacity %s is refused', (capacity) => {
    expect(() => new BoundedQueue({ capacity: capacity as number, policy: 'wait' })).toThrow(/capacity/);
  });
});

describe('BoundedQueue under a random list of actions', () => {
  type Action = 'push' | 'next' | 'turn' | 'close';
  const actions = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<Action>('push') },
      { weight: 5, arbitrary: fc.constant<Action>('next') },
      { weight: 2, arbitrary: fc.constant<Action>('turn') },
      { weight: 1, arbitrary: fc.constant<Action>('close') },
    ),
    { maxLength: 60 },
  );
  const policies = fc.constantFrom<OverflowPolicy>('wait', 'drop-oldest', 'keep-latest', 'fail');

  test('never holds more than its capacity, keeps the order, and loses nothing it does not count', async () => {
    await fc.assert(
      fc.asyncProperty(policies, fc.integer({ min: 1, max: 4 }), actions, async (policy, capacity, list) => {
        const queue = new BoundedQueue<number>({ capacity, policy });
        const limit = policy === 'keep-latest' ? 1 : capacity;
        const pushes: Promise<unknown>[] = [];
        const nexts: Promise<IteratorResult<number>>[] = [];
        let refused = 0;
        let item = 0;
        for (const action of list) {
          if (action === 'push') {
            const pushed = queue.push(item++).then(
              (taken) => void (refused += taken ? 0 : 1),
              () => void (refused += 1),
            );
            pushes.push(pushed);
          } else if (action === 'next') nexts.push(queue.next());
          else if (action === 'turn') await turn(1);
          else queue.close();
          expect(queue.size).toBeLessThanOrEqual(limit);
        }
        queue.close();
        await Promise.all(pushes);
        const results = await Promise.all(nexts);
        const received = results.filter((result) => !result.done).map((result) => result.value);
        received.push(...(await drain(queue)));
        const { pushed, dropped, highWater } = queue.counts;
        expect(received).toEqual([...received].sort((a, b) => a - b));
        expect(received).toHaveLength(pushed - dropped);
        expect(pushed + refused).toBe(item);
        expect(highWater).toBeLessThanOrEqual(limit);
        if (policy === 'wait' || policy === 'fail') expect(dropped).toBe(0);
        else expect(refused === 0 || list.includes('close')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
