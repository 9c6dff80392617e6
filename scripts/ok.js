/**
 * The gate, `npm run ok`: all that can be held without running the product. Two checks at a time, one line each; what
 * a failed check said follows its line. Exit code 1 if any failed.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const AT_ONCE = 2;
const LINES_SHOWN = 60;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

// The longest first.
const CHECKS = [
  { name: 'lint', run: () => node('eslint/bin/eslint.js', '.', '--max-warnings', '0') },
  { name: 'types', run: () => node('typescript/bin/tsc', '--noEmit', '--pretty', 'false') },
  {
    name: 'types of the page',
    run: () => node('typescript/bin/tsc', '-p', 'web', '--noEmit', '--pretty', 'false'),
  },
  { name: 'docs', run: () => spawnNode('scripts/check-docs.js') },
  { name: 'format', run: () => node('prettier/bin/prettier.cjs', '--check', '.', '--log-level', 'warn') },
  { name: 'import directions', run: checkImports },
  { name: 'tests found', run: checkTestsFound },
  { name: 'lock file', run: checkLockFile },
  { name: 'machine paths', run: checkMachinePaths },
  { name: 'file lengths', run: noteLongFiles },
];

const failed = [];
const waiting = [...CHECKS];
await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(failed.length === 0 ? 'All is well' : `Failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function work() {
  for (let check = waiting.shift(); check; check = waiting.shift()) {
    const startMs = performance.now();
    const { ok, output, note } = await check.run().catch((error) => ({ ok: false, output: String(error) }));
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${check.name} (${seconds} s)${note ? `: ${note}` : ''}`);
    if (ok) continue;
    failed.push(check.name);
    console.log(indented(output));
  }
}

function checkImports() {
  const folders = ['src', 'test', 'bench', 'examples', 'web/src'].filter((folder) => existsSync(folder));
  return node(
    'dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.mjs',
    ...folders,
  );
}

/** Each test file is one that Vitest runs, whatever its folder. */
async function checkTestsFound() {
  const { ok, output } = await node('vitest/vitest.mjs', 'list', '--filesOnly');
  if (!ok) return { ok, output };
  const found = new Set(output.split('\n').map((line) => line.replace(/^\[.*?\] /, '').trim()));
  const lost = files().filter((name) => /\.test\.[cm]?[jt]sx?$/.test(name) && !found.has(name));
  return verdict(lost.map((name) => `${name} is not run by Vitest`));
}

async function checkLockFile() {
  const lines = readFileSync('package-lock.json', 'utf8').split('\n');
  const addresses = lines.filter((line) => /"resolved"|https?:\/\/registry\./.test(line));
  return verdict(addresses.map((line) => `package-lock.json holds a download address: ${line.trim()}`));
}

/** Nothing points at a folder of the machine that it was made on. */
async function checkMachinePaths() {
  const machine = /(?:^|[\s'"`(=:[])(\/(?:work|root|farm|opt\/wheels)(?=[/\s'"`)]|$))/m;
  const findings = files().flatMap((name) => {
    const bytes = readFileSync(name);
    if (bytes.subarray(0, 8192).includes(0)) return [];
    const lines = bytes.toString('utf8').split('\n');
    return lines.flatMap((line, i) =>
      machine.test(line) ? [`${name}:${i + 1} ${line.trim().slice(0, 120)}`] : [],
    );
  });
  return verdict(findings);
}

/** Lint stops at 400 lines; from 250 on a file is worth a look. */
async function noteLongFiles() {
  const lengths = files()
    .filter((name) => name.startsWith('src/'))
    .map((name) => ({ name, lines: readFileSync(name, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > 250)
    .sort((a, b) => b.lines - a.lines);
  return {
    ok: true,
    output: '',
    note: lengths.map(({ name, lines }) => `${name} has ${lines} lines`).join(', '),
  };
}

/** What git tracks, or would. */
function files() {
  const output = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return [...new Set(output.split('\0'))].filter((name) => name !== '' && existsSync(name));
}

function verdict(findings) {
  return { ok: findings.length === 0, output: findings.join('\n') };
}

function node(script, ...args) {
  return spawnNode(join('node_modules', script), ...args);
}

function spawnNode(...args) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: '1' };
    delete env.FORCE_COLOR;
    const child = spawn(process.execPath, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let output = '';
    const keep = (chunk) => (output += chunk);
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

function indented(output) {
  const lines = output.trim().split('\n');
  const shown = lines.slice(0, LINES_SHOWN);
  if (lines.length > LINES_SHOWN) shown.push(`… and ${lines.length - LINES_SHOWN} lines more`);
  return shown.map((line) => `         ${line}`).join('\n');
}
