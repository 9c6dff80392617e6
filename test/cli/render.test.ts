import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import {
  CAUSAL,
  clip,
  COMMAND,
  decodeSound,
  ffmpeg,
  folder,
  lagSeconds,
  levelDb,
  livefoley,
  onsetSeconds,
  pictureHash,
  pictureStartSeconds,
  Running,
  said,
  samplesOf,
  soundFromZero,
  until,
  WINDOW,
} from './command.js';

const RATE = 48_000;

/** Grey but for what moves from 2 to 2.5 s: its sound begins at 2 s. */
const EVENT_SECONDS = 2;
const EVENT = `-f lavfi -i color=gray:s=64x48:r=30:d=2 -f lavfi -i testsrc2=s=64x48:r=30:d=0.5
  -f lavfi -i color=gray:s=64x48:r=30:d=1.5 -filter_complex [0][1][2]concat=n=3,format=yuv420p`;
const event = clip('event.mp4', `${EVENT} -c:v libx264 -g 30 -bf 2 OUT`);
/** Where the event is heard. Unit: audio frames. */
const HEARD = [1.9 * RATE, 3 * RATE] as const;
const eventVp8 = clip('event.webm', `${EVENT} -c:v libvpx -g 30 OUT`);

/** Moves all the time. */
const moving = clip('moving.mp4', '-f lavfi -i testsrc2=s=64x48:r=25:d=6 -c:v libx264 -g 25 OUT');

/** The same for 4 s, with a sound of its own: silence, then from 2 s on a tone in the left channel. */
const sounding = clip(
  'sounding.mp4',
  `-i MOVING -f lavfi -i aevalsrc=0.25*sin(2*PI*3000*t)*gte(t\\,2)|0:s=48000:d=4 -t 4 -c:v copy -c:a aac -b:a 256k OUT`,
  { MOVING: moving },
);

type Report = Record<string, unknown> & {
  readonly laneRestarts: number;
  readonly chunkMs: Record<string, number>;
  readonly seams: Record<string, number>;
};

/** The sound as it leaves through `-o -`. */
async function pcm(args: readonly string[]): Promise<Buffer> {
  const ended = await livefoley(['render', '-o', '-', ...args]);
  expect(ended.code, ended.stderr).toBe(0);
  return ended.stdout;
}

function bytesOf(sound: Float32Array, count: number): Buffer {
  return Buffer.from(sound.buffer, sound.byteOffset, count * sound.BYTES_PER_ELEMENT);
}

function whatFfmpegSays(path: string): string {
  const shell = `"$0" -hide_banner -nostdin -i "file:$1" 2>&1 || true`;
  return execFileSync('sh', ['-c', shell, ffmpeg.path, path], { encoding: 'utf8' });
}

describe('livefoley render -o', () => {
  let reference: Float32Array;

  beforeAll(async () => {
    reference = samplesOf(await pcm([event, ...CAUSAL]));
  });

  it('- writes 48 kHz PCM as long as the picture, its sound at the time of the event', () => {
    expect(reference.length).toBe(4 * RATE);
    // What the decoder lets sound before an event is shorter than its delay of 5 ms.
    expect(Math.abs(onsetSeconds(reference) - EVENT_SECONDS)).toBeLessThan(0.01);
    expect(levelDb(reference, [0, (EVENT_SECONDS - 0.005) * RATE])).toBeLessThan(-100);
  });

  it('gives the same sound to the same pictures in Matroska, whose times are whole milliseconds', async () => {
    const copy = clip('event.mkv', '-i EVENT -c copy OUT', { EVENT: event });
    const sound = samplesOf(await pcm([copy, ...CAUSAL]));
    expect(Math.abs(sound.length - reference.length)).toBeLessThanOrEqual(RATE / 1000);
    // The picture's end, too, is rounded: what may be missing is the last millisecond.
    const common = Math.min(sound.length, reference.length) - RATE / 1000;
    expect(Buffer.compare(bytesOf(sound, common), bytesOf(reference, common))).toBe(0);
  });

  it.each([
    ['mp4', event, 'aac'],
    ['mov', event, 'aac'],
    ['mkv', event, 'opus'],
    ['webm', eventVp8, 'opus'],
  ])('.%s holds the copied picture and the sound in sync', async (suffix, input, codec) => {
    const output = join(folder, `output.${suffix}`);
    const ended = await livefoley(['render', input, '-o', basename(output), ...CAUSAL]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stdout.toString()).toContain(`output.${suffix}: 4.00 s of sound by conformance`);
    expect(pictureHash(output)).toBe(pictureHash(input));
    expect(whatFfmpegSays(output)).toMatch(new RegExp(`Audio: ${codec}.*48000 Hz, mono`));
    const sound = soundFromZero(output);
    expect(Math.abs(sound.length / RATE - 4)).toBeLessThan(0.03);
    expect(Math.abs(pictureStartSeconds(output))).toBeLessThan(0.0011);
    // Matroska counts in milliseconds.
    expect(Math.abs(lagSeconds(sound, reference, HEARD))).toBeLessThan(0.0011);
  });

  it.each([
    ['wav', 'pcm_s24le', 2 ** -23],
    ['flac', 'flac', 2 ** -23],
    ['opus', 'opus', Infinity],
  ])('.%s holds the sound alone', async (suffix, codec, tolerance) => {
    const output = join(folder, `sound.${suffix}`);
    const ended = await livefoley(['render', event, '-o', output, ...CAUSAL]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(whatFfmpegSays(output)).toMatch(new RegExp(`Audio: ${codec}.*48000 Hz, mono`));
    expect(whatFfmpegSays(output)).not.toContain('Video:');
    const sound = decodeSound(output);
    expect(Math.abs(sound.length / RATE - 4)).toBeLessThan(tolerance === Infinity ? 0.03 : 1e-9);
    expect(Math.abs(lagSeconds(sound, reference, HEARD))).toBeLessThan(0.0001);
    const worst = reference.reduce(
      (most, sample, i) => Math.max(most, Math.abs(sample - (sound[i] ?? 0))),
      0,
    );
    expect(worst).toBeLessThanOrEqual(Math.min(tolerance, 0.5));
  });

  it('- ends well, without a word of error, when its reader leaves', async () => {
    const running = new Running(['render', moving, '-o', '-', ...CAUSAL], { paused: true });
    await new Promise((resolve) => running.child.stdout?.once('data', resolve));
    running.child.stdout?.destroy();
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).not.toMatch(/error|Cannot|EPIPE|\n\s+at /);
  });
});

