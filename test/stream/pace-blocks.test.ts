import type { Subscription } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { AudioBlock } from '../../src/stream/audio-block.js';
import { paceBlocks } from '../../src/stream/pace-blocks.js';
import { turn, VirtualClock } from './virtual-clock.js';

function blockAt(index: number): AudioBlock {
  return { position: index * 480, channels: [new Float32Array(480)] };
}

/** Blocks of 10 ms, each of which comes when the clock says so, or at once. */
class Blocks implements AsyncIterable<AudioBlock> {
  asked = 0;
  returns = 0;

  readonly #clock: VirtualClock;
  readonly #atMs: readonly number[];
  readonly #firstIndex: number;

  constructor(clock: VirtualClock, atMs: readonly number[], firstIndex = 0) {
    this.#clock = clock;
    this.#atMs = atMs;
    this.#firstIndex = firstIndex;
  }

  [Symbol.asyncIterator](): AsyncIterator<AudioBlock> {
    return {
      next: async () => {
        const index = this.asked++;
        const atMs = this.#atMs[index];
        if (atMs === undefined) return { value: undefined, done: true };
        await this.#clock.waitUntilMs(atMs);
        return { value: blockAt(this.#firstIndex + index), done: false };
      },
      return: () => {
        this.returns += 1;
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }
}

type Heard = { times: number[][]; late: unknown[]; ended: string[]; subscription: Subscription };

function hear(clock: VirtualClock, blocks: AsyncIterable<AudioBlock>): Heard {
  const heard: Omit<Heard, 'subscription'> = { times: [], late: [], ended: [] };
  const subscription = paceBlocks(blocks, { clock, onLate: (late) => heard.late.push(late) }).subscribe({
    next: (block) => heard.times.push([block.position, clock.nowMs()]),
    error: (error: Error) => heard.ended.push(error.message),
    complete: () => heard.ended.push('complete'),
  });
  return { ...heard, subscription };
}

describe('paceBlocks()', () => {
  test('hands the first block over at once and each other one as long after it as its position says', async () => {
    const clock = new VirtualClock(1000);
    const heard = hear(
      clock,
      new Blocks(
        clock,
        Array.from({ length: 100 }, () => 0),
        500,
      ),
    );
    await clock.advanceTo(3000);
    expect(heard.times).toEqual(Array.from({ length: 100 }, (_, i) => [(500 + i) * 480, 1000 + 10 * i]));
    expect(heard.ended).toEqual(['complete']);
    expect(heard.late).toEqual([]);
  });

  test('keeps to the absolute target: blocks that come a little late in turn do not add up', async () => {
    const clock = new VirtualClock();
    const heard = hear(
      clock,
      new Blocks(
        clock,
        Array.from({ length: 50 }, (_, i) => 10 * i + (i % 3) * 4),
      ),
    );
    await clock.advanceTo(1000);
    for (const [i, [, atMs]] of heard.times.entries()) expect(atMs).toBe(10 * i + (i % 3) * 4);
    expect(heard.times).toHaveLength(50);
    expect(heard.late).toEqual([]);
  });

  test('a block that comes too late is reported, handed over and moves those after it', async () => {
    const clock = new VirtualClock();
    const heard = hear(clock, new Blocks(clock, [0, 0, 90, 0, 0]));
    await clock.advanceTo(1000);
    expect(heard.times).toEqual([
      [0, 0],
      [480, 10],
      [960, 90],
      [1440, 100],
      [1920, 110],
    ]);
    expect(heard.late).toEqual([{ position: 960, lateMs: 70 }]);
  });

  test('asks for no block before the one before it has been handed over', async () => {
    const clock = new VirtualClock();
    const blocks = new Blocks(
      clock,
      Array.from({ length: 100 }, () => 0),
    );
    hear(clock, blocks);
    await clock.advanceTo(42);
    expect(blocks.asked).toBe(6);
  });

  test('unsubscribing lets the source go at once and asks it for nothing more', async () => {
    const clock = new VirtualClock();
    const blocks = new Blocks(
      clock,
      Array.from({ length: 100 }, () => 0),
    );
    const heard = hear(clock, blocks);
    await clock.advanceTo(25);
    const { asked } = blocks;
    heard.subscription.unsubscribe();
    await turn();
    expect(blocks.returns).toBe(1);
    expect(blocks.asked).toBe(asked);
    expect(heard.times).toHaveLength(3);
    expect(heard.ended).toEqual([]);
    expect(clock.waitCount).toBe(0);
  });

  test('hands a failure of the source on', async () => {
    const clock = new VirtualClock();
    async function* broken(): AsyncGenerator<AudioBlock> {
      yield blockAt(0);
      await turn();
      throw new Error('no more');
    }
    const heard = hear(clock, broken());
    await clock.advanceTo(100);
    expect(heard.times).toHaveLength(1);
    expect(heard.ended).toEqual(['no more']);
  });
});
