import { describe, expect, it } from 'vitest';

import { HAS_CHROMIUM } from './browser.js';
import { startServer } from './start-server.js';
import {
  close,
  DESK,
  errorOf,
  expectState,
  levelOf,
  openTab,
  PHONE,
  shot,
  TEST_MS,
  until,
  usePageStage,
} from './tab.js';

const TOKEN = 'a-token-of-the-tests';

describe.skipIf(!HAS_CHROMIUM)('The page and its real server', () => {
  const { stage, open, streamIsOver } = usePageStage();

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
