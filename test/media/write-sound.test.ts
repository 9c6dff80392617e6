import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { isAtLeast } from '../../src/media/locate-ffmpeg.js';
import { inspectMedia } from '../../src/media/media-info.js';
import { readVideoFrames } from '../../src/media/read-video.js';
import { openSoundWriter, type SoundWriterOptions } from '../../src/media/write-sound.js';
import { LivefoleyError } from '../../src/stream/errors.js';
import { clip, collect, decodeSound, ffmpeg, folder, turnedBy } from './clips.js';

const FLASH =
  "-f lavfi -i color=black:s=64x36:r=30:d=6,drawbox=c=white:t=fill:enable='between(t,2.99,3.3)' -pix_fmt yuv420p";
const flash = clip('flash.mp4', `${FLASH} -c:v libx264 -g 60 -bf 3 OUT`);
const flashVp8 = clip('flash.webm', `${FLASH} -c:v libvpx -g 60 OUT`);

/** Silence with a click at a position. */
function clickAt(position: number, frames: number): Float32Array {
  const samples = new Float32Array(frames);
  samples.fill(0.9, position, position + 480);
  return samples;
}

async function write(
  options: Omit<SoundWriterOptions, 'channelCount'>,
  samples: Float32Array,
  blockFrames = 4800,
) {
  await using writer = await openSoundWriter(ffmpeg, { channelCount: 1, ...options });
  for (let position = 0; position < samples.length; position += blockFrames) {
    await writer.write({ position, channels: [samples.subarray(position, position + blockFrames)] });
  }
  return { loudness: await writer.finish(), leadSeconds: writer.leadSeconds };
}

/** Where the first white picture lies, and where the first loud sample. */
async function flashAndClick(path: string): Promise<{ flash: number | undefined; click: number }> {
  const frames = await collect(readVideoFrames(ffmpeg, path, { width: 4, height: 4 }));
  const white = frames.find((frame) => (frame.data[0] ?? 0) > 128);
  return { flash: white?.position, click: decodeSound(path).findIndex((sample) => Math.abs(sample) > 0.4) };
}

async function failure(promise: Promise<unknown>): Promise<LivefoleyError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LivefoleyError);
  return error as LivefoleyError;
}

/** A fresh folder, to see that nothing is left in it. */
function emptyFolder(): string {
  return mkdtempSync(join(folder, 'out '));
}

describe('openSoundWriter() keeps picture and sound together', () => {
  for (const suffix of ['.mp4', '.mov', '.mkv', '.webm']) {
    const input = suffix === '.webm' ? flashVp8 : flash;

    test(`the whole of a video in ${suffix}`, async () => {
      const outputPath = join(emptyFolder(), `whole${suffix}`);
      await write({ input, outputPath }, clickAt(3 * 48_000, 6 * 48_000));
      const { flash: white, click } = await flashAndClick(outputPath);
      expect(white).toBeDefined();
      expect(Math.abs(click - (white ?? 0))).toBeLessThanOrEqual(48);
    });

    test(`a span from between two key pictures in ${suffix}`, async () => {
      const outputPath = join(emptyFolder(), `span${suffix}`);
      const samples = clickAt(0.5 * 48_000, 2 * 48_000);
      const { leadSeconds } = await write(
        { input, outputPath, startSeconds: 2.5, durationSeconds: 2 },
        samples,
      );
      const { flash: white, click } = await flashAndClick(outputPath);
      expect(Math.abs(click - (white ?? 0))).toBeLessThanOrEqual(48);
      expect(leadSeconds).toBeCloseTo(suffix === '.mkv' || suffix === '.webm' ? 0.5 : 0, 2);
      expect(white).toBeCloseTo((0.5 + leadSeconds) * 48_000, -2);
    });
  }

  test('the picture is copied bit for bit, and the old sound is gone', async () => {
    const sounding = clip(
      'sounding.mp4',
      '-f lavfi -i testsrc2=s=64x36:d=1 -f lavfi -i sine=d=1 -c:a aac OUT',
    );
    const outputPath = join(emptyFolder(), 'copy.mp4');
    await write({ input: sounding, outputPath }, new Float32Array(48_000));
    const before = await collect(readVideoFrames(ffmpeg, sounding, { width: 64, height: 36 }));
    const after = await collect(readVideoFrames(ffmpeg, outputPath, { width: 64, height: 36 }));
    expect(after).toEqual(before);
    expect(Math.max(...decodeSound(outputPath).map(Math.abs))).toBeLessThan(0.001);
  });

  test('rotation and colour stay', async () => {
    const flat = clip(
      'flat.mp4',
      '-f lavfi -i testsrc2=s=64x36:d=0.2 -c:v libx264 -colorspace bt709 -color_trc bt709 -color_primaries bt709 OUT',
    );
    const turned = clip('turned.mp4', `${turnedBy(90)} OUT`, { CLIP: flat });
    const outputPath = join(emptyFolder(), 'turned.mov');
    await write({ input: turned, outputPath }, new Float32Array(9600));
    const info = await inspectMedia(ffmpeg, outputPath);
    expect(info.video).toEqual((await inspectMedia(ffmpeg, turned)).video);
    expect([info.video.width, info.video.height]).toEqual([36, 64]);
  });

  test('a rotation that the container would lose is said before the work, or else it stays', async () => {
    const flat = clip('level.mp4', '-f lavfi -i testsrc2=s=64x36:d=0.2 -c:v libx264 OUT');
    const input = clip('tilted.mp4', `${turnedBy(90)} OUT`, { CLIP: flat });
    const outputPath = join(emptyFolder(), 'tilted.mkv');
    const writing = write({ input, outputPath }, new Float32Array(9600));
    if (isAtLeast(ffmpeg, { major: 6, minor: 1 })) {
      await writing;
      expect((await inspectMedia(ffmpeg, outputPath)).video).toMatchObject({ width: 36, height: 64 });
    } else {
      expect((await failure(writing)).message).toMatch(/would lose the rotation.*use \.mp4 or \.mov/);
    }
  });
});