describe('livefoley render --json', () => {
  it('prints one object with the figures, and nothing else, on standard output', async () => {
    const args = [
      'render',
      'moving.mp4',
      '-o',
      'json.mp4',
      '--seed',
      '3',
      '--steps',
      '4',
      '--json',
      ...CAUSAL,
    ];
    const { code, stdout, stderr } = await livefoley(args);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout.toString()) as Report;
    expect(report).toMatchObject({
      input: 'moving.mp4',
      output: 'json.mp4',
      bundle: 'conformance',
      seed: 3,
      steps: 4,
      durationSeconds: 6,
      laneRestarts: 0,
    });
    for (const key of ['timesRealTime', 'firstSoundMs']) expect(report[key], key).toBeGreaterThan(0);
    const { p50 = NaN, p95 = NaN, p99 = NaN } = report.chunkMs;
    expect(p50).toBeGreaterThan(0);
    expect(p95).toBeGreaterThanOrEqual(p50);
    expect(p99).toBeGreaterThanOrEqual(p95);
    expect(Number.isInteger(report.seams['count'])).toBe(true);
    expect(report.seams['worstStep']).toBeGreaterThanOrEqual(0);
    expect(report['peakDbtp']).toBeLessThanOrEqual(-1);
    expect(report['peakDbtp']).toBeGreaterThan(-60);
    expect(report['loudnessLufs']).toBeLessThan(0);
    expect(report['loudnessLufs']).toBeGreaterThan(-70);
    expect(stdout.toString().trimEnd().split('\n')).toHaveLength(1);
  });

  it('gives way to the sound with -o -: the object goes to standard error', async () => {
    const { stdout, stderr } = await livefoley([
      'render',
      event,
      '-o',
      '-',
      '--duration',
      '1',
      '--json',
      ...WINDOW,
    ]);
    expect(stdout.length).toBe(4 * RATE);
    expect(JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      output: '-',
      durationSeconds: 1,
    });
  });
});

describe('livefoley render --mix under', () => {
  it("keeps the source's own sound as it is, in stereo, and ducks ours under it", async () => {
    const [alone, both] = await Promise.all([
      pcm([sounding, ...CAUSAL]),
      pcm([sounding, '--mix', 'under', ...CAUSAL]),
    ]);
    const ours = samplesOf(alone);
    const mixed = samplesOf(both);
    expect(mixed.length).toBe(2 * ours.length);
    const left = mixed.filter((_, i) => i % 2 === 0);
    const right = mixed.filter((_, i) => i % 2 === 1);
    // While it is silent ours is heard in full, in both channels.
    expect(left.subarray(0, 1.8 * RATE)).toEqual(ours.subarray(0, 1.8 * RATE));
    expect(right.subarray(0, 1.8 * RATE)).toEqual(ours.subarray(0, 1.8 * RATE));
    const span = [2.25 * RATE, 3.75 * RATE] as const;
    // Its right channel is silent, so there only ours is heard: 12 dB softer, the whole depth of ducking.
    expect(levelDb(right, span) - levelDb(ours, span)).toBeCloseTo(-12, 0);
    const own = left.map((sample, i) => sample - (right[i] ?? 0));
    expect(levelDb(own, span)).toBeCloseTo(20 * Math.log10(0.25 / Math.SQRT2), 0);
  });
});

