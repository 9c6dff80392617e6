import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AudioBlock } from '../../src/stream/audio-block.js';
import { BlockFeed, type BlockFeedOptions } from '../../src/stream/block-feed.js';
import { noise } from './sounds.js';
import { turn } from './virtual-clock.js';

function feedOf(options: Partial<BlockFeedOptions> = {}): BlockFeed {
  return new BlockFeed({
    channelCount: 1,
    capacityFrames: 100,
    blockFrames: 8,
    startPosition: 0,
    onRead: () => undefined,
    readableTo: () => Infinity,
    ...options,
  });
}

function block(position: number, ...channels: Float32Array[]): AudioBlock {
  return { position, channels };
}

async function readAll(feed: BlockFeed): Promise<{ position: number; channels: number[][] }[]> {
  const read: { position: number; channels: number[][] }[] = [];
  for await (const { position, channels } of feed)
    read.push({ position, channels: channels.map((samples) => [...samples]) });
  return read;
}

describe('BlockFeed', () => {
  test('gives what was written in any split, in equal blocks, the last shorter, from its start position on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 2 }),
        fc.nat(40),
        async (lengths, blockFrames, channelCount, startPosition) => {
          const total = lengths.reduce((sum, length) => sum + length, 0);
          const sound = Array.from({ length: channelCount }, (_, c) => noise(total, { seed: c + 1 }));
          const feed = feedOf({ channelCount, blockFrames, startPosition, capacityFrames: 1000 });
          let at = 0;
          for (const length of lengths) {
            feed.write(block(at, ...sound.map((samples) => samples.subarray(at, at + length))));
            at += length;
          }
          feed.end();
          const read = await readAll(feed);
          const wanted = sound.map((samples) => [...samples.subarray(startPosition)]);
          expect(wanted.map((_, c) => read.flatMap((each) => each.channels[c]!))).toEqual(wanted);
          read.forEach((each, i) => {
            expect(each.position).toBe(startPosition + i * blockFrames);
            const isLast = i === read.length - 1;
            expect(each.channels[0]!.length).toBe(isLast ? wanted[0]!.length - i * blockFrames : blockFrames);
          });
        },
      ),
    );
  });

  test('waits for a whole block, tells the level after each read, and ends with what is left', async () => {
    const levels: number[] = [];
    const feed = feedOf({ onRead: (level) => levels.push(level) });
    const first = feed.next();
    feed.write(block(0, noise(5)));
    await turn();
    expect(levels).toEqual([]);
    feed.write(block(5, noise(5)));
    expect((await first).value).toMatchObject({ position: 0 });
    expect(levels).toEqual([2]);
    const second = feed.next();
    feed.end();
    expect(((await second).value as AudioBlock).channels[0]).toHaveLength(2);
    expect(await feed.next()).toEqual({ value: undefined, done: true });
    expect(levels).toEqual([2, 0]);
  });

  test('lets nobody read beyond what may be read, now or at the end', async () => {
    let readableTo = 10;
    const feed = feedOf({ readableTo: () => readableTo });
    feed.write(block(0, noise(40)));
    expect(((await feed.next()).value as AudioBlock).channels[0]).toHaveLength(8);
    const waiting = feed.next();
    let isRead = false;
    void waiting.then(() => (isRead = true));
    await turn();
    expect(isRead).toBe(false);
    readableTo = 20;
    feed.write(block(40, noise(8)));
    expect(((await waiting).value as AudioBlock).position).toBe(8);
    feed.end();
    expect(((await feed.next()).value as AudioBlock).channels[0]).toHaveLength(4);
    expect(await feed.next()).toEqual({ value: undefined, done: true });
  });

  test('fails the reader at once, one that waits and one that comes, whatever is held', async () => {
    const reason = new Error('the lane is gone');
    const feed = feedOf();
    feed.write(block(0, noise(50)));
    feed.fail(reason);
    feed.fail(new Error('later'));
    await expect(feed.next()).rejects.toBe(reason);
    const empty = feedOf();
    const waiting = empty.next();
    empty.fail(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  test('refuses what does not fit, which demand must rule out, and a gap', () => {
    const feed = feedOf({ capacityFrames: 16 });
    feed.write(block(0, noise(10)));
    expect(() => feed.write(block(10, noise(10)))).toThrow(
      new RangeError('Cannot hold a block: 10 audio frames must fit, 6 are free'),
    );
    expect(() => feedOf().write(block(3, noise(10)))).toThrow(
      new RangeError('Cannot hold a block: it must begin at or before 0, received 3'),
    );
  });
});
