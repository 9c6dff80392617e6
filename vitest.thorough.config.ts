import { defineConfig, mergeConfig } from 'vitest/config';
import common from './vitest.config.js';

/** What takes minutes each, before a release: trained bundles on a software GPU, hours of simulated time, all of the page. */
export default mergeConfig(
  { ...common, test: { ...common.test, projects: undefined } },
  defineConfig({ test: { include: ['test/**/*.thorough.ts'], maxWorkers: 1, retry: 1 } }),
);
