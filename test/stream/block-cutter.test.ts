import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlockCutter } from '../../src/stream/block-cutter.js';
import type { JoinedPiece } from '../../src/stream/segment-joiner.js';
import { noise } from './sounds.js';

function cutAll(cutter: BlockCutter, pieces: readonly JoinedPiece[]): JoinedPiece[] {
  return [...pieces.flatMap((piece) => [...cutter.cut(piece)]), ...cutter.end()];
}

describe('BlockCutter', () => {
  test('cuts any split of the sound into the same blocks, none missing, the last filled up with silence', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 60 }),
        fc.array(fc.nat(120), { maxLength: 20 }),
        (blockFrames, startBlock, early, lengths) => {
          const fromPosition = startBlock * blockFrames;
          const total = lengths.reduce((sum, length) => sum + length, 0);
          const sound = noise(total);
          const first = fromPosition - early;
          let at = 0;
          const pieces = lengths.map((length) => {
            const piece = { position: first + at, samples: sound.slice(at, at + length) };
            at += length;
            return piece;
          });
          const blocks = cutAll(new BlockCutter(blockFrames, fromPosition), pieces);
          const wanted = sound.subarray(Math.min(early, total));
          expect(blocks.map((block) => block.position)).toEqual(
            Array.from(
              { length: Math.ceil(wanted.length / blockFrames) },
              (_, i) => fromPosition + i * blockFrames,
            ),
          );
          const joined = blocks.flatMap((block) => [...block.samples]);
          expect(joined).toHaveLength(blocks.length * blockFrames);
          expect(joined.slice(0, wanted.length)).toEqual([...wanted]);
          expect(joined.slice(wanted.length).every((sample) => sample === 0)).toBe(true);
        },
      ),
    );
  });

  test('cut() gives a block as soon as it is full, and never writes into it again', () => {
    const cutter = new BlockCutter(4, 0);
    expect([...cutter.cut({ position: 0, samples: Float32Array.of(1, 2, 3) })]).toEqual([]);
    const [block] = [...cutter.cut({ position: 3, samples: Float32Array.of(4, 5) })];
    expect([...block!.samples]).toEqual([1, 2, 3, 4]);
    expect([...cutter.cut({ position: 5, samples: Float32Array.of(6, 7, 8) })]).toHaveLength(1);
    expect([...block!.samples]).toEqual([1, 2, 3, 4]);
    expect([...cutter.end()]).toEqual([]);
  });
});
