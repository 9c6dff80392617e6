import { endianness } from 'node:os';
import type { Writable } from 'node:stream';

import { frameCountOf, type AudioBlock } from '../stream/audio-block.js';
import { FfmpegProcess } from './ffmpeg-process.js';
import { interleave } from './interleave.js';
import type { Ffmpeg } from './locate-ffmpeg.js';
import { LOUDNESS_FILTER, LoudnessSummary, type Loudness } from './loudness.js';
import { inspectMedia, type MediaInfo } from './media-info.js';
import { assertReadable, parseMediaInput } from './media-input.js';
import { assertCanMux, measureEarliness, measureLead, muxingArguments, type CopiedVideo } from './muxing.js';
import { isDiskFull, outputError, OutputTarget } from './output-target.js';
import { soundFormatOf, type SoundFormat } from './sound-format.js';

/** Where the sound goes, in what form, and beside which picture. */
export type SoundWriterOptions = {
  /** The video whose picture is copied beside the sound, where the suffix is of a video. */
  readonly input?: string | undefined;
  /** What an earlier inspection of the input said; saves inspecting it again. */
  readonly info?: MediaInfo | undefined;
  /** Its suffix chooses the format; `-` writes raw interleaved 32-bit little-endian float PCM to standard output. */
  readonly outputPath: string;
  /** Of every block that is written. */
  readonly channelCount: number;
  /** Where in the input the sound begins. Unit: seconds. Default 0. */
  readonly startSeconds?: number | undefined;
  /** How much of the input's picture is copied. Unit: seconds. Default: to its end. */
  readonly durationSeconds?: number | undefined;
  /** Whether an existing output is replaced. Default false. */
  readonly force?: boolean | undefined;
  /** Ends the writing and removes what was written. */
  readonly signal?: AbortSignal | undefined;
  /** Where `-` goes. Default: standard output. */
  readonly standardOutput?: Writable;
};

/** Takes a sound, block after block, and makes a file of it. */
export interface SoundWriter extends AsyncDisposable {
  /**
   * Whether the reader of standard output has gone, as `head` does: what is written from then on is dropped, and the
   * work may end. Always false for a file.
   */
  readonly readerHasGone: boolean;
  /**
   * How long a copied picture runs before the sound begins. Matroska and WebM cannot hide pictures, so a span begins
   * at the key picture before `startSeconds`. Unit: seconds.
   */
  readonly leadSeconds: number;
  /**
   * Writes the next block; resolves when FFmpeg has room for more. The caller may reuse the block then.
   * @throws {LivefoleyError} 'output', if the file cannot be written, as when the disk is full
   * @throws {RangeError} If the block has another number of channels, or its channels differ in length
   */
  write(block: AudioBlock): Promise<void>;
  /**
   * Completes the file and gives it its name.
   * @throws {LivefoleyError} 'output', if the file could not be completed
   */
  finish(): Promise<Loudness>;
  /** Ends FFmpeg and removes what was written; a finished file stays. Idempotent. */
  abort(): Promise<void>;
}

/**
 * Opens an output. The picture of the input is copied, never encoded anew; its own sound is replaced. Everything that
 * can be known to fail is found here, before anything is rendered. The file appears under its name when it is complete.
 * @throws {LivefoleyError} 'usage' for an unknown suffix; 'output' for a place that cannot be written, a file that
 * exists, or a container that cannot hold the picture; 'input' where the picture cannot be read
 */
export async function openSoundWriter(ffmpeg: Ffmpeg, options: SoundWriterOptions): Promise<SoundWriter> {
  const { outputPath, signal } = options;
  signal?.throwIfAborted();
  if (outputPath === '-') return new PcmSoundWriter(ffmpeg, options);
  const format = soundFormatOf(outputPath);
  const inputPath = options.input === undefined ? undefined : parseMediaInput(options.input).path;
  const target = await OutputTarget.open(outputPath, { force: options.force ?? false, inputPath });
  try {
    const video = format.video === 'none' ? undefined : await copiedVideo(ffmpeg, format, options);
    const muxing = { format, channelCount: options.channelCount, path: target.temporaryPath, video };
    await assertCanMux(ffmpeg, outputPath, { ...muxing, signal });
    const soundDelaySeconds =
      format.video === 'wholeGroups' ? await measureEarliness(ffmpeg, muxing, signal) : 0;
    const args = muxingArguments({ ...muxing, audioFilter: LOUDNESS_FILTER, soundDelaySeconds });
    const { channelCount } = options;
    const leadSeconds = video?.leadSeconds ?? 0;
    return new FileSoundWriter({ path: ffmpeg.path, target, args, channelCount, leadSeconds, signal });
  } catch (error) {
    await target.discard();
    throw error;
  }
}

