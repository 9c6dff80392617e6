import { summaryOf } from '../bundle-summary.js';
import { loadBundle } from '../runtime/bundle.js';
import { listBundles } from '../runtime/find-bundle.js';
import { hopCostMsOf, type EnginePool } from './engine-pool.js';
import { delayMsFor } from './live-delay.js';
import type { BundleReport } from './stream-host.js';

/** Bundles for tests of the engine, which nobody wants to hear. */
const FOR_TESTS = /^conformance/;

/** The bundles that a stream may use, with the delay each would have. */
export async function reportBundles(options: {
  readonly pool: EnginePool;
  readonly defaultBundle: string;
  readonly extraDelayMs: number;
}): Promise<BundleReport[]> {
  const { pool, defaultBundle, extraDelayMs } = options;
  const shipped = (await listBundles()).map(({ name }) => name).filter((name) => !FOR_TESTS.test(name));
  const names = [...new Set([defaultBundle, ...shipped])];
  return Promise.all(
    names.map(async (name) => {
      const summary = summaryOf(await loadBundle(name));
      const { version, mode, promptWords, steps } = summary;
      const engine = pool.readyEngine(name);
      const delayMs = delayMsFor(summary, engine ? hopCostMsOf(engine) : 0, extraDelayMs);
      return { name, version, mode, isDefault: name === defaultBundle, promptWords, steps, delayMs };
    }),
  );
}
