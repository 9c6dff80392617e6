import { MEDIA_RATE, secondsAt } from '../stream/media-clock.js';
import type { VideoFrame } from '../stream/video-frame.js';
import { FfmpegProcess } from './ffmpeg-process.js';
import { FrameTimestamps, TIMESTAMP_FILTERS } from './frame-timestamps.js';
import { interruptible } from './interruptible.js';
import { isAtLeast, type Ffmpeg } from './locate-ffmpeg.js';
import { assertVideo, inspectMedia, unreadableInput, type MediaInfo } from './media-info.js';
import { assertReadable, parseMediaInput, type MediaInput } from './media-input.js';
import { PipeReader } from './pipe-reader.js';

/** Which pictures are read, and of what size. */
export type ReadVideoOptions = {
  /** Pictures are squeezed to exactly this size, whatever their shape. Unit: pixels. */
  readonly width: number;
  /** Unit: pixels. */
  readonly height: number;
  /**
   * The first picture delivered is the newest one not later than this position, if there is one; positions stay those
   * of the whole file. Default: the first picture there is.
   */
  readonly fromPosition?: number | undefined;
  /** Ends before the first picture that is this many audio frames or more after `fromPosition`. Default: never. */
  readonly durationFrames?: number | undefined;
  /** What an earlier inspection said; saves inspecting the file again. */
  readonly info?: MediaInfo | undefined;
  /** Hears at the end, in one sentence, about damage that cost or may have cost pictures. */
  readonly onWarning?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** How far before the wanted position decoding starts: the first that reaches a picture before it is taken. Unit: s. */
const SEEK_SLACKS_SECONDS = [1, 15, 120] as const;

/** Containers in which FFmpeg's seeks were found to give the very pictures and times of a decode from the start. */
const SEEKABLE_FORMATS = /^(mov,|matroska)/;

/** Containers whose clock may be set anew midway; FFmpeg joins the parts unless it is told to copy the times. */
const DISCONTINUOUS_FORMATS = /^(mpegts|mpeg$|hls|rtsp|flv|live_flv)/;

/**
 * Decodes a video: every picture once, upright, at the asked size, with its own time; none is repeated or left out to
 * make the rate constant. Times may repeat or jump back where the source's do. Interlaced pictures come whole, with both
 * fields, and transparent ones over black.
 *
 * Position 0 is the start of the container's presentation, so a picture track that starts late starts at a later
 * position. Decoding keeps at most the pipe's few pictures ahead of the consumer; `return()` and the signal end FFmpeg
 * at once. A damaged file gives the pictures there are. Allocates: one buffer a picture, which the consumer owns.
 * @throws {LivefoleyError} 'input', if the input cannot be opened or gives no picture at all
 * @throws {RangeError} If a size or a position is out of range
 */
export function readVideoFrames(
  ffmpeg: Ffmpeg,
  input: string,
  options: ReadVideoOptions,
): AsyncIterable<VideoFrame> {
  assertOptions(options);
  return interruptible((signal) => decode(ffmpeg, input, { ...options, signal }), options.signal);
}

type Reading = ReadVideoOptions & { readonly signal: AbortSignal };

async function* decode(
  ffmpeg: Ffmpeg,
  input: string,
  options: Reading,
): AsyncGenerator<VideoFrame, void, undefined> {
  const source = parseMediaInput(input);
  const { isRegularFile } = await assertReadable(source);
  // Only a regular file can be opened twice; of all else the header comes with the pictures.
  const info = options.info ?? (isRegularFile ? await inspectMedia(ffmpeg, input, options) : undefined);
  const from = options.fromPosition;
  const end = options.durationFrames === undefined ? Infinity : (from ?? 0) + options.durationFrames;
  const slacks = from !== undefined && canSeek(info) ? SEEK_SLACKS_SECONDS : [];
  for (const slack of slacks) {
    const start = secondsAt(from ?? 0) - slack;
    if (start <= 0) break;
    const run = new DecodeRun({ ffmpeg, source, info, options, startSeconds: start });
    const frames = run.frames();
    const first = await newestNotLater(frames, from ?? 0);
    if (first !== undefined && first.frame.position <= (from ?? 0)) {
      yield* upTo(end, first, frames);
      return;
    }
    await frames.return();
  }
  const run = new DecodeRun({ ffmpeg, source, info, options, startSeconds: undefined });
  const frames = run.frames();
  const first = await newestNotLater(frames, from ?? -Infinity);
  if (first !== undefined) yield* upTo(end, first, frames);
}

type Frames = AsyncGenerator<VideoFrame, void, undefined>;

/** The newest frame not later than a position, or the first frame if all are later, with the one read after it. */
type FirstFrames = { readonly frame: VideoFrame; readonly next: VideoFrame | undefined };

async function newestNotLater(frames: Frames, position: number): Promise<FirstFrames | undefined> {
  let newest: VideoFrame | undefined;
  for (;;) {
    const { value, done } = await frames.next();
    if (done === true) return newest === undefined ? undefined : { frame: newest, next: undefined };
    if (value.position > position) {
      return newest === undefined ? { frame: value, next: undefined } : { frame: newest, next: value };
    }
    if (newest === undefined || value.position >= newest.position) newest = value;
  }
}

async function* upTo(end: number, first: FirstFrames, rest: Frames): Frames {
  try {
    yield first.frame;
    if (first.next !== undefined) {
      if (first.next.position >= end) return;
      yield first.next;
    }
    for await (const frame of rest) {
      if (frame.position >= end) return;
      yield frame;
    }
  } finally {
    await rest.return();
  }
}

type DecodePlan = {
  readonly ffmpeg: Ffmpeg;
  readonly source: MediaInput;
  readonly info: MediaInfo | undefined;
  readonly options: Reading;
  /** Where decoding starts, or undefined for the start of the input, which is reached without a seek. */
  readonly startSeconds: number | undefined;
};

/** One FFmpeg from one starting point. */
class DecodeRun {
  readonly #plan: DecodePlan;
  readonly #timestamps = new FrameTimestamps();
  readonly #child: FfmpegProcess;

  constructor(plan: DecodePlan) {
    this.#plan = plan;
    this.#child = new FfmpegProcess(plan.ffmpeg.path, argumentsFor(plan), {
      stdin: plan.source.kind === 'pipe' ? 'inherit' : 'ignore',
      stdout: 'pipe',
      signal: plan.options.signal,
      onLine: (line) => this.#timestamps.accept(line),
    });
    void this.#child.exited.then(() => this.#timestamps.end());
  }

  async *frames(): Frames {
    const { width, height } = this.#plan.options;
    const pipe = new PipeReader(this.#child.stdout);
    let frameCount = 0;
    // The pictures before the first key picture after a seek may lack what they were predicted from.
    let isClean = this.#plan.startSeconds === undefined;
    let previous = { position: -Math.round(MEDIA_RATE / 30), step: Math.round(MEDIA_RATE / 30) };
    try {
      for (;;) {
        const data = new Uint8Array(Buffer.allocUnsafeSlow(width * height * 3).buffer);
        if ((await pipe.fill(data)) < data.length) break;
        const timestamp = await this.#timestamps.take();
        if (timestamp === undefined) break;
        const position = timestamp.position ?? previous.position + previous.step;
        previous = { position, step: Math.max(1, position - previous.position) };
        frameCount += 1;
        isClean ||= timestamp.isKey;
        if (isClean) yield { position, width, height, format: 'rgb24', data };
      }
      await this.#assertEnded(frameCount);
    } finally {
      this.#child.kill();
      await this.#child.exited;
    }
  }

  async #assertEnded(frameCount: number): Promise<void> {
    const code = await this.#child.exited;
    if (this.#plan.options.signal.aborted) return;
    this.#child.assertStarted();
    if (this.#plan.startSeconds !== undefined && frameCount === 0) return;
    if (frameCount === 0) {
      assertVideo(this.#plan.source, this.#child.lines);
      throw unreadableInput(this.#plan.source, this.#child.lines);
    }
    const error = this.#child.errors[0] ?? (code === 0 ? undefined : `FFmpeg ended with code ${code}`);
    if (error === undefined) return;
    this.#plan.options.onWarning?.(
      `${this.#plan.source.name} is damaged; ${frameCount} pictures could be read (FFmpeg: ${error.trim()})`,
    );
  }
}

function argumentsFor({ ffmpeg, source, info, options, startSeconds }: DecodePlan): string[] {
  const { width, height } = options;
  // Reading and seeking must agree to the tick: both keep the file's times and subtract only the container's start.
  const keepsTimes = info !== undefined && canSeek(info);
  const seek = startSeconds === undefined ? [] : ['-noaccurate_seek', '-ss', startSeconds.toFixed(6)];
  const premultiply = info?.video.hasAlpha === true ? 'format=gbrap,premultiply=inplace=1,' : '';
  const scale = `scale=${width}:${height}:flags=area+accurate_rnd+bitexact,format=rgb24`;
  return [
    ...(keepsTimes ? ['-copyts', '-start_at_zero'] : []),
    // More threads would take cores from inference; one decodes 720p many times faster than real time.
    '-threads',
    '1',
    ...seek,
    ...source.arguments,
    '-map',
    '0:V:0',
    '-filter_threads',
    '1',
    '-vf',
    `${premultiply}${scale},${TIMESTAMP_FILTERS}`,
    ...(isAtLeast(ffmpeg, { major: 5, minor: 1 }) ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough']),
    '-c:v',
    'rawvideo',
    '-f',
    'rawvideo',
    '-flush_packets',
    '1',
    'pipe:1',
  ];
}

function canSeek(info: MediaInfo | undefined): boolean {
  if (info?.canSeek !== true) return false;
  return SEEKABLE_FORMATS.test(info.formatName) && !DISCONTINUOUS_FORMATS.test(info.formatName);
}

function assertOptions({ width, height, fromPosition, durationFrames }: ReadVideoOptions): void {
  for (const [name, value] of Object.entries({ width, height })) {
    if (Number.isInteger(value) && value > 0) continue;
    throw new RangeError(`Cannot read video: ${name} must be a positive integer, received ${value}`);
  }
  for (const [name, value] of Object.entries({ fromPosition, durationFrames })) {
    if (value === undefined || (Number.isInteger(value) && value >= 0)) continue;
    throw new RangeError(`Cannot read video: ${name} must be an integer from 0, received ${value}`);
  }
}
