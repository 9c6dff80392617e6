import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import {
  atTheEnd,
  CAUSAL,
  clip,
  decodeSound,
  ffmpeg,
  folder,
  levelDb,
  livefoley,
  pictureHash,
  Running,
  said,
  sentence,
  type StartOptions,
} from './command.js';

const IS_LINUX = process.platform === 'linux';
const IS_POSIX = process.platform !== 'win32';

const good = clip('good.mp4', '-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264 -g 5 OUT');
const GOOD = { GOOD: good };

/** What is refused: code 3 (or another), one sentence, no file under the final name. */
async function refusal(
  input: string,
  options: StartOptions & { output?: string; code?: number } = {},
): Promise<string> {
  const { output = 'refused.wav', code = 3 } = options;
  const ended = await livefoley(['render', '-o', output, ...CAUSAL, '--', input], options);
  const text = sentence(ended);
  expect(ended.code, text).toBe(code);
  expect(existsSync(join(folder, output))).toBe(false);
  return text;
}

/** What is rendered: code 0, the picture copied, a sound of the right length; what was said besides. */
async function rendered(input: string, seconds: number, output = `${input}.out.mkv`): Promise<string[]> {
  const ended = await livefoley(['render', '-o', output, ...CAUSAL, '--', input]);
  expect(ended.code, ended.stderr).toBe(0);
  const path = join(folder, output);
  expect(pictureHash(path)).toBe(pictureHash(join(folder, input)));
  expect(Math.abs(decodeSound(path).length / 48_000 - seconds)).toBeLessThan(0.025);
  return said(ended);
}

describe('livefoley render, given what is no video,', () => {
  it('refuses a missing file', async () => {
    expect(await refusal('none.mp4')).toBe(
      'Cannot open none.mp4: expected a video file, found nothing there',
    );
    expect(await refusal('good.mp4/none.mp4')).toContain('found nothing there');
    expect(await refusal('')).toContain('received an empty text');
  });

  it('refuses a directory', async () => {
    mkdirSync(join(folder, 'directory.mp4'));
    expect(await refusal('directory.mp4')).toContain('expected a video file, found a directory');
  });

  it('refuses an empty file', async () => {
    writeFileSync(join(folder, 'empty.mp4'), '');
    expect(await refusal('empty.mp4')).toContain('expected a video file, found an empty file');
  });

  it('refuses a text renamed to mp4', async () => {
    writeFileSync(join(folder, 'text.mp4'), 'To be, or not to be, that is the question.\n'.repeat(20));
    expect(await refusal('text.mp4')).toMatch(
      /^Cannot (read|use) text\.mp4: expected a video, found (no media|a text)/,
    );
  });

  it('refuses a sound', async () => {
    clip('sound.mp4', '-f lavfi -i sine=d=1 -c:a aac OUT');
    expect(await refusal('sound.mp4')).toContain('it has no picture, only sound');
  });
});