describe('openSoundWriter() keeps the samples', () => {
  const samples = Float32Array.from({ length: 5_000 }, (_, index) => Math.sin(index / 7) * 0.5);

  for (const suffix of ['.wav', '.flac']) {
    test(`${suffix} holds every sample to 24 bits, whatever the split into blocks`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 3_000 }),
          fc.integer({ min: 32, max: 5_000 }),
          async (block, length) => {
            const outputPath = join(emptyFolder(), `samples${suffix}`);
            await write({ outputPath }, samples.subarray(0, length), block);
            const written = decodeSound(outputPath, 1, 'anull');
            expect(written.length).toBe(length);
            const worst = written.reduce(
              (most, value, index) => Math.max(most, Math.abs(value - (samples[index] ?? 9))),
              0,
            );
            expect(worst).toBeLessThanOrEqual(2 ** -23);
          },
        ),
        { numRuns: 6 },
      );
    });
  }

  test('.opus begins and ends where the sound does', async () => {
    const outputPath = join(emptyFolder(), 'sound.opus');
    await write({ outputPath }, clickAt(24_000, 48_000));
    const written = decodeSound(outputPath);
    expect(written.length).toBe(48_000);
    expect(Math.abs(written.findIndex((sample) => sample > 0.4) - 24_000)).toBeLessThanOrEqual(48);
  });

  test('- is interleaved little-endian float, untouched', async () => {
    const parts: Buffer[] = [];
    const standardOutput = new PassThrough();
    standardOutput.on('data', (part: Buffer) => parts.push(Buffer.from(part)));
    await using writer = await openSoundWriter(ffmpeg, { outputPath: '-', channelCount: 2, standardOutput });
    await writer.write({
      position: 0,
      channels: [Float32Array.of(0.1, 0.2, 0.3), Float32Array.of(-0.1, -0.2, -0.3)],
    });
    await writer.finish();
    const bytes = Buffer.concat(parts);
    const values = Array.from({ length: 6 }, (_, index) => bytes.readFloatLE(index * 4));
    expect(values).toEqual([0.1, -0.1, 0.2, -0.2, 0.3, -0.3].map(Math.fround));
  });

  test('a reader of - that leaves stops the writing without an error', async () => {
    const standardOutput = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
    });
    await using writer = await openSoundWriter(ffmpeg, { outputPath: '-', channelCount: 1, standardOutput });
    await writer.write({ position: 0, channels: [new Float32Array(480)] });
    expect(writer.readerHasGone).toBe(true);
    await writer.write({ position: 480, channels: [new Float32Array(480)] });
    await writer.finish();
  });
});

describe('finish() measures', () => {
  test('loudness and true peak of the sound before it is encoded', async () => {
    // ITU-R BS.1770: a 997 Hz sine at 0 dBFS in one channel is -3.01 LUFS.
    const sine = Float32Array.from({ length: 96_000 }, (_, index) =>
      Math.sin((2 * Math.PI * 997 * index) / 48_000),
    );
    const { loudness } = await write({ outputPath: join(emptyFolder(), 'sine.opus') }, sine);
    expect(loudness.loudnessLufs).toBeCloseTo(-3.0, 0);
    expect(loudness.peakDbtp).toBeCloseTo(0, 0);
  });

  test('silence and very short sounds give null, not a number that looks measured', async () => {
    const silent = await write({ outputPath: join(emptyFolder(), 'silent.wav') }, new Float32Array(96_000));
    expect(silent.loudness).toEqual({ loudnessLufs: null, peakDbtp: null });
    const short = await write(
      { outputPath: join(emptyFolder(), 'short.wav') },
      new Float32Array(4_800).fill(0.5),
    );
    expect(short.loudness.loudnessLufs).toBeNull();
    expect(short.loudness.peakDbtp).toBeCloseTo(-6, 0);
  });
});

