import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LivefoleyError } from '../stream/errors.js';
import type { AnyManifest, BundleManifest, FileManifest, TextManifest } from './bundle-manifest.js';
import { findBundle } from './find-bundle.js';
import { fieldPath } from './manifest-problem.js';

/** A bundle whose manifest has been checked. Its files are checked as they are read. */
export type Bundle<Manifest extends AnyManifest = BundleManifest> = {
  /** The folder, links resolved. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** SHA-256 of `bundle.json`, in hex. As that holds the checksums of all files, it stands for the whole bundle. */
  readonly identity: string;
  /**
   * The bytes of a listed file, wherever they are stored; size and checksum are those of the very bytes returned.
   * @throws {LivefoleyError} Place `bundle`, if the file is missing, is not what the manifest says, or is not listed
   */
  readFile(name: string): Promise<Uint8Array>;
};

/** A manifest is some kilobytes; a larger file is something else. Unit: bytes. */
const MAX_MANIFEST_BYTES = 4 * 2 ** 20;
const UNLISTED_FILES = ['bundle.json', 'README.md'];

/**
 * Opens a bundle that makes sound.
 *
 * @param checked As for `openBundle()`
 * @throws {LivefoleyError} Place `bundle`, as `openBundle()`; place `usage`, if it is one that makes none
 */
export async function loadBundle(nameOrPath: string, checked?: string): Promise<Bundle> {
  const bundle = await openBundle(nameOrPath, checked);
  if (isSounding(bundle)) return bundle;
  throw new LivefoleyError(
    'usage',
    `Cannot make sound with bundle '${bundle.manifest.name}': it reads prompts, and is used by itself where a prompt needs it`,
  );
}

/**
 * Opens a bundle that turns free text into a prompt.
 *
 * @param checked As for `openBundle()`
 * @throws {LivefoleyError} Place `bundle`, as `openBundle()`, or if it is one that makes sound
 */
export async function loadTextBundle(nameOrPath: string, checked?: string): Promise<Bundle<TextManifest>> {
  const bundle = await openBundle(nameOrPath, checked);
  if (!isSounding(bundle)) return bundle;
  throw new LivefoleyError(
    'bundle',
    `Cannot read prompts with bundle '${bundle.manifest.name}': it makes sound`,
  );
}

/** Whether a bundle makes sound; else it turns free text into a prompt. */
export function isSounding(bundle: Bundle | Bundle<TextManifest>): bundle is Bundle {
  return bundle.manifest.system !== 'text';
}

/**
 * Opens a bundle by its name or its folder and checks its manifest. Does not load a graph.
 *
 * @param checked The `identity` of a manifest that was checked before: the same one is not checked again, which spares
 * a process most of its start
 * @throws {LivefoleyError} Place `bundle`: one sentence that names the file and the field
 */
export async function openBundle(
  nameOrPath: string,
  checked?: string,
): Promise<Bundle | Bundle<TextManifest>> {
  const folder = await findBundle(nameOrPath);
  const name = basename(folder);
  const subject = `Bundle '${name}': bundle.json`;
  const bytes = await readRegularFile(join(folder, 'bundle.json'), { subject, maxBytes: MAX_MANIFEST_BYTES });
  const identity = sha256(bytes);
  const text = decodeText(bytes, subject);
  const manifest = identity === checked ? (JSON.parse(text) as AnyManifest) : await parse(text, name);
  const opened = {
    folder,
    identity,
    readFile: (file: string) => readListedFile({ folder, manifest }, file),
  };
  return manifest.system === 'text' ? { ...opened, manifest } : { ...opened, manifest };
}

/** The schema and its compiler are loaded where a manifest is new. */
async function parse(text: string, name: string): Promise<AnyManifest> {
  return (await import('./parse-manifest.js')).parseManifest(text, name);
}

/**
 * Reads every file of a bundle, and looks for files that the manifest does not know.
 *
 * @throws {LivefoleyError} Place `bundle`, about the first file that is not as it must be
 */
