import { FfmpegProcess } from './ffmpeg-process.js';
import { isAtLeast, type Ffmpeg } from './locate-ffmpeg.js';
import type { MediaInfo } from './media-info.js';
import type { MediaInput } from './media-input.js';
import { isDiskFull, outputError } from './output-target.js';
import { SOUND_FORMATS, type SoundFormat } from './sound-format.js';

/** The copied picture of an output. */
export type CopiedVideo = {
  readonly source: MediaInput;
  readonly info: MediaInfo;
  /** Where the span begins in the source. Unit: seconds. Undefined: at the start. */
  readonly startSeconds: number | undefined;
  /** How long it is. Unit: seconds. Undefined: to the end. */
  readonly durationSeconds: number | undefined;
  /** How long the picture runs before the sound begins, since a group of pictures is kept whole. Unit: seconds. */
  readonly leadSeconds: number;
};

export type MuxingOptions = {
  readonly format: SoundFormat;
  readonly channelCount: number;
  readonly path: string;
  readonly video: CopiedVideo | undefined;
  readonly audioFilter?: string;
  /** How much later the sound is put than it would be. Unit: seconds. Default 0. */
  readonly soundDelaySeconds?: number;
};

/** FFmpeg's arguments that write the sound from standard input, with the picture copied, to a file. */
export function muxingArguments(options: MuxingOptions): string[] {
  const { format, channelCount, path, video, audioFilter, soundDelaySeconds = 0 } = options;
  const sound = [
    '-protocol_whitelist',
    'pipe',
    '-f',
    'f32le',
    '-ar',
    '48000',
    '-ac',
    `${channelCount}`,
    '-i',
    'pipe:0',
  ];
  const copied = video === undefined ? [] : videoInput(video);
  const map = video === undefined ? ['-map', '0:a:0'] : ['-map', '0:V:0', '-map', '1:a:0', '-c:v', 'copy'];
  // Apple's players open HEVC only under this tag.
  const isHevcInMp4 = video?.info.video.codec === 'hevc' && format.video === 'editList';
  const lead =
    video === undefined || video.leadSeconds === 0 ? [] : ['-output_ts_offset', `${video.leadSeconds}`];
  return [
    ...copied,
    ...(soundDelaySeconds === 0 ? [] : ['-itsoffset', soundDelaySeconds.toFixed(6)]),
    ...sound,
    ...map,
    ...(isHevcInMp4 ? ['-tag:v', 'hvc1'] : []),
    ...(audioFilter === undefined ? [] : ['-af', audioFilter]),
    ...format.codecArguments,
    ...lead,
    ...format.muxerArguments,
    '-f',
    format.muxer,
    '-y',
    `file:${path}`,
  ];
}

/**
 * Tries a container with the first picture and a tenth of a second of silence, in the output's temporary file.
 * @throws {LivefoleyError} 'output', if it cannot hold the picture; the message names the suffixes that can
 */
