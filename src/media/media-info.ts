import { LivefoleyError } from '../stream/errors.js';
import { FfmpegProcess } from './ffmpeg-process.js';
import {
  parseInputHeader,
  type AudioStreamInfo,
  type InputHeader,
  type VideoStreamInfo,
} from './input-header.js';
import type { Ffmpeg } from './locate-ffmpeg.js';
import type { LogLine } from './log-line.js';
import { assertReadable, parseMediaInput, type MediaInput } from './media-input.js';

/** What is known about an input before it is read. */
export type MediaInfo = {
  /** The name under which it was inspected. */
  readonly input: string;
  /** FFmpeg's names of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly formatName: string;
  /** Rounded to 10 ms; undefined where the end is unknown, as of a live stream or a raw one. */
  readonly durationSeconds: number | undefined;
  /** Whether it can be opened again and read from elsewhere: regular files, and web files of known length. */
  readonly canSeek: boolean;
  readonly video: VideoStreamInfo;
  /** Its own sound, or undefined. */
  readonly audio: AudioStreamInfo | undefined;
};

/**
 * Opens an input, reads what it says about itself, and closes it. Takes about 0.1 s for a file. What comes through a
 * pipe is consumed by it.
 * @throws {LivefoleyError} 'input', if there is no readable video with a picture; the message names what came instead
 */
export async function inspectMedia(
  ffmpeg: Ffmpeg,
  input: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<MediaInfo> {
  options.signal?.throwIfAborted();
  const source = parseMediaInput(input);
  const { isRegularFile } = await assertReadable(source);
  const child = new FfmpegProcess(ffmpeg.path, source.arguments, {
    stdin: source.kind === 'pipe' ? 'inherit' : 'ignore',
    signal: options.signal,
  });
  await child.exited;
  options.signal?.throwIfAborted();
  child.assertStarted();
  const header = assertVideo(source, child.lines);
  return {
    input,
    formatName: header.formatName,
    durationSeconds: header.durationSeconds,
    canSeek: isRegularFile || (/^https?:/i.test(input) && header.durationSeconds !== undefined),
    video: header.video,
    audio: header.audio,
  };
}

/**
 * The header in FFmpeg's log of an input that has a picture.
 * @throws {LivefoleyError} 'input', if it could not be opened, is no media, or has no picture
 */
export function assertVideo(
  source: MediaInput,
  lines: readonly LogLine[],
): InputHeader & { readonly video: VideoStreamInfo } {
  const header = parseInputHeader(lines);
  if (header === undefined) throw unreadableInput(source, lines);
  const { video } = header;
  if (video === undefined) {
    const found = header.audio === undefined ? `a ${header.formatName} file without one` : 'only sound';
    throw new LivefoleyError(
      'input',
      `Cannot use ${source.name}: expected a video, but it has no picture, ${found}`,
    );
  }
  // FFmpeg shows plain text as a picture of itself.
  if (header.formatName === 'tty' || video.codec === 'ansi') {
    throw new LivefoleyError('input', `Cannot use ${source.name}: expected a video, found a text`);
  }
  if (video.codec === 'none' || video.codec === 'unknown') {
    throw new LivefoleyError(
      'input',
      `Cannot use ${source.name}: its picture is in a format that this FFmpeg does not know`,
    );
  }
  return { ...header, video };
}

/** The error for an input that FFmpeg could not open or decode, with its own words where they say more. */
export function unreadableInput(source: MediaInput, lines: readonly LogLine[]): LivefoleyError {
  const errors = lines.filter((line) => line.level === 'error').map((line) => line.text);
  const cause = errors.find((text) => !/^(Error opening input|At least one output)/.test(text)) ?? errors[0];
  const said = cause === undefined ? '' : ` (FFmpeg: ${withoutAddress(cause, source)})`;
  if (source.kind === 'url') {
    return new LivefoleyError('input', `Cannot read ${source.name}: expected a stream with video${said}`);
  }
  return new LivefoleyError(
    'input',
    `Cannot read ${source.name}: expected a video, found no media that can be decoded${said}`,
  );
}

function withoutAddress(text: string, source: MediaInput): string {
  const address = source.arguments.at(-1) ?? '';
  return text.replace(`${address}: `, '').trim();
}