export async function verifyFiles(bundle: Bundle<AnyManifest>): Promise<void> {
  const { folder, manifest } = bundle;
  for (const file of Object.keys(manifest.files)) await bundle.readFile(file);
  for (const file of (await readdir(folder)).sort()) {
    if (UNLISTED_FILES.includes(file)) continue;
    const entry = entryOf(manifest, file);
    if (entry && entry.from === undefined) continue;
    const reason = entry
      ? `lie only in the sibling bundle '${entry.from}'`
      : 'be listed in bundle.json, files';
    throw new LivefoleyError(
      'bundle',
      `Bundle '${manifest.name}': ${file} must ${reason}, received a file in the folder`,
    );
  }
}

async function readListedFile(
  bundle: { readonly folder: string; readonly manifest: AnyManifest },
  name: string,
): Promise<Uint8Array> {
  const { folder, manifest } = bundle;
  const entry = entryOf(manifest, name);
  if (!entry) {
    throw new LivefoleyError(
      'bundle',
      `Bundle '${manifest.name}': ${name} must be listed in bundle.json, files, received nothing`,
    );
  }
  const place = entry.from === undefined ? folder : join(dirname(folder), entry.from);
  const from = entry.from === undefined ? '' : ` of the sibling bundle '${entry.from}'`;
  const subject = `Bundle '${manifest.name}': ${name}${from}`;
  const bytes = await readRegularFile(join(place, name), { subject, exactBytes: entry.bytes });
  const actual = sha256(bytes);
  if (actual !== entry.sha256) {
    const field = fieldPath('files', name, 'sha256');
    throw new LivefoleyError(
      'bundle',
      `${subject} must have the SHA-256 of bundle.json, ${field}, ${entry.sha256}, received ${actual}`,
    );
  }
  return bytes;
}

function entryOf(manifest: AnyManifest, name: string): FileManifest | undefined {
  return Object.hasOwn(manifest.files, name) ? manifest.files[name] : undefined;
}

type ReadLimits = { readonly subject: string } & (
  { readonly maxBytes: number } | { readonly exactBytes: number }
);

/**
 * Reads one regular file. A symbolic link is refused (what it names is not part of the bundle), a pipe or a device
 * never waited for. A hard link passes: package managers and backups make them, and the checksum holds for the
 * bytes that are used, wherever else they may also be reached.
 */
async function readRegularFile(path: string, limits: ReadLimits): Promise<Uint8Array> {
  const { subject } = limits;
  const refuse = (requirement: string, received: string, cause?: unknown): LivefoleyError =>
    new LivefoleyError('bundle', `${subject} must ${requirement}, received ${received}`, { cause });
  const link = await lstat(path).catch((error: unknown) => {
    throw refuse('be a file that can be read', reasonOf(error), error);
  });
  if (!link.isFile()) throw refuse('be a regular file', kindOf(link));
  // Absent on Windows, where lstat alone has to do.
  const safeFlags =
    ((constants.O_NOFOLLOW as number | undefined) ?? 0) | ((constants.O_NONBLOCK as number | undefined) ?? 0);
  const handle = await open(path, constants.O_RDONLY | safeFlags).catch((error: unknown) => {
    throw refuse('be a file that can be read', reasonOf(error), error);
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw refuse('be a regular file', kindOf(found));
    if ('exactBytes' in limits && found.size !== limits.exactBytes) {
      throw refuse(`have the ${limits.exactBytes} bytes that bundle.json, files says`, `${found.size}`);
    }
    if ('maxBytes' in limits && found.size > limits.maxBytes) {
      throw refuse(`have at most ${limits.maxBytes} bytes`, `${found.size}`);
    }
    const bytes = new Uint8Array(found.size);
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
      if (bytesRead === 0) throw refuse(`have ${bytes.length} bytes`, `${filled}`);
      filled += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return code === 'ENOENT' ? 'nothing' : `the error ${code}`;
}

function kindOf(found: { isSymbolicLink(): boolean; isDirectory(): boolean }): string {
  if (found.isSymbolicLink()) return 'a symbolic link';
  return found.isDirectory() ? 'a folder' : 'a device or a pipe';
}

function decodeText(bytes: Uint8Array, subject: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new LivefoleyError('bundle', `${subject} must be text in UTF-8, received other bytes`, {
      cause: error,
    });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
