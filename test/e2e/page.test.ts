import { describe, expect, it } from 'vitest';

import { HAS_CHROMIUM, sleep } from './browser.js';
import { launchChromium } from './chromium.js';
import {
  close,
  DESK,
  errorOf,
  expectState,
  hasPicture,
  levelOf,
  openTab,
  PHONE,
  shot,
  TEST_MS,
  text,
  until,
  usePageStage,
} from './tab.js';

/** Charts fill before they are shown to people. Unit: ms. */
const SHOWN_MS = 3_000;

describe.skipIf(!HAS_CHROMIUM)('The page', () => {
  const { stage, open, streamIsOver } = usePageStage();

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
});
