import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLIP = join(ROOT, 'examples', 'media', 'workshop.mp4');
const IS_WINDOWS = process.platform === 'win32';

const PROGRAM = `
import { createEngine, locateFfmpeg, readVideoFrames, type AudioBlock } from 'livefoley';

const engine = await createEngine({ bundle: 'conformance', device: 'cpu' });
const frames = readVideoFrames(await locateFfmpeg(), process.argv[2] ?? '', engine.bundle.picture);
let audioFrames = 0;
for await (const block of engine.score(frames, { seed: 3 }).blocks) audioFrames += lengthOf(block);
await engine.close();
console.log(audioFrames);

function lengthOf({ channels }: AudioBlock): number {
  return channels[0]?.length ?? 0;
}
`;

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2022', 'ESNext.Disposable'],
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    types: ['node'],
    outDir: 'out',
  },
  files: ['program.ts'],
};

/** Runs a program to its end; npm and its like are batch files on Windows, which start only through a shell. */
async function run(file: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)(file, [...args], {
    cwd,
    shell: IS_WINDOWS,
    maxBuffer: 2 ** 26,
  });
  return stdout;
}

describe('the package that npm pack makes, installed into an empty strict project', () => {
  let project: string;

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'livefoley-package-'));
    const packed = await run(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', project],
      ROOT,
    );
    const [{ filename } = { filename: '' }] = JSON.parse(packed) as { filename: string }[];
    await writeFile(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }));
    await writeFile(join(project, '.npmrc'), await readFile(join(ROOT, '.npmrc')));
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    await writeFile(join(project, 'program.ts'), PROGRAM);
    await run('npm', ['install', '--prefer-offline', join(project, filename), '@types/node@20'], project);
  }, 240_000);

  afterAll(() => rm(project, { recursive: true, force: true }));

  it('compiles with its types and gives a clip its sound', async () => {
    await run(
      process.execPath,
      [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project],
      project,
    );
    const printed = await run(process.execPath, [join(project, 'out', 'program.js'), CLIP], project);
    expect(Number(printed)).toBe(12 * 48_000);
  }, 120_000);

  it('has a command that renders', async () => {
    const output = join(project, 'scored.wav');
    const command = join(project, 'node_modules', '.bin', IS_WINDOWS ? 'livefoley.cmd' : 'livefoley');
    const args = [
      'render',
      CLIP,
      '-o',
      output,
      '--bundle',
      'conformance',
      '--device',
      'cpu',
      '--duration',
      '2',
      '--json',
    ];
    const report = JSON.parse(await run(command, args, project)) as { durationSeconds: number };
    expect(report.durationSeconds).toBe(2);
    expect((await stat(output)).size).toBeGreaterThan(2 * 48_000 * 3);
  }, 120_000);

  it('brings no sources, tests or lab', async () => {
    const files = await run('npm', ['ls', '--parseable', '--depth=0'], project);
    expect(files).toContain('livefoley');
    const installed = join(project, 'node_modules', 'livefoley');
    for (const absent of ['src', 'test', join('models', 'foleylab'), 'bench']) {
      await expect(stat(join(installed, absent))).rejects.toThrow('ENOENT');
    }
  });
});
