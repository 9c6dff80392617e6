import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Tests in real time that time themselves: alone, so that what others compute is not heard in them. */
const LIVE = [
  'test/e2e/*.test.ts',
  'test/interop/node-datachannel.test.ts',
  'test/live/live-host.test.ts',
  'test/rtc/rtc-source.test.ts',
];

/** Tests in real time that mostly wait: two at once, and nothing else. */
const WAITING = [
  'test/interop/hostile-offers.test.ts',
  'test/live/live-host-*.test.ts',
  'test/rtc/rtc-peer.test.ts',
  'test/web/page.test.ts',
];

/** Real time on a machine that others use too may stand still for a second: what fails once is heard again. */
const RETRIES = 2;

export default defineConfig({
  resolve: { alias: { livefoley: fileURLToPath(new URL('./src/index.ts', import.meta.url)) } },
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['./test/property-seed.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'engine',
          include: ['test/**/*.test.ts'],
          exclude: [...LIVE, ...WAITING],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'waiting',
          include: WAITING,
          retry: RETRIES,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'live', include: LIVE, retry: RETRIES, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
