import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCanary, stolenTicksIn } from './canary.js';

describe('the canary', () => {
  let canary: ReturnType<typeof startCanary>;
  beforeAll(() => {
    canary = startCanary();
  });
  afterAll(() => {
    canary.stop();
  });

  it('reads what the host has taken from the line of all cores', () => {
    const stat = 'cpu  365447 29764 41485 370510 1457 7 3881 2863 5 6\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 9\n';
    expect(stolenTicksIn(stat)).toBe(2863);
    expect(stolenTicksIn('cpu  1 2 3 4\n')).toBe(0);
    expect(stolenTicksIn('')).toBe(0);
  });

  it.skipIf(process.platform === 'win32')(
    'notes a pause of its own process, from its begin to its end',
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const fromMs = Date.now();
      canary.pause(300);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const stall = canary.within(fromMs, fromMs + 300).find(({ fromMs: from, toMs }) => toMs - from > 250);
      expect(stall).toBeDefined();
    },
  );
});
