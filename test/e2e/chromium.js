/** The Chromium that tests and benches drive: one that is installed, for none is shipped. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** @type {Readonly<Record<string, readonly string[]>>} */
const NAMES = {
  linux: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  darwin: ['chromium', 'google-chrome'],
  win32: ['chrome.exe', 'msedge.exe'],
};

/** Where installers put it beside the PATH. @type {Readonly<Record<string, readonly string[]>>} */
const PLACES = {
  darwin: [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};

const ARGUMENTS = [
  '--no-sandbox',
  '--autoplay-policy=no-user-gesture-required',
  '--use-fake-device-for-media-stream',
  // All candidates as they are: nobody answers for the names that hide them on a bare machine.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  // Several pages at once, and none of them slower for not being in front.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

/** Why tests in a browser are skipped. */
export const NO_CHROMIUM =
  'There is no Chromium: install it (Debian: apt-get install chromium) or name one in CHROMIUM_BIN';

/** The path of an installed Chromium: CHROMIUM_BIN, else one on the PATH, else one where it is usually installed. */
export function findChromium() {
  const named = process.env['CHROMIUM_BIN'];
  if (named) return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = (NAMES[process.platform] ?? []).flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  return [...onPath, ...(PLACES[process.platform] ?? [])].find((path) => existsSync(path));
}

/**
 * Starts it.
 * @param {{ allowsCapture?: boolean }} [options] Whether it grants camera and screen without asking. Default true
 */
export async function launchChromium({ allowsCapture = true } = {}) {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(NO_CHROMIUM);
  const more = allowsCapture ? ['--use-fake-ui-for-media-stream'] : [];
  const browser = await chromium.launch({ executablePath, args: [...ARGUMENTS, ...more] });
  shareOurPriority();
  return browser;
}

/**
 * Browsers are started in sessions of their own, and Linux shares cores out by session: where this process was given
 * a priority for what it measures, the browser gets the same.
 */
function shareOurPriority() {
  try {
    const nice = /nice (-?\d+)/.exec(readFileSync('/proc/self/autogroup', 'utf8'))?.[1];
    if (nice === undefined || nice === '0') return;
    for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const [, parent, , session] = statOf(entry);
      if (Number(parent) === process.pid && session === entry)
        writeFileSync(`/proc/${entry}/autogroup`, nice);
    }
  } catch {
    // Another system, or no right to: the browser runs as it is.
  }
}

/** State, parent, group and session. @param {string} pid */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return []; // It has ended since.
  }
}