describe('livefoley render with another seed, prompt or number of steps', () => {
  it('gives another sound each, and the same one for the same', async () => {
    const variants = [[], [], ['--seed', '1'], ['--prompt', 'metal'], ['--prompt', 'rain'], ['--steps', '7']];
    const sounds: string[] = [];
    for (const variant of variants)
      sounds.push((await pcm([event, ...variant, ...CAUSAL])).toString('base64'));
    expect(sounds[1]).toBe(sounds[0]);
    expect(new Set(sounds.slice(1)).size).toBe(variants.length - 1);
  });

  it('says which words of the prompt the bundle does not know, and goes on with the others', async () => {
    const known = await pcm([event, '--prompt', 'metal', ...CAUSAL]);
    const ended = await livefoley(['render', event, '-o', '-', '--prompt', 'Metal, gonggg!', ...CAUSAL]);
    expect(ended.code).toBe(0);
    expect(said(ended)[0]).toBe('livefoley: The bundle does not know: gonggg');
    expect(ended.stdout.equals(known)).toBe(true);
  });

  it('reads a text by what it means, says how, and makes the same sound of it each time', async () => {
    const args = [event, '-o', '-', '--prompt', 'a steel door slams in a hall', ...CAUSAL];
    const ended = await livefoley(['render', ...args]);
    expect(ended.code).toBe(0);
    expect(said(ended)[0]).toMatch(/^livefoley: The prompt is read as: metal 1\.00(, wood 0\.\d\d)?$/);
    expect(ended.stdout.equals((await livefoley(['render', ...args])).stdout)).toBe(true);
    expect(ended.stdout.equals(await pcm([event, ...CAUSAL]))).toBe(false);
  });
});

describe.each([
  ['conformance', CAUSAL],
  ['conformance-window', WINDOW],
])('livefoley render --bundle %s is exact', (_, bundle) => {
  let whole: Buffer;

  beforeAll(async () => {
    whole = await pcm([moving, '--lanes', '1', ...bundle]);
    expect(whole.length).toBe(6 * RATE * 4);
  });

  it.each([
    ['at an anchor', 3, 1.5],
    ['elsewhere', 2.3456, 1.2345],
    ['near the end', 5.5, 9],
  ])('with --start %s: the span of the whole, bit for bit', async (_name, startSeconds, seconds) => {
    const span = await pcm([moving, '--start', `${startSeconds}`, '--duration', `${seconds}`, ...bundle]);
    const from = Math.round(startSeconds * RATE) * 4;
    const to = Math.min(whole.length, from + Math.round(seconds * RATE) * 4);
    expect(span.length).toBe(to - from);
    expect(span.equals(whole.subarray(from, to))).toBe(true);
  });

  it('on two and on three lanes', async () => {
    expect((await pcm([moving, '--lanes', '2', ...bundle])).equals(whole)).toBe(true);
    expect((await pcm([moving, '--lanes', '3', ...bundle])).equals(whole)).toBe(true);
  });

  it.runIf(process.platform === 'linux').each([1, 2])(
    'when one of %s lane(s) is killed in the middle, and says so (Linux: lanes are found in /proc)',
    async (lanes) => {
      const args = ['render', moving, '-o', '-', '--lanes', `${lanes}`, '--json', ...bundle];
      const running = new Running(args, { paused: true });
      const parts: Buffer[] = [];
      // What is not read holds the render up: it cannot end before the lane does.
      await new Promise<void>((resolve) => {
        running.child.stdout?.once('data', (part: Buffer) => {
          parts.push(part);
          running.child.stdout?.pause();
          resolve();
        });
      });
      const pids = running.lanes();
      expect(pids).toHaveLength(lanes);
      process.kill(pids[0] ?? 0, 'SIGKILL');
      await until(() => !running.lanes().includes(pids[0] ?? 0));
      running.child.stdout?.on('data', (part: Buffer) => parts.push(part)).resume();
      const ended = await running.ended;
      expect(ended.code, ended.stderr).toBe(0);
      const report = JSON.parse(ended.stderr.trimEnd().split('\n').at(-1) ?? '') as Report;
      expect(report.laneRestarts).toBe(1);
      expect(Buffer.concat(parts).equals(whole)).toBe(true);
    },
  );
});

describe('livefoley render --mix under --start', () => {
  it('ducks and limits as in the whole, bit for bit', async () => {
    const [whole, span] = await Promise.all([
      pcm([sounding, '--mix', 'under', ...CAUSAL]),
      pcm([sounding, '--mix', 'under', '--start', '2.25', '--duration', '1', ...CAUSAL]),
    ]);
    expect(span.length).toBe(RATE * 8);
    expect(span.equals(whole.subarray(2.25 * RATE * 8, 3.25 * RATE * 8))).toBe(true);
  });
});

