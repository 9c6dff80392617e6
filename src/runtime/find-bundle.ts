import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LivefoleyError } from '../stream/errors.js';

// The same two folders up from src/runtime and from dist/runtime.
const BUNDLES_FOLDER = fileURLToPath(new URL('../../models/bundles', import.meta.url));
const MANIFEST_FILE = 'bundle.json';

/** The bundle that turns free text into prompts, where it is there. */
export const TEXT_BUNDLE = 'text';

/** A bundle that ships with the package. */
export type BundledBundle = { readonly name: string; readonly folder: string };

/** The bundles that ship with the package, in the order of their names. Their manifests are not read. */
export async function listBundles(): Promise<BundledBundle[]> {
  const entries = await readdir(BUNDLES_FOLDER, { withFileTypes: true }).catch((error: unknown) => {
    throw new LivefoleyError(
      'bundle',
      `Cannot list the bundles: the package has no folder ${BUNDLES_FOLDER}`,
      { cause: error },
    );
  });
  const bundles: BundledBundle[] = [];
  for (const entry of entries) {
    const folder = join(BUNDLES_FOLDER, entry.name);
    if (entry.isDirectory() && (await isFile(join(folder, MANIFEST_FILE))))
      bundles.push({ name: entry.name, folder });
  }
  return bundles.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * The folder of a bundle, given the name of one that ships with the package, or a path to a folder with a
 * `bundle.json`. A name wins over a path. The folder's own links are resolved.
 *
 * @throws {LivefoleyError} Place `bundle`, naming the bundles there are
 */
export async function findBundle(nameOrPath: string): Promise<string> {
  const bundles = await listBundles();
  const bundled = bundles.find((bundle) => bundle.name === nameOrPath);
  if (bundled) return realpath(bundled.folder);
  const path = resolve(nameOrPath);
  if (nameOrPath !== '' && (await isFile(join(path, MANIFEST_FILE)))) return realpath(path);
  const choices = bundles.map((bundle) => bundle.name).join(', ') || 'none';
  throw new LivefoleyError(
    'bundle',
    `Cannot find bundle '${nameOrPath}': it must be the name of a bundle (${choices}) or a folder with a ${MANIFEST_FILE}, ` +
      `received ${await describe(path)}`,
  );
}

async function describe(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined); // Whatever the reason, there is nothing to use.
  if (!found) return 'neither';
  if (!found.isDirectory()) return 'a file';
  return `the folder '${basename(path)}' without one`;
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined); // As above.
  return found?.isFile() ?? false;
}
