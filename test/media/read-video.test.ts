import { execFileSync, spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { inspectMedia } from '../../src/media/media-info.js';
import { readVideoFrames, type ReadVideoOptions } from '../../src/media/read-video.js';
import { LivefoleyError } from '../../src/stream/errors.js';
import type { VideoFrame } from '../../src/stream/video-frame.js';
import { clip, collect, digest, ffmpeg, folder, turnedBy, VARIABLE_RATE } from './clips.js';

async function read(path: string, options: Partial<ReadVideoOptions> = {}): Promise<readonly VideoFrame[]> {
  return collect(readVideoFrames(ffmpeg, path, { width: 16, height: 9, ...options }));
}

function positionsOf(frames: readonly VideoFrame[]): number[] {
  return frames.map((frame) => frame.position);
}

/** Red, green and blue of the picture's first point. */
function colourOf(frame: VideoFrame | undefined): number[] {
  return Array.from(frame?.data.subarray(0, 3) ?? []);
}

async function failure(promise: Promise<unknown>): Promise<LivefoleyError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LivefoleyError);
  return error as LivefoleyError;
}

describe('readVideoFrames() gives each picture its own time', () => {
  test.each([
    ['23.976', '24000/1001'],
    ['25', '25'],
    ['29.97', '30000/1001'],
    ['50', '50'],
    ['59.94', '60000/1001'],
  ])('at %s pictures a second', async (name, rate) => {
    const path = clip(`rate${name}.mp4`, `-f lavfi -i testsrc2=s=32x18:r=${rate}:d=1 OUT`);
    const [numerator = 0, denominator = 1] = rate.split('/').map(Number);
    const frames = await read(path);
    expect(frames).toHaveLength(Math.ceil(numerator / denominator));
    expect(positionsOf(frames)).toEqual(
      frames.map((_, index) => Math.round((index * 48_000 * denominator) / numerator)),
    );
  });

  test('at a variable rate, where a bare pipe would repeat and drop', async () => {
    // Pictures 0, 1, 2, 10, 11, 29 of 30 a second.
    const kept = 'eq(n,0)+eq(n,1)+eq(n,2)+eq(n,10)+eq(n,11)+eq(n,29)'.replaceAll(',', '\\,');
    // The n-th picture is a grey of 8 n, so that a time that belongs to another picture shows.
    const source = '-f lavfi -i color=black:s=16x16:r=30:d=1,format=gray,geq=lum=8*N';
    const path = clip('vfr.mkv', `${source} -vf select=${kept} ${VARIABLE_RATE} -c:v ffv1 -pix_fmt gray OUT`);
    const frames = await read(path);
    const numbers = [0, 1, 2, 10, 11, 29];
    expect(positionsOf(frames)).toEqual(numbers.map((n) => Math.round((n * 1000) / 30) * 48));
    expect(frames.map((frame) => frame.data[0])).toEqual(numbers.map((n) => 8 * n));
  });

  test('when the picture starts later than the sound', async () => {
    const both = clip('both.mp4', '-f lavfi -i testsrc2=s=32x18:r=30:d=1 -f lavfi -i sine=d=2 OUT');
    const path = clip('late.mp4', '-itsoffset 0.4 -i BOTH -i BOTH -map 0:v -map 1:a -c copy OUT', {
      BOTH: both,
    });
    expect(positionsOf(await read(path)).slice(0, 2)).toEqual([19_200, 20_800]);
  });

  test('when an edit list hides the first pictures', async () => {
    const whole = clip('gop.mp4', '-f lavfi -i testsrc2=s=32x18:r=30:d=3 -c:v libx264 -g 30 -bf 2 OUT');
    const cut = clip('cut.mp4', '-ss 1.5 -i GOP -c copy OUT', { GOP: whole });
    const expected = (await read(whole)).slice(45);
    const frames = await read(cut);
    expect(positionsOf(frames)[0]).toBe(0);
    expect(frames.map((frame) => frame.data)).toEqual(expected.map((frame) => frame.data));
  });

  test('when times repeat or jump back: they are passed on as they come', async () => {
    const whole = clip('forward.mkv', '-f lavfi -i testsrc2=s=32x18:r=30:d=1 -c:v mjpeg OUT');
    const path = clip('jumping.mkv', "-i WHOLE -c copy -bsf:v setts=ts='if(gte(N,15),PTS-400,PTS)' OUT", {
      WHOLE: whole,
    });
    const positions = positionsOf(await read(path));
    expect(positions).toHaveLength(30);
    const joined = positions.join(' ');
    expect(
      positions.some((position, index) => index > 0 && position <= (positions[index - 1] ?? 0)),
      joined,
    ).toBe(true);
  });

  test('in a transport stream, whose clock starts anywhere', async () => {
    const path = clip('stream.ts', '-f lavfi -i testsrc2=s=32x18:r=25:d=1 -c:v mpeg2video OUT');
    expect(positionsOf(await read(path)).slice(0, 3)).toEqual([0, 1920, 3840]);
  });
});

