import { randomBytes } from 'node:crypto';
import { rmSync, type BigIntStats } from 'node:fs';
import { link, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { LivefoleyError } from '../stream/errors.js';
import { onProcessEnd } from './process-end.js';

export type OutputTargetOptions = {
  /** Whether a file that is already there is replaced. */
  readonly force: boolean;
  /** The local file that is being read, if any: it is never replaced. */
  readonly inputPath?: string | undefined;
};

/**
 * The place of an output file. It is written under a temporary name in the same folder and takes its own name only when
 * it is complete; the temporary file goes when the output is given up or the process ends.
 */
export class OutputTarget {
  /** Where to write. Absolute. */
  readonly temporaryPath: string;
  /** The name as the person gave it, for messages. */
  readonly name: string;
  readonly #path: string;
  readonly #force: boolean;
  readonly #forget: () => void;

  private constructor(name: string, path: string, force: boolean) {
    this.name = name;
    this.#path = path;
    this.#force = force;
    this.temporaryPath = join(dirname(path), `.livefoley-${randomBytes(6).toString('hex')}.part`);
    this.#forget = onProcessEnd(() => rmSync(this.temporaryPath, { force: true }));
  }

  /**
   * Checks everything that can be checked before the work begins and creates the empty temporary file.
   * @throws {LivefoleyError} 'output', if the file exists and `force` is not set, is the input, is a directory, or if
   * its folder is missing or not writable
   */
  static async open(name: string, options: OutputTargetOptions): Promise<OutputTarget> {
    const existing = await statOf(name);
    if (existing !== undefined) await assertReplaceable(name, existing, options);
    // A link is followed, so that the file it names is replaced and not the link.
    const path = existing === undefined ? resolve(name) : await realpath(name);
    const folder = await statOf(dirname(path));
    if (folder?.isDirectory() !== true) {
      throw outputError(name, `expected an existing folder, found none at ${dirname(path)}`);
    }
    const target = new OutputTarget(name, path, options.force);
    try {
      await (await open(target.temporaryPath, 'wx')).close();
    } catch (error) {
      await target.discard();
      throw outputError(name, reasonOf(error as NodeJS.ErrnoException), error);
    }
    return target;
  }

  /**
   * Gives the complete file its own name.
   * @throws {LivefoleyError} 'output', if a file of that name has appeared meanwhile and `force` is not set
   */
  async commit(): Promise<void> {
    try {
      if (this.#force) await rename(this.temporaryPath, this.#path);
      else await renameToFree(this.temporaryPath, this.#path);
    } catch (error) {
      await this.discard();
      throw outputError(this.name, reasonOf(error as NodeJS.ErrnoException), error);
    }
    this.#forget();
  }

  /** Removes the temporary file. Idempotent; also harmless after `commit()`. */
  async discard(): Promise<void> {
    await rm(this.temporaryPath, { force: true }).catch(() => {
      // It is tried again when the process ends.
    });
    this.#forget();
  }
}

/** An error about the output, worded as the others are. */
export function outputError(name: string, reason: string, cause?: unknown): LivefoleyError {
  return new LivefoleyError(
    'output',
    `Cannot write ${name}: ${reason}`,
    cause === undefined ? undefined : { cause },
  );
}

/** Whether FFmpeg's words say that the disk is full; it has no codes for it. */
export function isDiskFull(text: string): boolean {
  return /No space left|Disk quota/.test(text);
}

async function assertReplaceable(
  name: string,
  existing: BigIntStats,
  { force, inputPath }: OutputTargetOptions,
): Promise<void> {
  if (existing.isDirectory()) throw outputError(name, 'expected a file name, found a directory');
  const input = inputPath === undefined ? undefined : await statOf(inputPath);
  // The same file, also under another name or by a link.
  if (input !== undefined && input.dev === existing.dev && input.ino === existing.ino) {
    throw outputError(name, 'it is the input itself; choose another name');
  }
  if (!force) throw outputError(name, `${basename(name)} exists already; choose another name or use --force`);
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch(() => undefined);
}

/** A rename that never replaces: a hard link to the new name fails where the name is taken. */
async function renameToFree(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    // The file system knows no hard links.
    if ((await statOf(to)) !== undefined) throw Object.assign(new Error('exists'), { code: 'EEXIST' });
    await rename(from, to);
    return;
  }
  await rm(from);
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'expected a writable folder, permission was denied';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    case 'EEXIST':
      return 'a file of that name has appeared meanwhile; choose another name or use --force';
    case 'ENOENT':
      // The folder is there, yet takes no file, as /proc does.
      return 'expected a folder in which files can be made';
    case undefined:
    default:
      return `expected a writable folder, received ${error.message}`;
  }
}
