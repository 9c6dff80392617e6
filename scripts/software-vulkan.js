/**
 * Finds or makes a Vulkan driver that computes on the CPU, so that the WebGPU path is tested without a GPU. Nothing
 * is installed: what has to be fetched lies in `.cache/software-vulkan`. In this order:
 *
 * 1. the driver whose ICD file LIVEFOLEY_TEST_VULKAN names (Mesa 25's lavapipe works, Mesa 22's does not);
 * 2. SwiftShader of an installed Debian Chromium;
 * 3. SwiftShader out of Debian's package `chromium-common` (31 MB), fetched with apt-get.
 *
 * SwiftShader, because it stands in one package and needs nothing but libc: lavapipe from bookworm-backports needs
 * LLVM, X11 and Wayland libraries as well. Both conformance bundles, loaded once: SwiftShader 5.6 s of CPU time,
 * lavapipe 19.7 s (0.8 s once Mesa has cached its shaders); two shared cores of an AMD Zen 5, onnxruntime-node 1.30.0.
 *
 * `node scripts/software-vulkan.js` prints the environment as lines KEY=value; where there is no driver to be had,
 * it says why in one sentence on standard error and exits with 5.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENVIRONMENT = 5;
const CACHE = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache', 'software-vulkan');
const ICD = 'vk_swiftshader_icd.json';
const DRIVER = [ICD, 'libvk_swiftshader.so'];
const LOADER = 'libvulkan.so.1';
const INSTALLED = ['/usr/lib/chromium', '/usr/lib/chromium-browser'];

/**
 * The environment that makes a child process use a software driver, or why there is none.
 *
 * @returns {{ env: Record<string, string>, name: string } | { reason: string }}
 */
export function softwareVulkan() {
  const named = process.env['LIVEFOLEY_TEST_VULKAN'];
  if (named) {
    return existsSync(named)
      ? found(named, `the driver of LIVEFOLEY_TEST_VULKAN`)
      : { reason: `there is no file ${named}, which LIVEFOLEY_TEST_VULKAN names` };
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      reason: `software Vulkan is set up only on Linux x64, this is ${process.platform} ${process.arch}`,
    };
  }
  const folder = [...INSTALLED, CACHE].find(isComplete);
  if (folder) return found(join(folder, ICD), 'SwiftShader');
  const problem = fetchDriver();
  return problem === undefined ? found(join(CACHE, ICD), 'SwiftShader') : { reason: problem };
}

/** @param {string} folder */
function isComplete(folder) {
  return [...DRIVER, LOADER].every((file) => existsSync(join(folder, file)));
}

/**
 * @param {string} icd
 * @param {string} name
 */
function found(icd, name) {
  const libraries = [dirname(icd), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(delimiter);
  // Loaders before 1.3.207 know only the second name. The last silences a message of theirs.
  const env = { VK_DRIVER_FILES: icd, VK_ICD_FILENAMES: icd, LD_LIBRARY_PATH: libraries };
  return { env: { ...env, XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? dirname(icd) }, name };
}

/** Returns what went wrong. The folder appears whole or not at all, whoever else is at it. */
function fetchDriver() {
  if (!existsSync('/etc/debian_version')) {
    return 'no software Vulkan driver: set LIVEFOLEY_TEST_VULKAN to the ICD file of one (only on Debian it is fetched)';
  }
  mkdirSync(dirname(CACHE), { recursive: true });
  const work = mkdtempSync(`${CACHE}-`);
  try {
    const result = join(work, 'result');
    mkdirSync(result);
    // Which of Chromium's packages holds SwiftShader has changed.
    const isThere = ['chromium-common', 'chromium'].some((name) =>
      unpack(name, { work, result, files: [...DRIVER, LOADER] }),
    );
    if (!isThere)
      return "no software Vulkan driver: apt-get could not download Debian's package chromium-common";
    if (!existsSync(join(result, LOADER))) unpack('libvulkan1', { work, result, files: [LOADER] });
    if (!isComplete(CACHE)) {
      rmSync(CACHE, { recursive: true, force: true });
      renameSync(result, CACHE);
    }
    return undefined;
  } catch (error) {
    // Another process was faster.
    if (isComplete(CACHE)) return undefined;
    return `no software Vulkan driver: ${error instanceof Error ? error.message : error}`;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Copies files out of a Debian package; true if the first of them is in it.
 *
 * @param {string} name
 * @param {{ work: string, result: string, files: string[] }} options
 */
function unpack(name, { work, result, files }) {
  const folder = join(work, name);
  mkdirSync(folder);
  const download = () => run('apt-get', ['download', '-qq', name], folder);
  // A new machine has no package lists yet, and an old list names files that are gone.
  if (!download() && !(run('apt-get', ['update', '-qq'], folder) && download())) return false;
  const archive = readdirSync(folder).find((file) => file.endsWith('.deb'));
  if (!archive || !run('dpkg', ['-x', archive, 'unpacked'], folder)) return false;
  for (const entry of readdirSync(join(folder, 'unpacked'), { withFileTypes: true, recursive: true })) {
    if (!files.includes(entry.name)) continue;
    copyFileSync(realpathSync(join(entry.parentPath ?? entry.path, entry.name)), join(result, entry.name));
  }
  rmSync(folder, { recursive: true, force: true });
  return files.slice(0, 1).every((file) => existsSync(join(result, file)));
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  return spawnSync(command, args, { cwd, stdio: 'ignore', timeout: 300_000 }).status === 0;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const driver = softwareVulkan();
  if ('reason' in driver) {
    process.stderr.write(`${driver.reason}\n`);
    process.exitCode = ENVIRONMENT;
  } else {
    process.stdout.write(
      Object.entries(driver.env)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
  }
}
