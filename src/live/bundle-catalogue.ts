import { summaryOf } from '../bundle-summary.js';
import { loadBundle } from '../runtime/bundle.js';
import { listBundles, TEXT_BUNDLE } from '../runtime/find-bundle.js';
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
  const found = (await listBundles()).map(({ name }) => name);
  const shipped = found.filter((name) => name !== TEXT_BUNDLE && !FOR_TESTS.test(name));
  const names = [...new Set([defaultBundle, ...shipped])];
  return Promise.all(
    names.map(async (name) => {
      const summary = summaryOf(await loadBundle(name));
      const { version, mode, promptWords, steps } = summary;
      const engine = pool.readyEngine(name);
      const delayMs = delayMsFor(summary, engine ? hopCostMsOf(engine) : 0, extraDelayMs);
      const readsFreeText = promptWords.length > 0 && found.includes(TEXT_BUNDLE);
      const isDefault = name === defaultBundle;
      return { name, version, mode, isDefault, promptWords, readsFreeText, steps, delayMs };
    }),
  );
}
