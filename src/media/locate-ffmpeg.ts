import { stat } from 'node:fs/promises';

import { LivefoleyError } from '../stream/errors.js';
import { FfmpegProcess } from './ffmpeg-process.js';

/** An FFmpeg that was seen to run. */
export type Ffmpeg = {
  /** What to start: an absolute path, or `ffmpeg` where the PATH leads to it. */
  readonly path: string;
  readonly source: 'FFMPEG_BIN' | 'ffmpeg-static' | 'PATH';
  /** As it calls itself, such as `5.1.9-0+deb12u1` or `N-118193-g5f38c82536`. */
  readonly version: string;
};

/** Where FFmpeg is looked for. */
export type LocateFfmpegOptions = {
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: the path that the package `ffmpeg-static` names, or undefined. */
  readonly staticPath?: () => Promise<string | undefined>;
  readonly signal?: AbortSignal;
};

/**
 * Finds the FFmpeg to use: `FFMPEG_BIN`, else `ffmpeg-static` where its file exists and runs, else `ffmpeg` on the
 * PATH. A set `FFMPEG_BIN` that does not run is an error, never a silent fallback.
 * @throws {LivefoleyError} 'environment', if there is none; the message says how to get one
 */
export async function locateFfmpeg(options: LocateFfmpegOptions = {}): Promise<Ffmpeg> {
  const { env = process.env, staticPath = ffmpegStaticPath, signal } = options;
  const chosen = env['FFMPEG_BIN'];
  if (chosen !== undefined && chosen !== '') {
    const found = await probe(chosen, 'FFMPEG_BIN', signal);
    if ('path' in found) return found;
    throw new LivefoleyError(
      'environment',
      `Cannot use FFMPEG_BIN=${chosen}: expected an FFmpeg that runs, ${found.reason}; correct the variable or unset it`,
    );
  }
  const packaged = await staticPath();
  if (packaged !== undefined && (await isFile(packaged))) {
    const found = await probe(packaged, 'ffmpeg-static', signal);
    if ('path' in found) return found;
  }
  const found = await probe('ffmpeg', 'PATH', signal);
  if ('path' in found) return found;
  throw new LivefoleyError('environment', `Cannot find FFmpeg: ${howToInstall(process.platform)}`);
}

/** The protocols that an FFmpeg can read from, as it lists them; none where it lists nothing. */
export async function listInputProtocols(ffmpeg: Ffmpeg): Promise<readonly string[]> {
  const listing = (await standardOutput(ffmpeg.path, ['-protocols'], undefined)) ?? '';
  const inputs = /Input:\s*([\s\S]*?)(?:Output:|$)/.exec(listing)?.[1] ?? '';
  return inputs.split(/\s+/).filter((word) => word !== '');
}

/**
 * Whether FFmpeg is at least a release. A build from its development branch has no number and counts as newer.
 */
export function isAtLeast(
  ffmpeg: Ffmpeg,
  release: { readonly major: number; readonly minor: number },
): boolean {
  const match = /^n?(\d+)\.(\d+)/.exec(ffmpeg.version);
  if (match === null) return true;
  const major = Number(match[1]);
  return major > release.major || (major === release.major && Number(match[2]) >= release.minor);
}

async function probe(
  path: string,
  source: Ffmpeg['source'],
  signal: AbortSignal | undefined,
): Promise<Ffmpeg | { readonly reason: string }> {
  const version = await standardOutput(path, ['-version'], signal);
  const name = version === undefined ? undefined : /^ffmpeg version (\S+)/m.exec(version)?.[1];
  if (name === undefined)
    return { reason: version === undefined ? 'it could not be started' : 'it is another program' };
  return { path, source, version: name };
}

async function standardOutput(
  path: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const child = new FfmpegProcess(path, args, { stdout: 'pipe', signal });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const code = await child.exited;
  signal?.throwIfAborted();
  return code === 0 ? text : undefined;
}

/** The package is optional: it may be absent, and its download may have been skipped. */
async function ffmpegStaticPath(): Promise<string | undefined> {
  const name = 'ffmpeg-static';
  try {
    const module = (await import(name)) as { readonly default?: unknown };
    return typeof module.default === 'string' ? module.default : undefined;
  } catch {
    // Not installed here, or not made for this platform: the PATH is next.
    return undefined;
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

function howToInstall(platform: NodeJS.Platform): string {
  const step =
    platform === 'win32'
      ? 'run `winget install Gyan.FFmpeg`'
      : platform === 'darwin'
        ? 'run `brew install ffmpeg`'
        : 'run `sudo apt-get install ffmpeg` (or the like of your distribution)';
  return `${step}, or \`npm install ffmpeg-static\`, or set FFMPEG_BIN to the path of an FFmpeg 4.4 or newer`;
}
