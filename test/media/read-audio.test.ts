import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readAudioBlocks, type ReadAudioOptions } from '../../src/media/read-audio.js';
import type { AudioBlock } from '../../src/stream/audio-block.js';
import { clip, collect, ffmpeg, until, isAlive } from './clips.js';

const PICTURE = '-f lavfi -i testsrc2=s=32x18:r=10:d=2';
const MONO = clip('mono.mp4', `${PICTURE} -f lavfi -i sine=f=330:r=44100:d=2 -c:a aac OUT`);

async function read(path: string, options: Partial<ReadAudioOptions> = {}): Promise<readonly AudioBlock[]> {
  return collect(readAudioBlocks(ffmpeg, path, { channelCount: 1, blockFrames: 4800, ...options }));
}

function join(blocks: readonly AudioBlock[], channel = 0): number[] {
  return blocks.flatMap((block) => Array.from(block.channels[channel] ?? []));
}

function firstLoud(samples: readonly number[], from = 0): number {
  return samples.findIndex((sample, index) => index >= from && Math.abs(sample) > 0.2);
}

describe('readAudioBlocks()', () => {
  test('gives blocks that join without a hole, whatever their size, with the same samples', async () => {
    const whole = join(await read(MONO));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1000, max: 60_000 }), async (blockFrames) => {
        const blocks = await read(MONO, { blockFrames });
        let expected = 0;
        for (const block of blocks) {
          expect(block.position).toBe(expected);
          expected += block.channels[0]?.length ?? 0;
        }
        expect(join(blocks)).toEqual(whole);
      }),
      { numRuns: 4 },
    );
  });

  test('gives a span the very samples that it has in a read from the start', async () => {
    const whole = join(await read(MONO));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(80_000),
        fc.integer({ min: 1, max: 20_000 }),
        async (fromPosition, durationFrames) => {
          const blocks = await read(MONO, { fromPosition, durationFrames });
          expect(blocks[0]?.position).toBe(fromPosition);
          expect(join(blocks)).toEqual(whole.slice(fromPosition, fromPosition + durationFrames));
        },
      ),
      { numRuns: 5 },
    );
  });

  test('puts a sound that starts late at its time, with silence before it', async () => {
    const late = clip(
      'late.mkv',
      `${PICTURE} -itsoffset 0.5 -f lavfi -i aevalsrc=0.5*cos(2*PI*1000*t):s=48000:d=1 -c:a pcm_s16le OUT`,
    );
    const samples = join(await read(late));
    expect(firstLoud(samples)).toBe(24_000);
    expect(samples.slice(0, 24_000).every((sample) => sample === 0)).toBe(true);
    expect(samples).toHaveLength(72_000);
  });

  test('fills a gap with silence, so that what follows keeps its time', async () => {
    // One frame of audio lasts 20 ms here, so that the gap is cut exactly.
    const gap = clip(
      'gap.mkv',
      `${PICTURE} -f lavfi -i aevalsrc=0.5*cos(2*PI*1000*t):s=48000:d=2:n=960 -af aselect=not(between(t\\,0.5\\,1.19)) -c:a pcm_s16le OUT`,
    );
    const samples = join(await read(gap));
    expect(samples).toHaveLength(96_000);
    expect(Math.abs(firstLoud(samples, 25_000) - 57_600)).toBeLessThanOrEqual(2);
    expect(samples.slice(24_100, 57_500).every((sample) => sample === 0)).toBe(true);
  });

  test('gives one channel to both sides at full level, and mixes six down below full scale', async () => {
    const wave = '0.5*sin(2*PI*1000*t)';
    const mono = clip('one.mkv', `${PICTURE} -f lavfi -i aevalsrc=${wave}:s=48000:d=1 -c:a pcm_s16le OUT`);
    const blocks = await read(mono, { channelCount: 2 });
    expect(Math.max(...join(blocks, 0))).toBeCloseTo(0.5, 2);
    expect(join(blocks, 1)).toEqual(join(blocks, 0));
    const loud = Array.from({ length: 6 }, () => '0.99*sin(2*PI*1000*t)').join('|');
    const six = clip(
      'six.mkv',
      `${PICTURE} -f lavfi -i aevalsrc=${loud}:c=5.1:s=48000:d=1 -c:a pcm_s16le OUT`,
    );
    for (const channelCount of [1, 2] as const) {
      const peak = Math.max(...join(await read(six, { channelCount })));
      expect(peak).toBeGreaterThan(0.5);
      expect(peak).toBeLessThanOrEqual(1);
    }
  });

  test('gives nothing for a video without sound', async () => {
    expect(await read(clip('mute.mp4', `${PICTURE} OUT`))).toEqual([]);
  });

  test('ends FFmpeg when the consumer leaves', async () => {
    const before = children();
    for await (const block of readAudioBlocks(ffmpeg, MONO, { channelCount: 1, blockFrames: 480 })) {
      expect(block.position).toBe(0);
      break;
    }
    await until(() =>
      children()
        .filter((pid) => !before.includes(pid))
        .every((pid) => !isAlive(pid)),
    );
  });

  test.each([{ blockFrames: 0 }, { blockFrames: 1.5 }, { fromPosition: -1 }, { durationFrames: Number.NaN }])(
    'refuses %o at once',
    (wrong) => {
      expect(() => readAudioBlocks(ffmpeg, MONO, { channelCount: 1, blockFrames: 480, ...wrong })).toThrow(
        RangeError,
      );
    },
  );
});

/** The ids of the child processes that Node knows to be running. */
function children(): number[] {
  const handles = (process as unknown as { _getActiveHandles(): { pid?: number }[] })._getActiveHandles();
  return handles.flatMap((handle) =>
    handle.pid === undefined || handle.pid === process.pid ? [] : [handle.pid],
  );
}