describe('readVideoFrames() from a position', () => {
  const CLIPS: Readonly<Record<string, string>> = {
    'long.mp4': '-c:v libx264 -g 40 -bf 3',
    'open.mp4': '-c:v libx264 -g 40 -bf 3 -x264-params open-gop=1',
    'refresh.mp4': '-c:v libx264 -g 40 -x264-params intra-refresh=1',
    'open.mkv': '-c:v libx264 -g 40 -bf 3 -x264-params open-gop=1',
    'refresh.mkv': '-c:v libx264 -g 40 -x264-params intra-refresh=1',
    'long.mkv': '-c:v libx264 -g 40 -bf 3',
    'hevc.mkv': '-c:v libx265 -g 40 -x265-params log-level=error:open-gop=1',
    'long.webm': '-c:v libvpx -g 40',
    'mpeg4.mov': '-c:v mpeg4 -g 40 -bf 2',
    'long.ts': '-c:v libx264 -g 40 -bf 3',
    'long.avi': '-c:v mpeg4 -g 40',
  };

  for (const [name, codec] of Object.entries(CLIPS)) {
    test(`starts with the newest picture not later than it, byte for byte as from the start: ${name}`, async () => {
      const path = clip(name, `-f lavfi -i testsrc2=s=64x36:r=24:d=5 ${codec} -pix_fmt yuv420p OUT`);
      const info = await inspectMedia(ffmpeg, path);
      const whole = await read(path, { info });
      const positions = [0, 1, 1999, 2000, 47_999, 79_000, 96_001, 158_000, 160_000, 239_000, 400_000];
      for (const fromPosition of positions) {
        const start = whole.filter((frame) => frame.position <= fromPosition).length - 1;
        const expected = whole.slice(Math.max(0, start)).map(digest);
        expect((await read(path, { fromPosition, info })).map(digest), `from ${fromPosition}`).toEqual(
          expected,
        );
      }
    });
  }

  test('looks further back where pictures are sparse', async () => {
    const path = clip(
      'sparse.mkv',
      `-f lavfi -i testsrc2=s=32x18:r=1/20:d=60 -c:v mjpeg ${VARIABLE_RATE} OUT`,
    );
    const frames = await read(path, { fromPosition: 59 * 48_000 });
    expect(positionsOf(frames)).toEqual([40 * 48_000]);
  });

  test('ends before the first picture past the duration', async () => {
    const path = clip('ten.mp4', '-f lavfi -i testsrc2=s=32x18:r=10:d=2 OUT');
    const frames = await read(path, { fromPosition: 24_000, durationFrames: 9_600 });
    expect(positionsOf(frames)).toEqual([24_000, 28_800]);
  });

  test('gives the same pictures as from the start, for any sequence of picture times', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 0, max: 89 }), { minLength: 2, maxLength: 12 }),
        fc.nat(150_000),
        async (numbers, fromPosition) => {
          const kept = numbers.map((n) => `eq(n\\,${n})`).join('+');
          const source = '-f lavfi -i testsrc2=s=32x18:r=30:d=3';
          const path = clip(
            'any.mp4',
            `${source} -vf select=${kept} ${VARIABLE_RATE} -g 4 -video_track_timescale 30000 OUT`,
          );
          const whole = await read(path);
          const start = Math.max(0, whole.filter((frame) => frame.position <= fromPosition).length - 1);
          expect((await read(path, { fromPosition })).map(digest)).toEqual(whole.slice(start).map(digest));
        },
      ),
      { numRuns: 8 },
    );
  });
});

