import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';

import { HAS_CHROMIUM, sleep, useStage } from './browser.js';
import { launchChromium } from './chromium.js';
import { startServer, type RunningServer } from './start-server.js';

const SHOTS = fileURLToPath(new URL('../../test-artefacts/e2e/', import.meta.url));

/** On a machine that does much else too. Unit: ms. */
const PATIENCE_MS = 75_000;
const TEST_MS = 240_000;
const LOOK_MS = 250;
/** Charts fill before they are shown to people. Unit: ms. */
const SHOWN_MS = 3_000;
const TOKEN = 'a-token-of-the-tests';

const DESK = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

/** A page, and what its console has complained of. */
type Tab = { readonly page: Page; readonly complaints: string[] };

describe.skipIf(!HAS_CHROMIUM)('The page', () => {
  const stage = useStage(['--max-sessions', '1', '--lost-seconds', '2']);

  // What a test that fails leaves open would disturb the next.
  afterEach(async () => {
    for (const context of stage().browser.contexts()) await context.close();
  });

  const open = (options: BrowserContextOptions = {}): Promise<Tab> =>
    openTab(stage().browser.newContext({ viewport: DESK, ...options }), stage().server.address);

  const streamIsOver = (): Promise<void> =>
    until('the stream is over', async () => (await streamNames(stage().server)).length === 0);

  it(
    'gives the demo clip its sound, takes settings while it runs, is muted, and stops',
    async () => {
      const { server } = stage();
      const { page, complaints } = await open({ colorScheme: 'dark' });
      await page.getByTestId('start-demo').click();
      await expectState(page, 'Live');
      const name = await page.getByTestId('stream-name').inputValue();
      await until('the delay is shown', async () => /\d/.test(await text(page, '#delay-total')));
      await until('the sound is heard', async () => (await levelOf(page)) > -50);
      await until('chunks are counted', async () => (await server.stream(name)).recentHops.length > 10);
      const first = await text(page, '#clock');
      await until('the clock runs', async () => (await text(page, '#clock')) !== first);
      expect(await page.getByTestId('held-back').innerText()).toMatch(/^Held back \d/);
      await sleep(SHOWN_MS);
      await shot(page, 'live-dark');

      await page.getByTestId('gain').fill('-12');
      await until('gain', async () => (await server.stream(name)).settings.gainDb === -12);
      const chip = page.locator('#chips button').first();
      const word = await chip.innerText();
      await chip.click();
      await until('prompt', async () => (await server.stream(name)).settings.prompt === word);
      const seed = (await server.stream(name)).settings.seed;
      await page.getByTestId('new-seed').click();
      await until('seed', async () => (await server.stream(name)).settings.seed !== seed);
      await page.getByTestId('gain').fill('0');

      await page.getByTestId('mute').click();
      expect(await page.getByTestId('mute').getAttribute('aria-pressed')).toBe('true');
      expect(await text(page, '#mute-words')).toBe('Muted');
      await page.getByTestId('mute').click();
      expect(await page.getByTestId('mute').getAttribute('aria-pressed')).toBe('false');

      await page.getByTestId('stop').click();
      await expectState(page, 'Ready');
      await streamIsOver();
      await close(page);
      expect(complaints).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'is heard by a listener',
    async () => {
      const { page } = await open({ colorScheme: 'light' });
      await page.getByTestId('start-demo').click();
      await expectState(page, 'Live');
      const address = (await page.getByTestId('listen-link').getAttribute('href')) ?? '';
      const context = stage().browser.newContext({ viewport: PHONE, colorScheme: 'light' });
      const listener = await openTab(context, address);
      await listener.page.getByTestId('listen-play').click();
      await until('the listener is live', async () =>
        (await listener.page.getByTestId('listener-state').innerText()).includes('Live'),
      );
      await until('the listener hears', async () => (await levelOf(listener.page, '#listener-level')) > -50);
      await until('the sender sees it', async () => /1 listens/.test(await text(page, '#listeners-now')));
      await shot(listener.page, 'listener-light-phone');
      await sleep(SHOWN_MS);
      await shot(page, 'live-light');
      await listener.page.getByTestId('listen-stop').click();
      await until('it has left', async () => /nobody/.test(await text(page, '#listeners-now')));
      await close(listener.page);
      await page.getByTestId('stop').click();
      await expectState(page, 'Ready');
      await close(page);
      expect(listener.complaints).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'says that the server is full, and starts when there is room',
    async () => {
      const first = await open();
      await first.page.getByTestId('start-demo').click();
      await expectState(first.page, 'Live');
      const second = await open({ viewport: PHONE, colorScheme: 'dark' });
      await second.page.getByTestId('start-demo').click();
      await until('the words', async () => (await errorOf(second.page)).includes('The server is full'));
      await expectState(second.page, 'Waiting for room');
      await shot(second.page, 'full-dark-phone');
      await first.page.getByTestId('stop').click();
      await expectState(second.page, 'Live');
      await close(first.page);
      await second.page.getByTestId('stop').click();
      await expectState(second.page, 'Ready');
      await streamIsOver();
      await close(second.page);
    },
    TEST_MS,
  );

  it(
    'shows the camera',
    async () => {
      const { page, complaints } = await open({ colorScheme: 'light', viewport: PHONE });
      await page.getByTestId('source-camera').check({ force: true });
      await page.getByTestId('start').click();
      await expectState(page, 'Live');
      await until('pictures come', async () =>
        /\d+×\d+ · [1-9]/.test((await page.getByTestId('picture-size').textContent()) ?? ''),
      );
      await until('the picture is drawn', () => hasPicture(page));
      await shot(page, 'camera-light-phone');
      await page.getByTestId('stop').click();
      await expectState(page, 'Ready');
      await streamIsOver();
      await close(page);
      expect(complaints).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'starts and stops by the keyboard alone',
    async () => {
      const { page, complaints } = await open();
      await page.keyboard.press('Space');
      await expectState(page, 'Live');
      await page.keyboard.press('m');
      expect(await page.getByTestId('mute').getAttribute('aria-pressed')).toBe('true');
      await page.keyboard.press('Space');
      await expectState(page, 'Ready');
      await page.keyboard.press('?');
      expect(await page.locator('#help').isVisible()).toBe(true);
      await shot(page, 'keys');
      await page.keyboard.press('Escape');
      expect(await page.locator('#help').isVisible()).toBe(false);
      await close(page);
      expect(complaints).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'says that the camera was not allowed',
    async () => {
      const browser = await launchChromium({ allowsCapture: false });
      const { page } = await openTab(
        browser.newContext({ viewport: DESK, permissions: [] }),
        stage().server.address,
      );
      await page.getByTestId('source-camera').check({ force: true });
      await page.getByTestId('start').click();
      await until('the words', async () => (await errorOf(page)).includes('The camera was not allowed'));
      await expectState(page, 'Stopped');
      await shot(page, 'denied');
      await browser.close();
    },
    TEST_MS,
  );

  it(
    'asks for the token, refuses a wrong one, and takes the right one',
    async () => {
      const server = await startServer(['--token', TOKEN]);
      const { page } = await openTab(stage().browser.newContext({ viewport: DESK }), server.address);
      await until('it asks', async () => (await errorOf(page)).includes('This server asks for a token'));
      await page.getByTestId('token-input').fill('not-the-right-token');
      await page.getByTestId('token-submit').click();
      await until('it refuses', async () => (await errorOf(page)).includes('did not accept this token'));
      await shot(page, 'token-refused');
      await page.getByTestId('token-input').fill(TOKEN);
      await page.getByTestId('token-submit').click();
      await until('it is content', async () => !(await page.getByTestId('error').isVisible()));
      await page.getByTestId('start-demo').click();
      await expectState(page, 'Live');
      await page.getByTestId('stop').click();
      await expectState(page, 'Ready');
      await close(page);
      expect(await server.stop()).toBe(0);
    },
    TEST_MS,
  );

  it(
    'says that the server is gone, and is live again when it is back',
    async () => {
      const server = await startServer();
      const { page } = await openTab(
        stage().browser.newContext({ viewport: DESK, colorScheme: 'dark' }),
        server.address,
      );
      await page.getByTestId('start-demo').click();
      await expectState(page, 'Live');
      await until('it hears', async () => (await levelOf(page)) > -50);
      await server.kill();
      await until('the words', async () =>
        /Connection lost|The server does not answer/.test(await errorOf(page)),
      );
      await expectState(page, 'Reconnecting');
      await shot(page, 'reconnecting-dark');
      const back = await startServer(['--port', String(server.port)]);
      await expectState(page, 'Live');
      await until('it hears again', async () => (await levelOf(page)) > -50);
      expect(await page.getByTestId('error').isVisible()).toBe(false);
      await close(page);
      expect(await back.stop()).toBe(0);
    },
    TEST_MS,
  );
});

async function openTab(
  made: ReturnType<ReturnType<ReturnType<typeof useStage>>['browser']['newContext']>,
  address: string,
): Promise<Tab> {
  const page = await (await made).newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // A server on a slow machine may say that it is full (503), and the page waits, as tested above.
    if (message.type() === 'error' && !/status of 503/.test(message.text())) complaints.push(message.text());
  });
  await page.goto(address);
  return { page, complaints };
}

async function close(page: Page): Promise<void> {
  await page.context().close();
}

async function expectState(page: Page, words: string): Promise<void> {
  const now = async (): Promise<string> => (await text(page, '#state')).trim();
  await until(`the state is '${words}'`, async () => (await now()) === words).catch(async (error: Error) => {
    throw new Error(`${error.message}; it is '${await now()}', with '${await errorOf(page)}'`);
  });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > endMs)
      throw new Error(`Within ${PATIENCE_MS / 1000} s this did not come: ${what}`);
    await sleep(LOOK_MS);
  }
}

async function text(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).textContent()) ?? '';
}

async function errorOf(page: Page): Promise<string> {
  const banner = page.getByTestId('error');
  return (await banner.isVisible()) ? banner.innerText() : '';
}

/** What the page's meter tells those who do not see it. Unit: dBFS. */
async function levelOf(page: Page, selector = '#level'): Promise<number> {
  return Number(await page.locator(selector).getAttribute('aria-valuenow'));
}

function hasPicture(page: Page): Promise<boolean> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector('#picture');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, i) => i % 4 < 3 && value > 32);
  })()`);
}

async function streamNames(server: RunningServer): Promise<string[]> {
  const streams = (await (await server.fetch('/streams')).json()) as { name: string }[];
  return streams.map(({ name }) => name);
}

/** For people to look at. */
async function shot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}
