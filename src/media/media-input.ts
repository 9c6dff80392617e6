import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';

import { LivefoleyError } from '../stream/errors.js';

/** What an input's name stands for. */
export type MediaInput = {
  /** 'file' is a local path, 'pipe' standard input, 'url' a network address. */
  readonly kind: 'file' | 'pipe' | 'url';
  /** The name as the person wrote it, for messages. */
  readonly name: string;
  /** The absolute path; only of a file. */
  readonly path: string | undefined;
  /** FFmpeg's arguments that open it and nothing else: the protocol whitelist, `-i` and the address. */
  readonly arguments: readonly string[];
};

/** What a local file may open in turn: other local files, as a playlist or an image sequence does; never the network. */
const FILE_PROTOCOLS = 'file,crypto,data';

/** What each kind of address may open in turn. None lists `file`: a remote playlist must not read the disk. */
const URL_PROTOCOLS: Readonly<Record<string, string>> = {
  http: 'http,https,httpproxy,tcp,tls,crypto,data',
  https: 'http,https,httpproxy,tcp,tls,crypto,data',
  rtmp: 'rtmp,tcp',
  rtmps: 'rtmps,tcp,tls',
  rtmpt: 'rtmpt,ffrtmphttp,http,tcp',
  rtmpts: 'rtmpts,ffrtmphttp,http,https,tcp,tls',
  rtsp: 'rtsp,rtp,srtp,udp,tcp,http',
  rtsps: 'rtsps,rtsp,rtp,srtp,udp,tcp,tls,https',
  rtp: 'rtp,srtp,udp',
  srtp: 'srtp,rtp,udp',
  srt: 'srt,udp',
  udp: 'udp',
  tcp: 'tcp',
  tls: 'tls,tcp',
};

/** Two letters at least, so that the drive of `C:\clip.mp4` is not taken for a scheme. */
const SCHEME = /^([a-z][a-z0-9+.-]+):\/\//i;

const PICTURE_SUFFIX = /\.(png|jpe?g|bmp|webp|tiff?)$/i;

/**
 * Reads an input's name: `-` is standard input, `scheme://…` an address, everything else a local path, also one
 * that begins with `-` or contains a colon or a per cent sign.
 * @throws {LivefoleyError} 'input', if the name is empty, or an address that livefoley does not open
 */
export function parseMediaInput(name: string): MediaInput {
  if (name === '-') {
    return {
      kind: 'pipe',
      name: 'standard input',
      path: undefined,
      arguments: whitelisted('pipe', 'pipe:0'),
    };
  }
  if (name === '') {
    throw new LivefoleyError(
      'input',
      'Cannot open the input: expected the name of a video, received an empty text',
    );
  }
  const scheme = SCHEME.exec(name)?.[1]?.toLowerCase();
  if (scheme === undefined) return localFile(name, resolve(name));
  if (scheme === 'file') return localFile(name, pathOf(name));
  const protocols = Object.hasOwn(URL_PROTOCOLS, scheme) ? URL_PROTOCOLS[scheme] : undefined;
  if (protocols === undefined) {
    const known = Object.keys(URL_PROTOCOLS).join(', ');
    throw new LivefoleyError(
      'input',
      `Cannot open ${name}: expected a file or one of ${known}, received ${scheme}://`,
    );
  }
  return { kind: 'url', name, path: undefined, arguments: whitelisted(protocols, name) };
}

/**
 * Whether the input can be opened a second time and read from its start again: a regular file can.
 * @throws {LivefoleyError} 'input', if a local path is missing, a directory, empty or out of reach, or standard
 * input is a terminal
 */
export async function assertReadable(input: MediaInput): Promise<{ readonly isRegularFile: boolean }> {
  if (input.kind === 'pipe' && isatty(0)) {
    throw new LivefoleyError('input', `Cannot read ${input.name}: expected a video, found a terminal`);
  }
  if (input.path === undefined) return { isRegularFile: false };
  const entry = await stat(input.path).catch((error: unknown) => {
    throw new LivefoleyError(
      'input',
      `Cannot open ${input.name}: ${reasonOf(error as NodeJS.ErrnoException)}`,
      { cause: error },
    );
  });
  if (entry.isDirectory()) {
    throw new LivefoleyError('input', `Cannot open ${input.name}: expected a video file, found a directory`);
  }
  if (entry.isFile() && entry.size === 0) {
    throw new LivefoleyError(
      'input',
      `Cannot open ${input.name}: expected a video file, found an empty file`,
    );
  }
  return { isRegularFile: entry.isFile() };
}

function pathOf(fileUrl: string): string {
  try {
    return fileURLToPath(fileUrl);
  } catch (error) {
    const reason =
      'expected an address such as file:///folder/clip.mp4, received one that names no local file';
    throw new LivefoleyError('input', `Cannot open ${fileUrl}: ${reason}`, { cause: error });
  }
}

function localFile(name: string, path: string): MediaInput {
  const opening = whitelisted(FILE_PROTOCOLS, `file:${path}`);
  // FFmpeg takes a per cent sign in a picture's name for the pattern of a sequence.
  const isPatternLike = path.includes('%') && PICTURE_SUFFIX.test(path);
  const args = isPatternLike ? ['-f', 'image2', '-pattern_type', 'none', ...opening] : opening;
  return { kind: 'file', name, path, arguments: args };
}

function whitelisted(protocols: string, address: string): readonly string[] {
  return ['-protocol_whitelist', protocols, '-i', address];
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    return 'expected a video file, found nothing there';
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return 'expected a readable file, permission was denied';
  return `expected a readable file, received ${error.message}`;
}
