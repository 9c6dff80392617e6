/**
 * Takes pictures of the page in its states, themes and widths: `node test/web/screenshots.js [name ...]`, after
 * `vite build --config web/vite.config.ts`. They land in `test-artefacts/web/`; what overflows sideways is told.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startFakeServer } from './fake-server.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {Awaited<ReturnType<typeof startFakeServer>>} FakeServer */
/**
 * @typedef {object} Shot
 * @property {string} name
 * @property {number} width
 * @property {'dark' | 'light'} theme
 * @property {string} [path]
 * @property {Partial<FakeServer['mood']>} [mood]
 * @property {(page: Page, server: FakeServer) => Promise<void>} [act]
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OUT = join(ROOT, 'test-artefacts/web');
const HEIGHTS = { 390: 844, 768: 1024, 1280: 900, 1440: 900 };
const CHROMIUM = process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium';

/** @type {readonly Shot[]} */
const SHOTS = [
  { name: 'empty-dark-1440', width: 1440, theme: 'dark' },
  { name: 'empty-light-1280', width: 1280, theme: 'light' },
  { name: 'empty-light-390', width: 390, theme: 'light' },
  { name: 'live-dark-1440', width: 1440, theme: 'dark', act: goLive },
  { name: 'live-light-1440', width: 1440, theme: 'light', act: goLive },
  { name: 'live-light-768', width: 768, theme: 'light', act: goLive },
  { name: 'live-dark-390', width: 390, theme: 'dark', act: goLive },
  {
    name: 'troubled-light-1280',
    width: 1280,
    theme: 'light',
    mood: { isTroubled: true },
    act: goLiveLongPrompt,
  },
  { name: 'window-dark-1280', width: 1280, theme: 'dark', mood: { isWindow: true }, act: goLive },
  { name: 'token-light-1280', width: 1280, theme: 'light', mood: { token: 'secret' } },
  { name: 'token-dark-390', width: 390, theme: 'dark', mood: { token: 'secret' } },
  { name: 'full-dark-1280', width: 1280, theme: 'dark', mood: { refuse: 503 }, act: startRefused },
  { name: 'refused-light-390', width: 390, theme: 'light', mood: { refuse: 422 }, act: startRefused },
  { name: 'taken-light-1280', width: 1280, theme: 'light', mood: { refuse: 409 }, act: startRefused },
  { name: 'lost-dark-1280', width: 1280, theme: 'dark', act: loseIt },
  { name: 'own-sound-dark-1280', width: 1280, theme: 'dark', act: goLiveFromFile },
  { name: 'camera-light-1280', width: 1280, theme: 'light', act: goLiveFromCamera },
  { name: 'help-light-1280', width: 1280, theme: 'light', act: (page) => page.keyboard.press('?') },
  { name: 'listener-light-1280', width: 1280, theme: 'light', path: '/?listen=copper-4821', act: listen },
  { name: 'listener-dark-390', width: 390, theme: 'dark', path: '/?listen=copper-4821', act: listen },
];

const wanted = process.argv.slice(2);
mkdirSync(OUT, { recursive: true });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: [
    '--no-sandbox',
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    '--autoplay-policy=no-user-gesture-required',
    '--auto-select-desktop-capture-source=Entire screen',
  ],
});
let isBad = false;
for (const shot of SHOTS) {
  if (wanted.length > 0 && !wanted.some((part) => shot.name.includes(part))) continue;
  const problems = await take(shot);
  isBad ||= problems.length > 0;
  process.stdout.write(`${shot.name}: ${problems.join('; ') || 'ok'}\n`);
}
await browser.close();
process.exitCode = isBad ? 1 : 0;

/** @param {Shot} shot */
async function take({ name, width, theme, path = '/', mood = {}, act }) {
  const server = await startFakeServer();
  Object.assign(server.mood, mood);
  const height = Object.entries(HEIGHTS).find(([known]) => Number(known) === width)?.[1] ?? 900;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
  const page = await context.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    // The browser's own line on an answer that is no success is what the refusals are about.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load'))
      problems.push(message.text());
  });
  await page.addInitScript({ path: join(ROOT, 'test/web/fake-peer.js') });
  try {
    await page.goto(server.address + path);
    await page.waitForTimeout(400);
    await act?.(page, server);
    problems.push(...(await overflows(page)));
    await page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true });
  } catch (error) {
    problems.push(String(error));
    await page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true });
  }
  await context.close();
  await server.close();
  return problems;
}

/** @param {Page} page */
async function goLive(page) {
  await page.getByTestId('start-demo').click();
  await page.getByTestId('state').filter({ hasText: 'Live' }).waitFor({ timeout: 15_000 });
  await page.waitForTimeout(7000);
}

/** @param {Page} page */
async function goLiveLongPrompt(page) {
  await page
    .getByTestId('prompt')
    .fill('footstep gravel and a very long wish that this bundle cannot know, wind metal');
  await goLive(page);
}

/** A clip with a sound of its own. @param {Page} page */
async function goLiveFromFile(page) {
  const path = join(OUT, 'tone.mp4');
  const sources = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=30:d=4', '-f', 'lavfi', '-i', 'sine=440:d=4'];
  const ffmpeg = process.env['FFMPEG_BIN'] ?? 'ffmpeg';
  execFileSync(ffmpeg, ['-v', 'error', '-y', ...sources, '-pix_fmt', 'yuv420p', '-shortest', path]);
  await page.getByTestId('file-input').setInputFiles(path);
  await page.getByTestId('state').filter({ hasText: 'Live' }).waitFor({ timeout: 15_000 });
  await page.getByTestId('mix-replace').check({ force: true });
  await page.waitForTimeout(5000);
}

/** @param {Page} page */
async function goLiveFromCamera(page) {
  await page.getByTestId('source-camera').check({ force: true });
  await page.getByTestId('start').click();
  await page.getByTestId('state').filter({ hasText: 'Live' }).waitFor({ timeout: 15_000 });
  await page.waitForTimeout(5000);
}

/** @param {Page} page */
async function startRefused(page) {
  await page.getByTestId('start').click();
  await page.getByTestId('error').waitFor();
  await page.waitForTimeout(800);
}

/** @param {Page} page @param {FakeServer} server */
async function loseIt(page, server) {
  await goLive(page);
  server.mood.isGone = true;
  await page.evaluate('window.breakConnection()');
  await page.getByTestId('error').waitFor({ timeout: 30_000 });
  await page.waitForTimeout(500);
}

/** @param {Page} page */
async function listen(page) {
  await page.getByTestId('listen-play').click();
  await page.getByTestId('listener-state').filter({ hasText: 'Live' }).waitFor({ timeout: 15_000 });
  await page.waitForTimeout(6000);
}

/**
 * What is wider than the page.
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
function overflows(page) {
  return page.evaluate(`(() => {
    const width = document.documentElement.clientWidth;
    return [...document.querySelectorAll('body *')]
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > width + 1)
      .slice(0, 4)
      .map((element) => 'overflows: ' + element.tagName + '.' + element.className + '#' + element.id);
  })()`);
}