describe('readVideoFrames() reads', () => {
  test.each([
    ['a single point', 'size1.mkv', 'color=red:s=2x2:r=5:d=1,format=rgb24,crop=1:1', '-c:v png'],
    ['odd sizes', 'odd.mkv', 'testsrc2=s=333x217:r=5:d=1', '-c:v libx264 -pix_fmt yuv444p'],
    [
      'ten bits',
      'ten bit.mkv',
      'testsrc2=s=64x36:r=5:d=1',
      '-c:v libx265 -pix_fmt yuv420p10le -x265-params log-level=error',
    ],
    [
      'interlaced pictures',
      'fields.mkv',
      'testsrc2=s=64x36:r=5:d=1',
      '-c:v mpeg2video -flags +ilme+ildct -r 25',
    ],
  ])('%s', async (_, name, source, codec) => {
    const frames = await read(clip(name, `-f lavfi -i ${source} ${codec} OUT`));
    expect(frames.length).toBeGreaterThanOrEqual(5);
    for (const frame of frames) expect(frame).toMatchObject({ width: 16, height: 9, format: 'rgb24' });
    expect(frames[0]?.data).toHaveLength(16 * 9 * 3);
  });

  test('8K', async () => {
    const path = clip('8k.mkv', '-f lavfi -i color=red:s=7680x4320:r=1:d=1 -c:v mjpeg OUT');
    const [red = 0, green = 255] = colourOf((await read(path))[0]);
    expect(red).toBeGreaterThan(240);
    expect(green).toBeLessThan(12);
  });

  test('transparency over black', async () => {
    const path = clip(
      'alpha.mov',
      '-f lavfi -i color=white@0.0:s=32x18:r=5:d=0.4,format=rgba -c:v qtrle OUT',
    );
    expect(colourOf((await read(path))[0])).toEqual([0, 0, 0]);
  });

  test('pictures upright', async () => {
    const left = '-f lavfi -i color=black:s=64x32:r=5:d=0.4,drawbox=w=32:c=white:t=fill -pix_fmt yuv420p';
    const flat = clip('left.mp4', `${left} OUT`);
    const turned = clip('upright.mp4', `${turnedBy(90)} OUT`, { CLIP: flat });
    const bright = ({ data }: VideoFrame) =>
      [data[0], data[2 * 3], data[8 * 3 * 4]].map((value) => (value ?? 0) > 128);
    const [before] = await read(flat, { width: 4, height: 8 });
    const [after] = await read(turned, { width: 4, height: 8 });
    // The white left half has become the upper or the lower half.
    expect(before && bright(before)[0]).not.toBe(before && bright(before)[1]);
    expect(after && bright(after)[0]).toBe(after && bright(after)[1]);
  });

  test('a still picture as one frame, whatever its name', async () => {
    const path = clip('still.png', '-f lavfi -i color=blue:s=32x18 -frames:v 1 OUT');
    const strange = join(folder, 'a%d:b.png');
    writeFileSync(strange, readFileSync(path));
    for (const name of [path, strange]) {
      const frames = await read(name);
      expect(frames).toHaveLength(1);
      expect(colourOf(frames[0])).toEqual([0, 0, 254].map((value) => expect.closeTo(value, -1)));
    }
  });

  test('a video whose name begins with a dash', async () => {
    const path = clip('named.mp4', '-f lavfi -i testsrc2=s=32x18:r=5:d=0.4 OUT');
    const odd = join(folder, '-y.mp4');
    writeFileSync(odd, readFileSync(path));
    const here = process.cwd();
    // A forked worker may change its folder.
    process.chdir(folder);
    try {
      expect(await read('-y.mp4')).toHaveLength(2);
    } finally {
      process.chdir(here);
    }
  });
});

