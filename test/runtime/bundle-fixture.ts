import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LivefoleyError } from '../../src/stream/errors.js';

export const BUNDLES = realpathSync(fileURLToPath(new URL('../../models/bundles', import.meta.url)));

export type Json = Record<string, unknown>;

/** One way to break a manifest; `models/conformance/mutations.json` lists them for both loaders. */
export type Mutation = {
  readonly says: string;
  readonly bundle: string;
  readonly path: readonly (string | number)[];
  readonly value?: unknown;
  readonly remove?: boolean;
  /** The field that the error must name. */
  readonly field: string;
};

export const MUTATIONS = JSON.parse(
  readFileSync(new URL('../../models/conformance/mutations.json', import.meta.url), 'utf8'),
) as readonly Mutation[];

export function manifestText(bundle: string): string {
  return readFileSync(join(BUNDLES, bundle, 'bundle.json'), 'utf8');
}

/** A copy of the document with one place changed or removed. */
export function mutate(document: unknown, mutation: Pick<Mutation, 'path' | 'value' | 'remove'>): unknown {
  const whole = { root: structuredClone(document) } as Json;
  let place = whole;
  const keys = ['root', ...mutation.path];
  for (const key of keys.slice(0, -1)) place = place[key] as Json;
  const last = keys.at(-1)!;
  if (mutation.remove) delete place[last];
  else place[last] = mutation.value;
  return whole['root'];
}

/** The error that was thrown; fails the test if there was none or another. */
export async function refusal(attempt: () => unknown): Promise<LivefoleyError> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof LivefoleyError && error.place === 'bundle') return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** A copy of bundles, both conformance bundles by default, that a test may break. */
export class BundleCopies {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async create(names = ['conformance', 'conformance-window']): Promise<BundleCopies> {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'livefoley-bundles-')));
    for (const name of names) {
      await cp(join(BUNDLES, name), join(root, name), { recursive: true });
    }
    return new BundleCopies(root);
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  /** Rewrites a bundle's manifest. */
  async edit(bundle: string, change: (manifest: Json) => unknown): Promise<void> {
    const file = this.path(bundle, 'bundle.json');
    const manifest = JSON.parse(await readFile(file, 'utf8')) as Json;
    await writeFile(file, JSON.stringify(change(manifest) ?? manifest));
  }

  /** Replaces a file and what the manifest says of it. */
  async replace(bundle: string, file: string, content: Uint8Array): Promise<void> {
    await writeFile(this.path(bundle, file), content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const value = { sha256, bytes: content.length };
    await this.edit(bundle, (manifest) => mutate(manifest, { path: ['files', file], value }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true });
  }
}
