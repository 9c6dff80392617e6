import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, 'examples');
const CLIP = join(FOLDER, 'media', 'workshop.mp4');

async function runExample(name: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(FOLDER, name), ...args], {
    cwd: ROOT,
  });
  return stdout;
}

describe('examples', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'livefoley-examples-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('each stay under 60 lines', async () => {
    const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.js'));
    expect(names).toHaveLength(4);
    for (const name of names) {
      const lines = (await readFile(join(FOLDER, name), 'utf8')).split('\n').length;
      expect(lines, name).toBeLessThan(60);
    }
  });

  it('file-to-wav.js writes a WAV file as long as the video', async () => {
    const output = join(folder, 'clip.wav');
    expect(await runExample('file-to-wav.js', [CLIP, output, 'conformance'])).toContain('12.00 s');
    // 24-bit samples behind a header.
    expect((await stat(output)).size).toBeGreaterThanOrEqual(12 * 48_000 * 3);
  });

  it('frames-in-code.js prints a level for each tenth of a second', async () => {
    const lines = (await runExample('frames-in-code.js', ['conformance'])).trim().split('\n');
    expect(lines.filter((line) => / s #/.test(line)).length).toBeGreaterThan(30);
    expect(lines).toContain('120 pictures');
  });

  it('custom-stage.js hears its own stage and measures the hops', async () => {
    expect(await runExample('custom-stage.js', [CLIP, 'conformance'])).toMatch(/^peak 0\.\d+; \d+ hops/);
  });

  it('webrtc-peer.js hears over WebRTC what is made of its pictures', async () => {
    const output = join(folder, 'heard.wav');
    const printed = await runExample('webrtc-peer.js', [output, 'conformance', '4']);
    const [, seconds, peak] = /: ([\d.]+) s heard, peak ([\d.]+)/.exec(printed) ?? [];
    expect(Number(seconds)).toBeGreaterThan(2);
    expect(Number(peak)).toBeGreaterThan(0.01);
    expect((await stat(output)).size).toBeGreaterThan(2 * 48_000 * 3);
  });
});