describe('openSoundWriter() says before the work begins', () => {
  test('that a suffix is unknown, and which are known', async () => {
    const error = await failure(
      openSoundWriter(ffmpeg, { outputPath: join(folder, 'x.avi'), channelCount: 1 }),
    );
    expect(error.place).toBe('usage');
    expect(error.message).toMatch(/\.mp4.*received \.avi$/);
  });

  test('that the container cannot hold the picture, and which can', async () => {
    const out = emptyFolder();
    const error = await failure(
      openSoundWriter(ffmpeg, { input: flash, outputPath: join(out, 'x.webm'), channelCount: 1 }),
    );
    expect(error.place).toBe('output');
    expect(error.message).toMatch(/cannot hold h264 video; use \.mp4 or \.mov or \.mkv/);
    expect(readdirSync(out)).toEqual([]);
  });

  test('that the output exists, unless forced', async () => {
    const outputPath = join(emptyFolder(), 'here.wav');
    writeFileSync(outputPath, 'precious');
    const error = await failure(openSoundWriter(ffmpeg, { outputPath, channelCount: 1 }));
    expect(error.place).toBe('output');
    expect(error.message).toMatch(/exists already.*--force/);
    expect(readFileSync(outputPath, 'utf8')).toBe('precious');
    await write({ outputPath, force: true }, new Float32Array(4_800));
    expect(statSync(outputPath).size).toBeGreaterThan(4_800 * 3);
  });

  test('that the output is the input, also by a link or another spelling, also when forced', async () => {
    const out = emptyFolder();
    const input = join(out, 'in.mp4');
    writeFileSync(input, readFileSync(flash));
    symlinkSync(input, join(out, 'soft.mp4'));
    linkSync(input, join(out, 'hard.mp4'));
    const names = [input, join(out, 'soft.mp4'), join(out, 'hard.mp4'), relative(process.cwd(), input)];
    for (const outputPath of names) {
      const error = await failure(
        openSoundWriter(ffmpeg, { input, outputPath, channelCount: 1, force: true }),
      );
      expect(error.message).toMatch(/it is the input itself/);
    }
    expect(readFileSync(input)).toEqual(readFileSync(flash));
  });

  test('that the folder is missing, or the output is one', async () => {
    const missing = await failure(
      openSoundWriter(ffmpeg, { outputPath: join(folder, 'no', 'x.wav'), channelCount: 1 }),
    );
    expect(missing.message).toMatch(/expected an existing folder/);
    mkdirSync(join(folder, 'dir.wav'));
    const directory = await failure(
      openSoundWriter(ffmpeg, { outputPath: join(folder, 'dir.wav'), channelCount: 1, force: true }),
    );
    expect(directory.message).toMatch(/found a directory/);
  });

  test('that there is no picture for a video output', async () => {
    const error = await failure(
      openSoundWriter(ffmpeg, { outputPath: join(folder, 'x.mp4'), channelCount: 1 }),
    );
    expect(error.message).toMatch(/no picture to copy/);
  });
});

describe('a sound that is not finished', () => {
  test('leaves nothing behind when aborted, disposed of, or stopped by the signal', async () => {
    const out = emptyFolder();
    const stop = new AbortController();
    const block = { position: 0, channels: [new Float32Array(4_800)] };
    {
      await using writer = await openSoundWriter(ffmpeg, { outputPath: join(out, 'a.wav'), channelCount: 1 });
      await writer.write(block);
      expect(readdirSync(out)).toHaveLength(1);
      expect(existsSync(join(out, 'a.wav'))).toBe(false);
    }
    expect(readdirSync(out)).toEqual([]);
    const stopped = await openSoundWriter(ffmpeg, {
      outputPath: join(out, 'b.wav'),
      channelCount: 1,
      signal: stop.signal,
    });
    await stopped.write(block);
    stop.abort(new Error('stopped'));
    await expect(stopped.write(block)).rejects.toThrow('stopped');
    await stopped.abort();
    expect(readdirSync(out)).toEqual([]);
  });

  test('gives a clear error when a block has the wrong shape', async () => {
    await using writer = await openSoundWriter(ffmpeg, {
      outputPath: join(emptyFolder(), 'x.wav'),
      channelCount: 2,
    });
    await expect(writer.write({ position: 0, channels: [new Float32Array(4)] })).rejects.toThrow(RangeError);
  });

  test('does not replace a file that has appeared meanwhile', async () => {
    const outputPath = join(emptyFolder(), 'x.wav');
    await using writer = await openSoundWriter(ffmpeg, { outputPath, channelCount: 1 });
    await writer.write({ position: 0, channels: [new Float32Array(4_800)] });
    writeFileSync(outputPath, 'mine');
    expect((await failure(writer.finish())).message).toMatch(/appeared meanwhile/);
    expect(readFileSync(outputPath, 'utf8')).toBe('mine');
    expect(readdirSync(join(outputPath, '..'))).toEqual(['x.wav']);
  });
});
