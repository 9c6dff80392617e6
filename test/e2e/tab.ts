import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterEach } from 'vitest';

import { sleep, useStage, type Stage } from './browser.js';
import type { RunningServer } from './start-server.js';

const SHOTS = fileURLToPath(new URL('../../test-artefacts/e2e/', import.meta.url));

/** On a machine that does much else too. Unit: ms. */
const PATIENCE_MS = 75_000;
export const TEST_MS = 240_000;
const LOOK_MS = 250;

export const DESK = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** A page, and what its console has complained of. */
export type Tab = { readonly page: Page; readonly complaints: string[] };

/** A stage whose server holds one stream; what a test that fails leaves open does not disturb the next. */
export function usePageStage(): {
  readonly stage: () => Stage;
  readonly open: (options?: BrowserContextOptions) => Promise<Tab>;
  readonly streamIsOver: () => Promise<void>;
} {
  const stage = useStage(['--max-sessions', '1', '--lost-seconds', '2']);
  afterEach(async () => {
    for (const context of stage().browser.contexts()) await context.close();
  });
  return {
    stage,
    open: (options = {}) =>
      openTab(stage().browser.newContext({ viewport: DESK, ...options }), stage().server.address),
    streamIsOver: () =>
      until('the stream is over', async () => (await streamNames(stage().server)).length === 0),
  };
}

export async function openTab(
  made: ReturnType<Stage['browser']['newContext']>,
  address: string,
): Promise<Tab> {
  const page = await (await made).newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // A server on a slow machine may say that it is full (503), and the page waits, as page.thorough.ts shows.
    if (message.type() === 'error' && !/status of 503/.test(message.text())) complaints.push(message.text());
  });
  await page.goto(address);
  return { page, complaints };
}

export async function close(page: Page): Promise<void> {
  await page.context().close();
}

export async function expectState(page: Page, words: string): Promise<void> {
  const now = async (): Promise<string> => (await text(page, '#state')).trim();
  await until(`the state is '${words}'`, async () => (await now()) === words).catch(async (error: Error) => {
    throw new Error(`${error.message}; it is '${await now()}', with '${await errorOf(page)}'`);
  });
}

export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > endMs)
      throw new Error(`Within ${PATIENCE_MS / 1000} s this did not come: ${what}`);
    await sleep(LOOK_MS);
  }
}

export async function text(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).textContent()) ?? '';
}

export async function errorOf(page: Page): Promise<string> {
  const banner = page.getByTestId('error');
  return (await banner.isVisible()) ? banner.innerText() : '';
}

/** What the page's meter tells those who do not see it. Unit: dBFS. */
export async function levelOf(page: Page, selector = '#level'): Promise<number> {
  return Number(await page.locator(selector).getAttribute('aria-valuenow'));
}

export function hasPicture(page: Page): Promise<boolean> {
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
export async function shot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}
