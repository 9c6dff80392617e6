import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

/** A checkout in which all is there: stand-ins for the packages, the compiler and the search for FFmpeg. */
function checkout(search = 'async () => {}'): string {
  const root = mkdtempSync(join(tmpdir(), 'livefoley set-up '));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  mkdirSync(join(root, 'scripts'));
  copyFileSync('scripts/set-up.js', join(root, 'scripts', 'set-up.js'));
  write('package.json', '{ "type": "module" }');
  write('package-lock.json', '{}');
  write('node_modules/.package-lock.json', '{}');
  write('node_modules/typescript/bin/tsc', "require('fs').writeFileSync('dist/index.js', 'compiled');");
  write('tsconfig.json', '{}');
  write('tsconfig.build.json', '{}');
  write('src/index.ts', '');
  write('dist/index.js', '');
  write('dist/media/locate-ffmpeg.js', `export const locateFfmpeg = ${search};`);
  write('dist/.tsbuildinfo', '');
  const later = new Date(Date.now() + 10_000);
  utimesSync(join(root, 'dist', '.tsbuildinfo'), later, later);
  utimesSync(join(root, 'node_modules', '.package-lock.json'), later, later);
  return root;
}

function setUp(root: string) {
  // A folder without apt-get: whatever the machine, nothing is installed.
  const env = { ...process.env, PATH: root };
  return spawnSync(process.execPath, [join(root, 'scripts', 'set-up.js')], { encoding: 'utf8', env });
}

test('set-up.js is silent where all is there', () => {
  expect(setUp(checkout())).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test('set-up.js compiles what has changed, and afresh where the output is gone', () => {
  const changed = checkout();
  const later = new Date(Date.now() + 20_000);
  utimesSync(join(changed, 'src', 'index.ts'), later, later);
  expect(setUp(changed)).toMatchObject({ status: 0, stderr: 'Compiling …\n' });

  const gone = checkout();
  spawnSync(process.execPath, ['-e', `fs.rmSync(${JSON.stringify(join(gone, 'dist', 'index.js'))})`]);
  expect(setUp(gone)).toMatchObject({ status: 0, stderr: 'Compiling …\n' });
  expect(existsSync(join(gone, 'dist', '.tsbuildinfo'))).toBe(false);
});

test('set-up.js ends with 5 and one sentence where there is no FFmpeg to be had', () => {
  const { status, stderr } = setUp(
    checkout("async () => { throw new Error('Cannot find FFmpeg: do this'); }"),
  );
  expect(status).toBe(5);
  expect(stderr).toMatch(/Cannot find FFmpeg: do this\n$/);
  expect(stderr).not.toMatch(/ at /);
});