describe('the progress of a render', () => {
  it('is plain lines where nobody watches a terminal', async () => {
    const { stderr } = await livefoley(['render', moving, '-o', 'progress.wav', ...CAUSAL]);
    const lines = stderr.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(8);
    expect(lines.length).toBeLessThanOrEqual(11);
    for (const line of lines) expect(line).toMatch(/^Rendered \d+\.\d s of 6\.0 s$/);
  });

  it.runIf(existsSync('/usr/bin/script') && process.platform === 'linux')(
    "is a bar with the time left on a terminal, which is left as it was (Linux: through util-linux's script)",
    () => {
      const command = [process.execPath, COMMAND, 'render', moving, '-o', join(folder, 'bar.wav'), ...CAUSAL];
      const quoted = command.map((word) => `'${word}'`).join(' ');
      const screen = execFileSync('script', ['-qec', quoted, '/dev/null'], { encoding: 'utf8' });
      expect(screen).toMatch(/Rendering .*\d+ % \| \d+ of 6 s \| +\S+ left/);
      expect(screen).not.toMatch(/^Rendered/m);
      expect(screen.lastIndexOf('\x1b[?25h')).toBeGreaterThan(screen.lastIndexOf('\x1b[?25l'));
      expect(screen).toContain('bar.wav: 6.00 s of sound');
    },
  );
});

describe('livefoley explains itself', () => {
  it('--help shows how to begin and what exit codes mean', async () => {
    const { code, stdout } = await livefoley(['--help']);
    expect(code).toBe(0);
    for (const part of [
      'render',
      'doctor',
      'models',
      'livefoley render silent.mp4 -o scored.mp4',
      '130 interrupted',
    ]) {
      expect(stdout.toString()).toContain(part);
    }
  });

  it('render --help names every option, its default, the outputs, and gives examples', async () => {
    const { code, stdout } = await livefoley(['render', '--help']);
    expect(code).toBe(0);
    const options = 'output bundle seed prompt steps mix lanes device start duration force json'.split(' ');
    for (const option of options) expect(stdout.toString()).toContain(`--${option}`);
    for (const suffix of ['.mp4', '.mov', '.mkv', '.webm', '.wav', '.flac', '.opus']) {
      expect(stdout.toString()).toContain(suffix);
    }
    expect(stdout.toString()).toMatch(/Examples:\n {2}livefoley render /);
    expect(stdout.toString()).toContain('default: "live"');
  });

  it('doctor tells versions, FFmpeg with its protocols, bundles, and each device with the reason against it', async () => {
    const { code, stdout, stderr } = await livefoley(['doctor'], {
      env: { VK_DRIVER_FILES: '/nowhere.json' },
    });
    const text = stdout.toString();
    expect(text).toMatch(/^ok +livefoley +\d+\.\d+\.\d+, Node\.js \d+/m);
    expect(text).toMatch(/^ok +ONNX Runtime +\d/m);
    expect(text).toMatch(/^ok +FFmpeg +\S+ from (FFMPEG_BIN|ffmpeg-static|PATH); reads file pipe/m);
    expect(text).toMatch(/^ok +bundle conformance +1\.0\.0, Apache-2\.0, sha256 [0-9a-f]{12}/m);
    expect(text).toMatch(/^ok +device cpu +runs '\S+', [\d.]+ ms a hop/m);
    expect(text).toMatch(/^(ok|--) +device cuda +\S.{20}/m);
    expect(text).toMatch(/^(ok|--) +device webgpu +\S.{20}/m);
    expect(code, stderr).toBe(0);
  });

  it('models list, inspect and verify tell what a bundle is', async () => {
    const list = await livefoley(['models', 'list']);
    expect(list.stdout.toString()).toMatch(/^conformance +1\.0\.0 +causal +\S/m);
    expect(list.stdout.toString()).toMatch(/^conformance-window +1\.0\.0 +window +\S/m);
    const inspect = await livefoley(['models', 'inspect', 'conformance']);
    expect(inspect.stdout.toString()).toMatch(/^prompt +rain metal water wood$/m);
    expect(inspect.stdout.toString()).toMatch(/^sha256 +[0-9a-f]{64}$/m);
    const text = await livefoley(['models', 'inspect', 'text']);
    expect(text.stdout.toString()).toMatch(/^prompt +impact .* snow bell clock water animal$/m);
    const verify = await livefoley(['models', 'verify', 'conformance', 'conformance-window', 'text']);
    expect(verify.stdout.toString().trimEnd().split('\n')).toHaveLength(3);
    expect([list.code, inspect.code, verify.code]).toEqual([0, 0, 0]);
  });
});
