/**
 * Makes a checkout ready to run: installs the packages, compiles, builds the page, finds or installs FFmpeg; with
 * `--for-tests` Chromium too, without which the tests in a browser are skipped. Called by `npm start` and `npm test`;
 * silent and quick when everything is there. It may use nothing that it has yet to install.
 *
 * Exit codes: 5 if FFmpeg or a package cannot be had, else that of the step that failed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ENVIRONMENT = 5;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);

installPackages();
compile();
buildPage();
await provideFfmpeg();
if (process.argv.includes('--for-tests')) provideChromium();

function installPackages() {
  const installed = modifiedAt(at('node_modules', '.package-lock.json'));
  if (installed >= modifiedAt(at('package-lock.json'))) return;
  say('Installing packages (npm ci) …');
  // On Windows npm is a batch file, which starts only through a shell.
  const { status } = run('npm', ['ci', '--no-fund', '--no-audit'], { shell: process.platform === 'win32' });
  if (status !== 0)
    fail(ENVIRONMENT, 'Cannot install the packages: `npm ci` failed, see above; it needs the npm registry');
}

function compile() {
  const built = at('dist', 'index.js');
  // Without its output the compiler's memory of what it has compiled is wrong.
  if (!existsSync(built)) rmSync(at('dist', '.tsbuildinfo'), { force: true });
  const inputs = [
    at('package-lock.json'),
    at('tsconfig.json'),
    at('tsconfig.build.json'),
    ...filesIn(at('src')),
  ];
  const newest = Math.max(...inputs.map(modifiedAt));
  if (existsSync(built) && modifiedAt(at('dist', '.tsbuildinfo')) > newest) return;
  say('Compiling …');
  const { status } = run(process.execPath, [
    at('node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    'tsconfig.build.json',
  ]);
  if (status !== 0) fail(status ?? 1, 'Cannot compile: see the errors above');
}

function buildPage() {
  if (!existsSync(at('web'))) return;
  const built = modifiedAt(at('dist', 'web', 'index.html'));
  if (built > Math.max(modifiedAt(at('package-lock.json')), ...filesIn(at('web')).map(modifiedAt))) return;
  say('Building the page …');
  const vite = at('node_modules', 'vite', 'bin', 'vite.js');
  const config = at('web', 'vite.config.ts');
  const { status } = run(process.execPath, [vite, 'build', '--logLevel', 'warn', '--config', config]);
  if (status !== 0) fail(status ?? 1, 'Cannot build the page: see the errors above');
}

async function provideFfmpeg() {
  const { locateFfmpeg } = await import(pathToFileURL(at('dist', 'media', 'locate-ffmpeg.js')).href);
  try {
    await locateFfmpeg();
    return;
  } catch (error) {
    if (process.env.FFMPEG_BIN || !canUseApt()) fail(ENVIRONMENT, error.message);
  }
  installFromDebian('FFmpeg', 'ffmpeg');
  await locateFfmpeg().catch((error) => fail(ENVIRONMENT, error.message));
}

function provideChromium() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const isThere = ['chromium', 'chromium-browser', 'google-chrome'].some((name) =>
    folders.some((folder) => existsSync(join(folder, name))),
  );
  if (isThere || process.env.CHROMIUM_BIN || !canUseApt()) return;
  installFromDebian('Chromium, for the tests in a browser', 'chromium');
}

/** Tries to; who needs it looks whether it is there. */
function installFromDebian(what, name) {
  say(`Installing ${what} (apt-get install ${name}) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-qq'], { env });
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { env });
}

function canUseApt() {
  return existsSync('/etc/debian_version') && process.getuid?.() === 0;
}

/** Milliseconds; 0 for what is not there. */
function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Everything it prints goes to standard error, so that a command's own output stays clean. */
function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], windowsHide: true, ...options });
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(code, text) {
  say(text);
  process.exit(code);
}