async function copiedVideo(
  ffmpeg: Ffmpeg,
  format: SoundFormat,
  { input, info, outputPath, startSeconds, durationSeconds, signal }: SoundWriterOptions,
): Promise<CopiedVideo> {
  const advice = 'use .wav, .flac or .opus for the sound alone';
  if (input === undefined)
    throw outputError(outputPath, `there is no picture to copy into ${format.suffix}; ${advice}`);
  const source = parseMediaInput(input);
  const { isRegularFile } = await assertReadable(source);
  if (!isRegularFile && info?.canSeek !== true && !/^https?:/i.test(input)) {
    throw outputError(
      outputPath,
      `the picture of ${source.name} cannot be read a second time to copy it; ${advice}`,
    );
  }
  const known = info ?? (await inspectMedia(ffmpeg, input, { signal }));
  const video = { source, info: known, startSeconds, durationSeconds, leadSeconds: 0 };
  const hasLead = format.video === 'wholeGroups' && startSeconds !== undefined && startSeconds > 0;
  return hasLead ? { ...video, leadSeconds: await measureLead(ffmpeg, video, signal) } : video;
}

/** Interleaves blocks into one buffer that is reused: whoever is handed it must be done before the next block. */
class BlockBytes {
  readonly #channelCount: number;
  #samples = new Float32Array(0);

  constructor(channelCount: number) {
    this.#channelCount = channelCount;
  }

  of(block: AudioBlock): Uint8Array {
    const frameCount = frameCountOf(block);
    const isWhole = block.channels.every((channel) => channel.length === frameCount);
    if (block.channels.length !== this.#channelCount || !isWhole) {
      const received = block.channels.map((channel) => channel.length).join(', ');
      throw new RangeError(
        `Cannot write block: expected ${this.#channelCount} channels of one length, received lengths ${received}`,
      );
    }
    const length = frameCount * this.#channelCount;
    if (this.#samples.length < length) this.#samples = new Float32Array(length);
    const samples = this.#samples.subarray(0, length);
    interleave(block.channels, samples);
    const bytes = Buffer.from(samples.buffer, 0, samples.byteLength);
    return endianness() === 'BE' ? bytes.swap32() : bytes;
  }
}

type FileSoundWriterOptions = {
  readonly path: string;
  readonly target: OutputTarget;
  readonly args: readonly string[];
  readonly channelCount: number;
  readonly leadSeconds: number;
  readonly signal: AbortSignal | undefined;
};

class FileSoundWriter implements SoundWriter {
  readonly readerHasGone = false;
  readonly leadSeconds: number;
  readonly #target: OutputTarget;
  readonly #child: FfmpegProcess;
  readonly #summary = new LoudnessSummary();
  readonly #bytes: BlockBytes;
  readonly #signal: AbortSignal | undefined;
  readonly #abortOnSignal = () => void this.abort();
  #state: 'open' | 'finished' | 'aborted' = 'open';

  constructor({ path, target, args, channelCount, leadSeconds, signal }: FileSoundWriterOptions) {
    this.leadSeconds = leadSeconds;
    this.#target = target;
    this.#signal = signal;
    this.#bytes = new BlockBytes(channelCount);
    this.#child = new FfmpegProcess(path, args, {
      stdin: 'pipe',
      onLine: (line) => this.#summary.accept(line),
    });
    signal?.addEventListener('abort', this.#abortOnSignal, { once: true });
  }