describe('readVideoFrames() with damage', () => {
  test('gives the pictures there are and says what is wrong', async () => {
    const whole = clip('whole.mkv', '-f lavfi -i testsrc2=s=320x180:r=30:d=2 -c:v libx264 OUT');
    const path = join(folder, 'truncated.mkv');
    const bytes = readFileSync(whole);
    writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
    const warnings: string[] = [];
    const frames = await read(path, { onWarning: (message) => warnings.push(message) });
    expect(frames.length).toBeGreaterThan(5);
    expect(frames.length).toBeLessThan(60);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('truncated.mkv is damaged');
  });

  test('does not warn about a good file', async () => {
    const warnings: string[] = [];
    await read(clip('good.mp4', '-f lavfi -i testsrc2=s=32x18:r=5:d=1 OUT'), {
      onWarning: (text) => warnings.push(text),
    });
    expect(warnings).toEqual([]);
  });

  test('fails where there is no picture at all to decode', async () => {
    const whole = clip(
      'front.mp4',
      '-f lavfi -i testsrc2=s=320x180:r=30:d=1 -c:v libx264 -movflags +faststart OUT',
    );
    const bytes = readFileSync(whole);
    const path = join(folder, 'headonly.mp4');
    writeFileSync(path, bytes.subarray(0, bytes.indexOf('mdat') + 8));
    const error = await failure(read(path));
    expect(error.place).toBe('input');
    expect(error.message).toContain('headonly.mp4');
  });
});

describe('readVideoFrames() and its consumer', () => {
  /** Pictures of 150 kB without end, through a named pipe. */
  function endless(name: string) {
    const path = join(folder, name);
    execFileSync('mkfifo', [path]);
    const args = [
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=224x224:r=30',
      '-c:v',
      'mjpeg',
      '-f',
      'nut',
      path,
    ];
    const writer = spawn(ffmpeg.path, args, { stdio: 'ignore' });
    const ended = new Promise<void>((resolve) => writer.once('exit', () => resolve()));
    return { path, writer, ended };
  }

  test.skipIf(process.platform === 'win32')('waits: a consumer that stops stops the decoder', async () => {
    const { path, writer, ended } = endless('slow.nut');
    const frames = readVideoFrames(ffmpeg, path, { width: 224, height: 224 })[Symbol.asyncIterator]();
    const first = await frames.next();
    expect(first.done).toBe(false);
    // Without a consumer the pipes fill, and then nobody works; two seconds are far more than that takes.
    let before = -1;
    for (let tries = 0, quiet = 0; tries < 20 && quiet < 3; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const used = processorTicks(writer.pid ?? 0);
      quiet = used > 0 && used === before ? quiet + 1 : 0;
      before = used;
    }
    writer.kill('SIGKILL');
    await ended;
    // What had been made is still there, without a hole, and little.
    const rest = await collect({ [Symbol.asyncIterator]: () => frames });
    expect(positionsOf(rest)).toEqual(rest.map((_, index) => 1600 * (index + 1)));
    expect(rest.length).toBeLessThan(60);
  });

  test.skipIf(process.platform === 'win32')('leaves at once, and FFmpeg with it', async () => {
    const { path, ended } = endless('leave.nut');
    for await (const frame of readVideoFrames(ffmpeg, path, { width: 8, height: 8 })) {
      if (frame.position > 0) break;
    }
    // With its only reader gone the writer of the pipe ends.
    await ended;
  });

  test.skipIf(process.platform === 'win32')(
    'leaves while waiting for a picture that never comes',
    async () => {
      const path = join(folder, 'stalled.nut');
      execFileSync('mkfifo', [path]);
      const stop = new AbortController();
      const frames = readVideoFrames(ffmpeg, path, { width: 8, height: 8, signal: stop.signal })[
        Symbol.asyncIterator
      ]();
      const pending = frames.next();
      // Opening for reading and writing neither waits nor sends.
      openSync(path, 'r+');
      stop.abort(new Error('enough'));
      await expect(pending).rejects.toThrow('enough');

      const again = readVideoFrames(ffmpeg, path, { width: 8, height: 8 })[Symbol.asyncIterator]();
      const waiting = again.next();
      await again.return?.();
      expect((await waiting).done).toBe(true);
    },
  );

  test('refuses an aborted signal and a wrong size', async () => {
    const path = clip('small.mp4', '-f lavfi -i testsrc2=s=32x18:r=5:d=1 OUT');
    await expect(read(path, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    for (const width of [0, -1, 1.5, Number.NaN]) {
      expect(() => readVideoFrames(ffmpeg, path, { width, height: 9 })).toThrow(RangeError);
    }
  });
});

/** Processor time that a process has used, in ticks of the kernel (Linux), else 0. */
function processorTicks(pid: number): number {
  if (process.platform !== 'linux') return 0;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
