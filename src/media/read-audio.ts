import type { AudioBlock } from '../stream/audio-block.js';
import { FfmpegProcess } from './ffmpeg-process.js';
import { deinterleave } from './interleave.js';
import { interruptible } from './interruptible.js';
import type { Ffmpeg } from './locate-ffmpeg.js';
import { inspectMedia, unreadableInput, type MediaInfo } from './media-info.js';
import { assertReadable, parseMediaInput } from './media-input.js';
import { PipeReader } from './pipe-reader.js';

/** Which part of the sound is read, and in what form. */
export type ReadAudioOptions = {
  /** One channel, or two; a source with more is mixed down without ever exceeding full scale. */
  readonly channelCount: 1 | 2;
  /** Audio frames in a block; the last one may be shorter. */
  readonly blockFrames: number;
  /** Where the first block begins. Default 0. */
  readonly fromPosition?: number | undefined;
  /** How many audio frames are read. Default: to the end of the sound. */
  readonly durationFrames?: number | undefined;
  /** What an earlier inspection said; saves inspecting the file again. */
  readonly info?: MediaInfo | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Times that differ by less are taken for the rounding of the container, not for a gap. Unit: seconds. */
const SMALLEST_GAP_SECONDS = 0.01;

/**
 * Reads the source's own sound at 48 kHz: block after block without a hole, each sample at its position. A sound that
 * starts late begins with silence, gaps are filled with it, overlaps are cut. A source without sound gives no block.
 *
 * A span read from `fromPosition` has the very samples that it has in a read from the start, since it is decoded from
 * there: a codec's and a resampler's state cannot be had otherwise. That costs about half a second for ten minutes skipped.
 * Allocates: its channels once a block, which the consumer owns.
 * @throws {LivefoleyError} 'input', if the input cannot be opened or decoded
 * @throws {RangeError} If a count or position is out of range
 */
export function readAudioBlocks(
  ffmpeg: Ffmpeg,
  input: string,
  options: ReadAudioOptions,
): AsyncIterable<AudioBlock> {
  assertOptions(options);
  return interruptible((signal) => decode(ffmpeg, input, { ...options, signal }), options.signal);
}

type Reading = ReadAudioOptions & { readonly signal: AbortSignal };

async function* decode(
  ffmpeg: Ffmpeg,
  input: string,
  options: Reading,
): AsyncGenerator<AudioBlock, void, undefined> {
  const source = parseMediaInput(input);
  const { isRegularFile } = await assertReadable(source);
  const info = options.info ?? (isRegularFile ? await inspectMedia(ffmpeg, input, options) : undefined);
  if (info !== undefined && info.audio === undefined) return;
  // FFmpeg would make one channel 3 dB softer when it spreads it over two.
  const decodedChannels = info?.audio?.channelCount === 1 ? 1 : options.channelCount;
  const map = ['-map', '0:a:0', '-af', filtersFor(options, decodedChannels)];
  const output = ['-c:a', 'pcm_f32le', '-f', 'f32le', 'pipe:1'];
  const child = new FfmpegProcess(ffmpeg.path, ['-threads', '1', ...source.arguments, ...map, ...output], {
    stdin: source.kind === 'pipe' ? 'inherit' : 'ignore',
    stdout: 'pipe',
    signal: options.signal,
  });
  let hasSound = false;
  try {
    for await (const block of blocksOf(new PipeReader(child.stdout), decodedChannels, options)) {
      hasSound = true;
      yield block;
    }
    const code = await child.exited;
    if (options.signal.aborted) return;
    child.assertStarted();
    if (code !== 0 && !hasSound) throw unreadableInput(source, child.lines);
  } finally {
    child.kill();
    await child.exited;
  }
}

/** Cuts interleaved bytes into blocks, the only decoded channel given to all where there is but one. */
async function* blocksOf(
  pipe: PipeReader,
  decodedChannels: number,
  { blockFrames, channelCount, fromPosition = 0 }: Reading,
): AsyncGenerator<AudioBlock, void, undefined> {
  const interleaved = new Float32Array(blockFrames * decodedChannels);
  const bytes = new Uint8Array(interleaved.buffer);
  for (let position = fromPosition; ; position += blockFrames) {
    const frameCount = Math.floor((await pipe.fill(bytes)) / (4 * decodedChannels));
    if (frameCount === 0) return;
    const decoded = Array.from({ length: decodedChannels }, () => new Float32Array(frameCount));
    deinterleave(interleaved.subarray(0, frameCount * decodedChannels), decoded);
    const spread = (_: unknown, channel: number) => decoded[channel] ?? Float32Array.from(decoded[0] ?? []);
    yield { position, channels: Array.from({ length: channelCount }, spread) };
    if (frameCount < blockFrames) return;
  }
}

function filtersFor({ fromPosition = 0, durationFrames }: ReadAudioOptions, channelCount: number): string {
  const end = durationFrames === undefined ? '' : `:end_sample=${fromPosition + durationFrames}`;
  const layout = channelCount === 1 ? 'mono' : 'stereo';
  return [
    // `first_pts=0` puts the first sample at position 0, with silence or a cut; `async=1` fills and cuts later on.
    `aresample=48000:async=1:min_hard_comp=${SMALLEST_GAP_SECONDS}:first_pts=0:rematrix_maxval=1`,
    `aformat=sample_fmts=flt:channel_layouts=${layout}`,
    `atrim=start_sample=${fromPosition}${end}`,
  ].join(',');
}

function assertOptions({ channelCount, blockFrames, fromPosition, durationFrames }: ReadAudioOptions): void {
  const isValidCount = (channelCount as number) === 1 || (channelCount as number) === 2;
  if (!isValidCount)
    throw new RangeError(`Cannot read audio: channelCount must be 1 or 2, received ${channelCount}`);
  if (!Number.isInteger(blockFrames) || blockFrames < 1) {
    throw new RangeError(
      `Cannot read audio: blockFrames must be a positive integer, received ${blockFrames}`,
    );
  }
  for (const [name, value] of Object.entries({ fromPosition, durationFrames })) {
    if (value === undefined || (Number.isInteger(value) && value >= 0)) continue;
    throw new RangeError(`Cannot read audio: ${name} must be an integer from 0, received ${value}`);
  }
}