describe('livefoley render takes', () => {
  it('one frame', async () => {
    clip('one.mp4', '-f lavfi -i testsrc2=s=64x48:r=25 -frames:v 1 -c:v libx264 OUT');
    await rendered('one.mp4', 0.04);
  });

  it('1x1, 333x217 and 7680x4320 pixels', async () => {
    clip('1x1.mkv', '-f lavfi -i testsrc2=s=64x48:r=25:d=0.4,scale=1:1 -c:v ffv1 OUT');
    clip('333x217.mkv', '-f lavfi -i testsrc2=s=333x217:r=25:d=0.4,format=yuv444p -c:v ffv1 OUT');
    clip('7680x4320.mkv', '-f lavfi -i color=red:s=7680x4320:r=5:d=0.4 -c:v mjpeg OUT');
    for (const name of ['1x1.mkv', '333x217.mkv', '7680x4320.mkv'])
      expect(await rendered(name, 0.4)).toEqual([]);
  });

  it('rotation metadata, and keeps it', async () => {
    clip('turned.mp4', '-i GOOD -c copy -metadata:s:v rotate=90 OUT', GOOD);
    await rendered('turned.mp4', 1, 'turned-out.mp4');
    const rotation = (name: string): string | undefined => {
      const { stderr } = spawnSync(ffmpeg.path, ['-hide_banner', '-i', `file:${join(folder, name)}`]);
      return /rotation of (\S+) degrees/.exec(stderr.toString())?.[1];
    };
    expect(rotation('turned.mp4')).toMatch(/^-?90/);
    expect(rotation('turned-out.mp4')).toBe(rotation('turned.mp4'));
  });

  it('an alpha channel', async () => {
    clip('alpha.mkv', '-f lavfi -i testsrc2=s=64x48:r=25:d=0.4,format=rgba,fade=out:alpha=1 -c:v ffv1 OUT');
    expect(await rendered('alpha.mkv', 0.4)).toEqual([]);
  });

  it('10 bits', async () => {
    clip('10-bit.mkv', '-f lavfi -i testsrc2=s=64x48:r=25:d=0.4,format=yuv420p10le -c:v ffv1 OUT');
    expect(await rendered('10-bit.mkv', 0.4)).toEqual([]);
  });

  it('interlaced pictures', async () => {
    clip(
      'interlaced.mkv',
      '-f lavfi -i testsrc2=s=64x48:r=50:d=1,interlace -flags +ilme+ildct -c:v mpeg2video OUT',
    );
    expect(await rendered('interlaced.mkv', 1)).toEqual([]);
  });

  it('a variable frame rate', async () => {
    const kept = 'between(n\\,0\\,4)+between(n\\,15\\,24)';
    clip('vfr.mkv', `-f lavfi -i testsrc2=s=64x48:r=25:d=1 -vf select=${kept} -vsync vfr -c:v mjpeg OUT`);
    expect(await rendered('vfr.mkv', 1)).toEqual([]);
  });

  it('timestamps that jump back', async () => {
    const whole = clip('forward.mkv', '-f lavfi -i testsrc2=s=64x48:r=25:d=1.6 -c:v mjpeg OUT');
    const jump = "setts=ts='if(gte(N,20),PTS-400,PTS)'";
    clip('jumping.mkv', `-i WHOLE -c copy -bsf:v ${jump} OUT`, { WHOLE: whole });
    const ended = await livefoley(['render', 'jumping.mkv', '-o', 'jumping.wav', ...CAUSAL]);
    expect(ended.code, ended.stderr).toBe(0);
    // The last picture is at 1.56 - 0.4 s.
    expect(decodeSound(join(folder, 'jumping.wav')).length / 48_000).toBeCloseTo(1.2, 1);
  });

  it('a clock that starts anew, as in joined transport streams: time goes on', async () => {
    const part = readFileSync(clip('part.ts', '-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v mpeg2video OUT'));
    writeFileSync(join(folder, 'joined.ts'), Buffer.concat([part, part]));
    const ended = await livefoley(['render', 'joined.ts', '-o', 'joined.wav', ...CAUSAL]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(decodeSound(join(folder, 'joined.wav')).length / 48_000).toBeCloseTo(2, 1);
  });

  it('a late start offset: silence until then, and the sound as late as the picture', async () => {
    clip(
      'late.mp4',
      '-itsoffset 0.6 -i GOOD -f lavfi -i sine=d=1.6 -map 0:v -map 1:a -c:v copy -c:a aac OUT',
      GOOD,
    );
    await rendered('late.mp4', 1.6, 'late-out.mp4');
    const sound = decodeSound(join(folder, 'late-out.mp4'));
    expect(levelDb(sound, [0, 0.55 * 48_000])).toBeLessThan(-80);
    expect(levelDb(sound, [0.6 * 48_000, 1.2 * 48_000])).toBeGreaterThan(-70);
    clip('offset.ts', '-i GOOD -c:v mpeg2video -output_ts_offset 5 OUT', GOOD);
    const ended = await livefoley(['render', 'offset.ts', '-o', 'offset.wav', ...CAUSAL]);
    expect(decodeSound(join(folder, 'offset.wav')).length / 48_000).toBeCloseTo(1, 1);
    expect(ended.code, ended.stderr).toBe(0);
  });

  it('a truncated file: what is there is rendered, and the damage is told', async () => {
    const whole = clip('whole.mkv', '-i GOOD -c copy OUT', GOOD);
    copyFileSync(whole, join(folder, 'cut.mkv'));
    truncateSync(join(folder, 'cut.mkv'), Math.floor(readFileSync(whole).length * 0.6));
    const ended = await livefoley(['render', 'cut.mkv', '-o', 'cut-out.mkv', ...CAUSAL]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(said(ended)).toEqual([
      expect.stringMatching(/^livefoley: cut\.mkv is damaged; \d+ pictures could be read/),
    ]);
    const seconds = decodeSound(join(folder, 'cut-out.mkv')).length / 48_000;
    expect(seconds).toBeGreaterThan(0.3);
    expect(seconds).toBeLessThan(0.9);
  });

  it('a truncated mp4 whose index came first; one whose index is lost is refused', async () => {
    const fast = clip('fast.mp4', '-i GOOD -c copy -movflags +faststart OUT', GOOD);
    for (const [name, from] of [
      ['cut-fast.mp4', fast],
      ['cut.mp4', good],
    ] as const) {
      copyFileSync(from, join(folder, name));
      truncateSync(join(folder, name), Math.floor(readFileSync(from).length * 0.6));
    }
    const ended = await livefoley(['render', 'cut-fast.mp4', '-o', 'cut-fast-out.mp4', ...CAUSAL]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(said(ended)[0]).toMatch(/^livefoley: cut-fast\.mp4 is damaged; \d+ pictures could be read/);
    expect(await refusal('cut.mp4')).toContain(
      'found no media that can be decoded (FFmpeg: moov atom not found)',
    );
  });
});

describe.runIf(IS_LINUX)(
  'livefoley render of an endless input (Linux: memory and processes are seen in /proc)',
  () => {
    const ENDLESS =
      '-v quiet -nostdin -f lavfi -i testsrc2=s=64x48:r=25 -c:v mpeg2video -f mpegts pipe:1'.split(' ');

    /** The heap as small as it may be, so that what grows is what is kept, not what waits to be collected. */
    const SMALL_HEAP = { NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=64' };

    /** Renders until six minutes of sound are done, then Ctrl-C. */
    async function interruptAfterSixMinutes(running: Running): Promise<void> {
      await running.says('Rendered 120.0 s');
      const earlier = running.residentMib();
      await running.says('Rendered 360.0 s');
      const later = running.residentMib();
      expect(earlier).toBeGreaterThan(50);
      expect(later).toBeLessThan(1000);
      // 240 s of pictures as the bundle sees them are 17 MiB, of sound 44 MiB.
      expect(later - earlier).toBeLessThan(30);
      running.child.kill('SIGINT');
      const { code, stderr } = await running.ended;
      expect(code).toBe(130);
      expect(stderr).toMatch(/\nlivefoley: Interrupted; nothing was left behind\n$/);
      expect(existsSync(join(folder, 'endless.flac'))).toBe(false);
    }

    it('from standard input stops at Ctrl-C, its memory bounded', async () => {
      const source = spawn(ffmpeg.path, ENDLESS, { stdio: ['ignore', 'pipe', 'ignore'] });
      try {
        const running = new Running(['render', '-', '-o', 'endless.flac', ...CAUSAL], {
          stdin: source.stdout,
          env: SMALL_HEAP,
        });
        source.stdout.destroy(); // Only our copy: or the source would outlive its reader.
        await interruptAfterSixMinutes(running);
      } finally {
        source.kill('SIGKILL');
      }
    });

    it('from a named pipe stops at Ctrl-C; one that ends is rendered from its first picture to its last', async () => {
      const pipe = join(folder, 'pipe.ts');
      execFileSync('mkfifo', [pipe]);
      const feed = (args: readonly string[]) =>
        spawn('sh', ['-c', 'exec "$@" > "$0"', pipe, ffmpeg.path, ...args], { stdio: 'ignore' });
      const source = feed(ENDLESS);
      try {
        const running = new Running(['render', 'pipe.ts', '-o', 'endless.flac', ...CAUSAL]);
        await running.says('Rendered');
        running.child.kill('SIGINT');
        expect((await running.ended).code).toBe(130);
      } finally {
        source.kill('SIGKILL');
      }
      const finite = feed(ENDLESS.map((word) => word.replace('r=25', 'r=25:d=3')));
      const ended = await livefoley(['render', 'pipe.ts', '-o', '-', ...CAUSAL]);
      finite.kill('SIGKILL');
      expect(ended.code, ended.stderr).toBe(0);
      expect(ended.stdout.length).toBe(3 * 48_000 * 4);
    });

    it('that can be read only once is refused where it would have to be read twice', async () => {
      const source = spawn(ffmpeg.path, ENDLESS, { stdio: ['ignore', 'pipe', 'ignore'] });
      const options = { stdin: source.stdout };
      expect(await refusal('-', { ...options, output: 'refused.mp4' })).toContain(
        'cannot be read a second time to copy it',
      );
      source.kill('SIGKILL');
      const empty = spawn('true', { stdio: ['ignore', 'pipe', 'ignore'] });
      expect(await refusal('-', { stdin: empty.stdout })).toMatch(
        /^Cannot read standard input: expected a video/,
      );
      const ended = await livefoley(['render', '-', '-o', 'refused.wav', '--mix', 'under', ...CAUSAL], {
        stdin: 0,
      });
      expect(ended.code).toBe(3);
    });
  },
);

describe('livefoley render to a place that cannot be written', () => {
  it('refuses a folder that is a file, a folder that is missing, and a folder as the file', async () => {
    expect(await refusal('good.mp4', { output: 'good.mp4/new.wav' })).toContain(
      'expected an existing folder',
    );
    expect(await refusal('good.mp4', { output: 'nowhere/new.wav' })).toContain('expected an existing folder');
    mkdirSync(join(folder, 'folder.wav'));
    const { code, stderr } = await livefoley([
      'render',
      'good.mp4',
      '-o',
      'folder.wav',
      '--force',
      ...CAUSAL,
    ]);
    expect([code, stderr]).toEqual([
      3,
      'livefoley: Cannot write folder.wav: expected a file name, found a directory\n',
    ]);
  });

  it.runIf(IS_LINUX)(
    'refuses a folder that takes no files (Linux: /proc, where root too is refused)',
    async () => {
      expect(await refusal('good.mp4', { output: '/proc/new.wav' })).toContain(
        'a folder in which files can be made',
      );
    },
  );

  it.skipIf(!IS_POSIX || process.getuid?.() === 0)(
    'refuses a folder without permission (POSIX, not as root)',
    async () => {
      mkdirSync(join(folder, 'closed'));
      chmodSync(join(folder, 'closed'), 0o500);
      expect(await refusal('good.mp4', { output: 'closed/new.wav' })).toContain('permission was denied');
    },
  );

  it.runIf(IS_POSIX)('stops at a limit of the size of files (POSIX: ulimit)', async () => {
    clip('minute.mp4', '-f lavfi -i testsrc2=s=64x48:r=5:d=30 -c:v libx264 OUT');
    const through = ['bash', '-c', 'ulimit -f 300; "$@"', 'bash'];
    for (const output of ['refused.wav', 'refused.mkv']) {
      const ended = await livefoley(['render', 'minute.mp4', '-o', output, ...CAUSAL], { through });
      expect(said(ended)).toEqual([
        expect.stringMatching(/^livefoley: Cannot write refused\.\w+: .*(larger|too large)/i),
      ]);
      expect(ended.code).toBe(3);
      expect(existsSync(join(folder, output))).toBe(false);
    }
  });

  const small = join(folder, 'small');
  mkdirSync(small);
  const canMount =
    IS_LINUX && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', small]).status === 0;
  if (canMount) atTheEnd(() => spawnSync('umount', [small]));

  it.runIf(canMount)(
    'stops when the disk is full, and when it is already (Linux: where tmpfs may be mounted)',
    async () => {
      clip('half-minute.mp4', '-f lavfi -i testsrc2=s=64x48:r=5:d=30 -c:v libx264 OUT');
      const full = (output: string): string => `livefoley: Cannot write ${output}: the disk is full`;
      for (const output of ['small/full.wav', 'small/full.mkv']) {
        const ended = await livefoley(['render', 'half-minute.mp4', '-o', output, ...CAUSAL]);
        expect([ended.code, said(ended)]).toEqual([3, [full(output)]]);
        expect(readdirSync(small)).toEqual([]);
      }
      spawnSync('dd', ['if=/dev/zero', `of=${join(small, 'filler')}`, 'bs=1k', 'count=999'], {
        stdio: 'ignore',
      });
      for (const output of ['small/full.wav', 'small/full.mp4']) {
        const ended = await livefoley(['render', 'good.mp4', '-o', output, ...CAUSAL]);
        expect([ended.code, said(ended)]).toEqual([3, [full(output)]]);
        expect(readdirSync(small)).toEqual(['filler']);
      }
    },
  );

  it.runIf(canMount)('refuses a disk that is read-only (Linux: where tmpfs may be mounted)', async () => {
    spawnSync('mount', ['-o', 'remount,ro', small]);
    expect(await refusal('good.mp4', { output: 'small/new.wav' })).toContain('permission was denied');
  });
});

it('livefoley render refuses a folder that holds no bundle', async () => {
  const ended = await livefoley([
    'render',
    'good.mp4',
    '-o',
    'none.mp4',
    '--device',
    'cpu',
    '--bundle',
    folder,
  ]);
  expect(sentence(ended)).toMatch(/^Cannot find bundle .*received the folder .* without one$/);
  expect([ended.code, existsSync(join(folder, 'none.mp4'))]).toEqual([4, false]);
});

describe('livefoley render and names made to deceive:', () => {
  it.each([
    ['a leading dash', '-v.mp4'],
    ['spaces', ' two  words .mp4'],
    ['a per cent sign', 'a%03d.mp4'],
    ['letters of any language', 'Übung 雨の音 🌧.mp4'],
    ['commas and equal signs', 'concat,a=b;[c].mp4'],
  ])('%s', async (_, name) => {
    copyFileSync(good, join(folder, name));
    expect(await rendered(name, 1, `${name}-out.mp4`)).toEqual([]);
  });

  it.runIf(IS_POSIX).each([
    ['quotes and dollars', `'"$(touch hacked)\`touch hacked\`.mp4`],
    ['a line end', 'one\nlivefoley: two.mp4'],
    ['a colon after what looks like a protocol', 'http:x.mp4'],
    ['a protocol of FFmpeg', 'concat:good.mp4|good.mp4'],
  ])('%s (POSIX: Windows allows no such name)', async (_, name) => {
    copyFileSync(good, join(folder, name));
    await rendered(name, 1, `${name}-out.mp4`);
    expect(existsSync(join(folder, 'hacked'))).toBe(false);
  });

  it('line ends and escapes of terminals are shown, not sent', async () => {
    const text = await refusal('no\nlivefoley: all is well\r\x1b[31m\u202e.mp4');
    expect(text).toContain('no\\nlivefoley: all is well\\r\\u001b[31m\\u202e.mp4: expected a video file');
  });

  it('addresses that are not to be opened', async () => {
    expect(await refusal('concat://good.mp4')).toMatch(
      /expected a file or one of http, .*, received concat:\/\//,
    );
    expect(await refusal('lavfi:testsrc2')).toContain('found nothing there');
    expect(await refusal('subfile,,start,0,end,0,,:good.mp4')).toContain('found nothing there');
    expect(await refusal('file://elsewhere/good.mp4')).toContain('names no local file');
    expect(await refusal('file:///%zz.mp4')).toContain('names no local file');
  });

  it('a playlist, also under the name of a video, opens no address and no file elsewhere', async () => {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret.ts`;
    const hls = (entry: string): string =>
      `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n${entry}\n#EXT-X-ENDLIST\n`;
    const lists = {
      'list.m3u8': hls(address),
      'disguised.mp4': hls(address),
      'text.m3u8': hls('file:///etc/passwd'),
      'address.ffconcat': `ffconcat version 1.0\nfile ${address}\n`,
      'absolute.ffconcat': 'ffconcat version 1.0\nfile /etc/passwd\n',
      'upwards.ffconcat': 'ffconcat version 1.0\nfile ../../../../etc/passwd\n',
    };
    try {
      for (const [name, text] of Object.entries(lists)) {
        writeFileSync(join(folder, name), text);
        expect(await refusal(name)).toMatch(
          new RegExp(`^Cannot read ${name}: expected a video, found no media`),
        );
      }
      expect(requests).toBe(0);
    } finally {
      server.close();
    }
  });

  it('a playlist of files beside it is rendered as one', async () => {
    writeFileSync(join(folder, 'beside.ffconcat'), 'ffconcat version 1.0\nfile good.mp4\nfile good.mp4\n');
    const ended = await livefoley(['render', 'beside.ffconcat', '-o', 'beside.wav', ...CAUSAL]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(decodeSound(join(folder, 'beside.wav')).length / 48_000).toBeCloseTo(2, 1);
  });
});