export async function assertCanMux(
  ffmpeg: Ffmpeg,
  name: string,
  { signal, ...options }: MuxingOptions & { readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { video, format } = options;
  if (video !== undefined && video.info.video.rotationDegrees !== 0 && !keepsRotation(ffmpeg, format)) {
    const reason = `FFmpeg ${ffmpeg.version} would lose the rotation of the picture in ${format.suffix}; use .mp4 or .mov`;
    throw outputError(name, reason);
  }
  const said = await tryMuxing(ffmpeg, options, signal);
  if (said === undefined) return;
  // The trial has written into the real place: what fails may be the disk and not the container.
  if (isDiskFull(said)) throw outputError(name, 'the disk is full');
  if (video === undefined) throw outputError(name, `FFmpeg cannot write ${format.suffix} (${said})`);
  const fitting: string[] = [];
  for (const other of SOUND_FORMATS) {
    if (other.video === 'none' || other === format || !keepsRotation(ffmpeg, other, video)) continue;
    if ((await tryMuxing(ffmpeg, { ...options, format: other }, signal)) === undefined)
      fitting.push(other.suffix);
  }
  const advice = fitting.length === 0 ? 'use .wav for the sound alone' : `use ${fitting.join(' or ')}`;
  throw outputError(
    name,
    `${format.suffix} cannot hold ${video.info.video.codec} video; ${advice} (FFmpeg: ${said})`,
  );
}

/**
 * How long before the start of a span its first copied picture lies: containers without edit lists begin there.
 * Unit: seconds.
 */
export async function measureLead(ffmpeg: Ffmpeg, video: CopiedVideo, signal?: AbortSignal): Promise<number> {
  const first = ['-map', '0:V:0', '-c', 'copy', '-frames:v', '1', '-f', 'framecrc', 'pipe:1'];
  const child = new FfmpegProcess(ffmpeg.path, [...videoInput(video), ...first], { stdout: 'pipe', signal });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await child.exited;
  signal?.throwIfAborted();
  // `#tb 0: 1/15360`, then for each packet: stream, decoding time, presentation time, …
  const base = /^#tb 0: (\d+)\/(\d+)/m.exec(text);
  const packet = /^0, *-?\d+, *(-?\d+),/m.exec(text);
  if (base === null || packet === null) return 0;
  return Math.max(0, (-Number(packet[1]) * Number(base[1])) / Number(base[2]));
}

/**
 * How much too early a file written by `assertCanMux` sounds. FFmpeg's Matroska muxer takes the delay of Opus off the
 * times once more than its demuxer, and every other reader, gives back; by how much depends on its version.
 * Unit: seconds.
 */
export async function measureEarliness(
  ffmpeg: Ffmpeg,
  options: MuxingOptions,
  signal?: AbortSignal,
): Promise<number> {
  const first = ['-map', '0:a:0', '-af', 'asettb=1/48000,ashowinfo', '-frames:a', '1', '-f', 'null', '-'];
  const input = ['-copyts', '-protocol_whitelist', 'file', '-i', `file:${options.path}`];
  const child = new FfmpegProcess(ffmpeg.path, [...input, ...first], { signal });
  await child.exited;
  signal?.throwIfAborted();
  const shown = child.lines.find(
    (line) => line.part.startsWith('Parsed_ashowinfo') && /^n: *0 /.test(line.text),
  );
  const position = /pts: *(-?\d+)/.exec(shown?.text ?? '')?.[1];
  return position === undefined ? 0 : (options.video?.leadSeconds ?? 0) - Number(position) / 48_000;
}

/** Matroska's display matrix is written by FFmpeg from 6.1 on. */
function keepsRotation(ffmpeg: Ffmpeg, format: SoundFormat, video?: CopiedVideo): boolean {
  if (video !== undefined && video.info.video.rotationDegrees === 0) return true;
  return format.video === 'editList' || isAtLeast(ffmpeg, { major: 6, minor: 1 });
}

function videoInput({ source, startSeconds, durationSeconds }: CopiedVideo): string[] {
  const start = startSeconds === undefined || startSeconds === 0 ? [] : ['-ss', startSeconds.toFixed(6)];
  const duration = durationSeconds === undefined ? [] : ['-t', durationSeconds.toFixed(6)];
  return [...start, ...duration, ...source.arguments];
}

/** What FFmpeg said against it, or undefined where it went well. */
async function tryMuxing(
  ffmpeg: Ffmpeg,
  options: MuxingOptions,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const args = muxingArguments(options);
  const limit = options.video === undefined ? [] : ['-frames:v', '1'];
  const child = new FfmpegProcess(ffmpeg.path, [...args.slice(0, -1), ...limit, ...args.slice(-1)], {
    stdin: 'pipe',
    signal,
  });
  child.stdin.end(new Uint8Array(4_800 * 4 * options.channelCount));
  const code = await child.exited;
  signal?.throwIfAborted();
  child.assertStarted();
  return code === 0 ? undefined : (child.errors[0] ?? `it ended with code ${code}`).trim();
}
