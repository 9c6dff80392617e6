import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';

import { startCanary } from './canary.js';
import { findChromium, launchChromium, NO_CHROMIUM } from './chromium.js';
import { FlashPage, type Taken } from './flash-page.js';
import { startServer, type RunningServer } from './start-server.js';

export const HAS_CHROMIUM = findChromium() !== undefined;

if (!HAS_CHROMIUM) process.stderr.write(`Skipping the tests in a browser. ${NO_CHROMIUM}\n`);

/** Chromium and a server for one test file, with a canary beside them. */
export type Stage = {
  readonly browser: Browser;
  readonly server: RunningServer;
  readonly canary: ReturnType<typeof startCanary>;
};

const START_WITHIN_MS = 180_000;

/** Sets up a stage for the tests of this file; to be read within them. */
export function useStage(args: readonly string[] = []): () => Stage {
  let stage: Stage | undefined;
  beforeAll(async () => {
    if (!HAS_CHROMIUM) return;
    const canary = startCanary();
    const server = await startServer(args);
    stage = { canary, server, browser: await launchChromium() };
  }, START_WITHIN_MS);
  afterAll(async () => {
    await stage?.browser.close();
    await stage?.server.stop();
    stage?.canary.stop();
  }, START_WITHIN_MS);
  return () => {
    if (!stage) throw new Error('The stage is not there: its set-up has failed, see above');
    return stage;
  };
}

export function openFlashPage({ browser, server }: Stage): Promise<FlashPage> {
  return FlashPage.open(browser, server.address);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Stalls of the machine itself between two looks at a page. */
export function stallsBetween(
  { canary }: Stage,
  from: Pick<Taken, 'nowMs' | 'originMs'>,
  to: Pick<Taken, 'nowMs' | 'originMs'>,
): number[] {
  return canary
    .within(from.originMs + from.nowMs, to.originMs + to.nowMs)
    .map(({ fromMs, toMs }) => Math.round(toMs - fromMs));
}

/** Puts figures where whoever reads the test's log finds them. */
export function note(what: string, figures: object): void {
  process.stderr.write(`${what}: ${JSON.stringify(figures)}\n`);
}
