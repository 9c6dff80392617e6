import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findChromium, launchChromium } from '../e2e/chromium.js';
import { startFakeServer, type FakeServer } from './fake-server.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FAKE_PEER = join(ROOT, 'test/web/fake-peer.js');
const CAN_RUN = findChromium() !== undefined && existsSync(join(ROOT, 'dist/web/index.html'));
const PATIENCE_MS = 45_000;

describe.skipIf(!CAN_RUN)('The page, before a pretended server', () => {
  let browser: Browser;
  let server: FakeServer;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    server = await startFakeServer();
    const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
    context.setDefaultTimeout(PATIENCE_MS);
    page = await context.newPage();
    errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.addInitScript({ path: FAKE_PEER });
  });
  afterEach(async () => {
    await page.context().close();
    await server.close();
    expect(errors).toEqual([]);
  });

  /** Waits until an element of that test id says this. */
  const says = (id: string, text: string | RegExp) =>
    page.getByTestId(id).filter({ hasText: text }).waitFor();
  const click = (id: string) => page.getByTestId(id).click();
  const open = (path = '/') => page.goto(server.address + path);

  async function goLive(): Promise<void> {
    await open();
    await click('start');
    await says('state', 'Live');
  }

  it('starts with the demo clip, shows the delay, and ends its session when stopped', async () => {
    await goLive();
    await says('delay-total', /\d+ ms|\d\.\d s/);
    await says('held-back', /Held back/);
    expect(await page.getByTestId('underruns').textContent()).toBe('0');
    await click('stop');
    await says('state', 'Ready');
    expect(server.calls.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
  });

  it('sends what changed in one go once the hand rests, and only words that the bundle knows', async () => {
    await goLive();
    for (const gain of ['-5', '-6', '-7']) await page.getByTestId('gain').fill(gain);
    await page.getByTestId('prompt').fill('metal zzz');
    await expect.poll(() => patches(server).at(-1)).toMatchObject({ prompt: 'metal' });
    expect(Object.assign({}, ...patches(server))).toEqual({ gainDb: -7, prompt: 'metal' });
  });

  it('begins anew with another bundle, and its steps', async () => {
    await goLive();
    await page.getByTestId('bundle').selectOption('foley-flow');
    await expect.poll(() => server.calls.at(-1)?.path).toContain('steps=4&bundle=foley-flow');
    expect(server.calls.map(({ method }) => method)).toEqual(['POST', 'DELETE', 'POST']);
    await says('state', 'Live');
  });

  it('reconnects by itself when the connection breaks and the server is away, and says so', async () => {
    await goLive();
    server.mood.isGone = true;
    await page.evaluate('window.breakConnection()');
    await says('error', /Connection lost|does not answer/);
    server.mood.isGone = false;
    await says('notice', 'Connection regained');
    await says('state', 'Live');
  }, 120_000);

  it('asks for a token, says when it is wrong, and keeps the right one', async () => {
    server.mood.token = 'secret';
    await open();
    await says('error', 'asks for a token');
    await page.getByTestId('token-input').fill('wrong');
    await click('token-submit');
    await says('error', 'did not accept');
    await page.getByTestId('token-input').fill('secret');
    await click('token-submit');
    await page.getByTestId('error').waitFor({ state: 'hidden' });
    await page.reload();
    await expect.poll(() => page.getByTestId('bundle').inputValue()).toBe('live');
  });

  it('takes a token from the address and removes it there', async () => {
    server.mood.token = 'secret';
    await open('/#token=secret');
    await expect.poll(() => page.getByTestId('bundle').inputValue()).toBe('live');
    expect(new URL(page.url()).hash).toBe('');
  });

  it('counts down while the server is full, and is live as soon as there is room', async () => {
    server.mood.refuse = 503;
    await open();
    await click('start');
    await says('countdown', /Trying again in \d+ s/);
    delete server.mood.refuse;
    await click('error-action');
    await says('state', 'Live');
    expect(await page.getByTestId('error').isVisible()).toBe(false);
  });

  it('offers another name when one is taken', async () => {
    server.mood.refuse = 409;
    await open();
    const before = await page.getByTestId('stream-name').inputValue();
    await click('start');
    await says('error', `“${before}” is already live`);
    delete server.mood.refuse;
    await click('error-action');
    await says('state', 'Live');
    expect(await page.getByTestId('stream-name').inputValue()).not.toBe(before);
  });

  it('says what the server does not take, and that a camera was not allowed', async () => {
    server.mood.refuse = 422;
    await open();
    await click('start');
    await says('error', /cannot take this picture[^]*VP8, VP9 and AV1/);
    const deny = `navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); }`;
    await page.evaluate(deny);
    await page.getByTestId('source-camera').check({ force: true });
    await click('start');
    await says('error', 'camera was not allowed');
    await says('state', 'Stopped');
  });

  it('opens no session when it is stopped while the camera is still being asked for', async () => {
    await open();
    await page.evaluate(`{
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      const later = new Promise((resolve) => { window.allow = resolve; });
      navigator.mediaDevices.getUserMedia = (wish) => later.then(() => ask(wish));
    }`);
    await page.getByTestId('source-camera').check({ force: true });
    await click('start');
    await says('state', 'Opening');
    await click('stop');
    await page.evaluate('window.allow()');
    await says('state', 'Ready');
    await page.waitForTimeout(500);
    expect(server.calls).toEqual([]);
  });

  it('says that a seed may change nothing with one step', async () => {
    await open();
    await page.getByTestId('seed-hint').waitFor({ state: 'hidden' });
    await page.getByTestId('steps').fill('1');
    await says('seed-hint', 'every seed may sound the same');
  });

  it('listens to its keys', async () => {
    await open();
    await page.keyboard.press('?');
    await page.locator('#help').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#help').waitFor({ state: 'hidden' });
    await page.keyboard.press('m');
    expect(await page.getByTestId('mute').getAttribute('aria-pressed')).toBe('true');
    const seed = await page.getByTestId('seed').inputValue();
    await page.keyboard.press('r');
    expect(await page.getByTestId('seed').inputValue()).not.toBe(seed);
    await page.keyboard.press('t');
    await says('theme', 'Dark');
    await page.keyboard.press('Space');
    await says('state', 'Live');
  });

  it('waits with a listener until the stream is live, and lets it be heard', async () => {
    server.mood.refuse = 409;
    await open('/?listen=oak-1');
    await click('listen-play');
    await says('error', '“oak-1” is not live yet');
    delete server.mood.refuse;
    await click('error-action');
    await says('listener-state', 'Live');
    const level = () => page.locator('#listener-level').getAttribute('aria-valuetext');
    await expect.poll(level, { timeout: 15_000 }).not.toBe('silent');
  });

  it.each([390, 768, 1280])('overflows nowhere at a width of %i', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    server.mood.refuse = 422;
    await open();
    await page
      .getByTestId('prompt')
      .fill('a wish that is as long as wishes are, and longer, and longer still '.repeat(3));
    await click('start');
    await says('error', 'cannot take');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });
});

function patches({ calls }: FakeServer): readonly object[] {
  return calls.filter(({ method }) => method === 'PATCH').map(({ body }) => JSON.parse(body) as object);
}