  async write(block: AudioBlock): Promise<void> {
    this.#assertOpen();
    const error = await writeAll(this.#child.stdin, this.#bytes.of(block));
    if (error !== undefined) await this.#fail();
  }

  async finish(): Promise<Loudness> {
    this.#assertOpen();
    this.#child.stdin.end();
    const code = await this.#child.exited;
    if (code !== 0 || this.#writingErrors().length > 0) await this.#fail();
    this.#signal?.throwIfAborted();
    this.#state = 'finished';
    this.#signal?.removeEventListener('abort', this.#abortOnSignal);
    await this.#target.commit();
    return this.#summary.loudness;
  }

  async abort(): Promise<void> {
    if (this.#state !== 'finished') this.#state = 'aborted';
    this.#signal?.removeEventListener('abort', this.#abortOnSignal);
    this.#child.kill();
    await this.#child.exited;
    await this.#target.discard();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }

  #assertOpen(): void {
    this.#signal?.throwIfAborted();
    if (this.#state !== 'open') throw new Error(`Cannot write ${this.#target.name}: it is ${this.#state}`);
  }

  /** FFmpeg ends with code 0 after some failures of writing. */
  #writingErrors(): readonly string[] {
    return this.#child.errors.filter((text) =>
      /No space left|Disk quota|File too large|Error writing|Input\/output error|av_interleaved_write_frame/.test(
        text,
      ),
    );
  }

  async #fail(): Promise<never> {
    const code = await this.#child.exited;
    await this.abort();
    this.#signal?.throwIfAborted();
    this.#child.assertStarted();
    const errors = this.#writingErrors();
    if (errors.some(isDiskFull)) {
      throw outputError(this.#target.name, 'the disk is full');
    }
    const { endSignal } = this.#child;
    if (endSignal === 'SIGXFSZ') {
      throw outputError(
        this.#target.name,
        'the file would be larger than this process may write (ulimit -f)',
      );
    }
    const end = endSignal === undefined ? `it ended with code ${code}` : `it was ended by ${endSignal}`;
    const said = errors[0] ?? this.#child.errors[0] ?? end;
    throw outputError(this.#target.name, `FFmpeg failed (${said.trim()})`);
  }
}

/** Writes to standard output and has FFmpeg only measure. */
class PcmSoundWriter implements SoundWriter {
  readonly leadSeconds = 0;
  readonly #output: Writable;
  readonly #child: FfmpegProcess;
  readonly #summary = new LoudnessSummary();
  readonly #bytes: BlockBytes;
  readonly #signal: AbortSignal | undefined;
  readonly #noteError = () => {
    this.#readerHasGone = true;
  };
  #readerHasGone = false;

  constructor(ffmpeg: Ffmpeg, { channelCount, signal, standardOutput = process.stdout }: SoundWriterOptions) {
    this.#output = standardOutput;
    this.#signal = signal;
    this.#bytes = new BlockBytes(channelCount);
    this.#output.on('error', this.#noteError);
    const sound = ['-f', 'f32le', '-ar', '48000', '-ac', `${channelCount}`, '-i', 'pipe:0'];
    this.#child = new FfmpegProcess(ffmpeg.path, [...sound, '-af', LOUDNESS_FILTER, '-f', 'null', '-'], {
      stdin: 'pipe',
      signal,
      onLine: (line) => this.#summary.accept(line),
    });
  }

  get readerHasGone(): boolean {
    return this.#readerHasGone;
  }

  async write(block: AudioBlock): Promise<void> {
    this.#signal?.throwIfAborted();
    const bytes = this.#bytes.of(block);
    if (this.#readerHasGone) return;
    const [error] = await Promise.all([writeAll(this.#output, bytes), writeAll(this.#child.stdin, bytes)]);
    this.#signal?.throwIfAborted();
    if (error === undefined) return;
    this.#readerHasGone = true;
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EPIPE' && code !== 'EOF' && code !== 'ERR_STREAM_DESTROYED') {
      throw outputError('standard output', error.message, error);
    }
  }

  async finish(): Promise<Loudness> {
    this.#signal?.throwIfAborted();
    this.#child.stdin.end();
    await this.#child.exited;
    this.#signal?.throwIfAborted();
    return this.#summary.loudness;
  }

  async abort(): Promise<void> {
    this.#child.kill();
    await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }
}

/** Writes bytes and waits until they have left for the pipe; the error, if it is broken. */
function writeAll(stream: Writable, bytes: Uint8Array): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const resolveBroken = () => resolve(Object.assign(new Error('The pipe was closed'), { code: 'EPIPE' }));
    if (stream.destroyed || stream.writableEnded) {
      resolveBroken();
      return;
    }
    stream.once('close', resolveBroken);
    stream.write(bytes, (error) => {
      stream.off('close', resolveBroken);
      resolve(error ?? undefined);
    });
  });
}
