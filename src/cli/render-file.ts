import { availableParallelism } from 'node:os';
import type { BundleSummary } from '../bundle-summary.js';
import { createEngine, type Engine } from '../engine.js';
import type { Ffmpeg } from '../media/locate-ffmpeg.js';
import { inspectMedia, type MediaInfo } from '../media/media-info.js';
import { assertReadable, parseMediaInput } from '../media/media-input.js';
import { readAudioBlocks } from '../media/read-audio.js';
import { readVideoFrames } from '../media/read-video.js';
import { openSoundWriter, type SoundWriter } from '../media/write-sound.js';
import type { DeviceChoice, Device } from '../runtime/device.js';
import type { Session } from '../session.js';
import type { OwnSound } from '../session-options.js';
import { BLOCK_FRAMES } from '../stages/mix.js';
import type { Prompt } from '../stages/prompt.js';
import { frameCountOf } from '../stream/audio-block.js';
import { LivefoleyError } from '../stream/errors.js';
import { positionAtSeconds, secondsAt } from '../stream/media-clock.js';
import { HopTimes } from './hop-times.js';

export type RenderOptions = {
  readonly input: string;
  /** A file, its suffix choosing the format, or `-` for PCM on standard output. */
  readonly output: string;
  readonly bundle: string;
  readonly seed: number;
  readonly prompt?: string | undefined;
  readonly steps?: number | undefined;
  /** Whether ours replaces the source's own sound or goes under it. */
  readonly mix: 'replace' | 'under';
  readonly lanes?: number | undefined;
  readonly device: DeviceChoice;
  readonly startSeconds?: number | undefined;
  readonly durationSeconds?: number | undefined;
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RenderProgress) => void;
  /** Something a person should know that does not stop the render. */
  readonly onNotice: (notice: string) => void;
};

export type RenderProgress = {
  readonly doneSeconds: number;
  /** Undefined where the end is not known. */
  readonly totalSeconds: number | undefined;
};

/** What was rendered and how. */
export type RenderReport = {
  readonly input: string;
  readonly output: string;
  readonly bundle: string;
  readonly device: Device;
  readonly lanes: number;
  readonly seed: number;
  readonly steps: number;
  readonly durationSeconds: number;
  /** Duration over the wall time of the whole render, start-up included. */
  readonly timesRealTime: number;
  /** From the start of the render to its first block of sound. Unit: ms. */
  readonly firstSoundMs: number;
  /** What the kernels took for each hop. Unit: ms. */
  readonly chunkMs: { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null };
  readonly laneRestarts: number;
  readonly seams: { readonly count: number; readonly worstStep: number };
  readonly peakDbtp: number | null;
  readonly loudnessLufs: number | null;
};

/** The most lanes taken unless a number is given: beyond it decoding is what one waits for. */
const MAX_DEFAULT_LANES = 4;

/**
 * Renders a video's sound and writes it beside the copied picture.
 * @throws {LivefoleyError} If the input, the output, the bundle or this machine does not allow it
 */
export async function renderFile(ffmpeg: Ffmpeg, options: RenderOptions): Promise<RenderReport> {
  const startMs = performance.now();
  const { input, output, signal } = options;
  const info = await inspectTwiceReadable(ffmpeg, options);
  if (info) assertSpan(options, info);
  const hasOwnSound = options.mix === 'under' && info?.audio !== undefined;
  const channelCount = hasOwnSound && info.audio.channelCount > 1 ? 2 : 1;
  await using writer = await openSoundWriter(ffmpeg, {
    input,
    info,
    outputPath: output,
    channelCount,
    startSeconds: options.startSeconds,
    durationSeconds: options.durationSeconds,
    force: options.force,
    signal,
  });
  if (writer.leadSeconds > 0) options.onNotice(leadNotice(output, writer.leadSeconds));
  const lanes = options.lanes ?? defaultLanes(info, options);
  await using engine = await createEngine({ bundle: options.bundle, device: options.device, lanes, signal });
  const prompt = options.prompt === undefined ? undefined : await engine.readPrompt(options.prompt);
  if (prompt) tellMeaning(prompt, engine.bundle, options.onNotice);
  await using session = openSession(ffmpeg, engine, { options, prompt, info, channelCount, hasOwnSound });
  const figures = await writeSound(session, writer, { ...options, info, startMs });
  const loudness = await writer.finish();
  return {
    input,
    output,
    bundle: engine.bundle.name,
    device: engine.device,
    lanes: engine.device === 'cpu' ? lanes : 1,
    seed: options.seed,
    steps: options.steps ?? engine.bundle.steps.default,
    timesRealTime: figures.durationSeconds / ((performance.now() - startMs) / 1000),
    laneRestarts: engine.laneRestarts,
    ...figures,
    ...loudness,
  };
}

/** What an input says about itself; undefined for a pipe: an inspection would take from it what the render needs. */
async function inspectTwiceReadable(
  ffmpeg: Ffmpeg,
  { input, mix, signal }: RenderOptions,
): Promise<MediaInfo | undefined> {
  const source = parseMediaInput(input);
  const { isRegularFile } = await assertReadable(source);
  if (isRegularFile || source.kind === 'url') return inspectMedia(ffmpeg, input, { signal });
  if (mix === 'replace') return undefined;
  throw new LivefoleyError(
    'input',
    `Cannot mix under the sound of ${source.name}: it can be read only once; save it as a file first`,
  );
}

function assertSpan({ startSeconds = 0 }: RenderOptions, info: MediaInfo): void {
  // A damaged header may say that there is nothing: what there is shows when it is read.
  if (startSeconds === 0 || info.durationSeconds === undefined || startSeconds < info.durationSeconds) return;
  throw new LivefoleyError(
    'input',
    `Cannot render ${info.input} from ${startSeconds} s on: it ends at ${info.durationSeconds} s; give an earlier --start`,
  );
}

/** As many lanes as the machine has cores and the input has runs to share out. */
function defaultLanes(info: MediaInfo | undefined, { durationSeconds }: RenderOptions): number {
  const seconds = durationSeconds ?? info?.durationSeconds ?? Infinity;
  const runs = Math.max(1, Math.ceil(seconds / TYPICAL_RUN_SECONDS));
  return Math.min(availableParallelism(), MAX_DEFAULT_LANES, runs);
}

/** Runs are what lanes share out; ours are this long. A wrong guess costs a little time, never changes the sound. */
const TYPICAL_RUN_SECONDS = 10;

/** What a session is opened with. */
type Opening = {
  readonly options: RenderOptions;
  readonly prompt: Prompt | undefined;
  readonly info: MediaInfo | undefined;
  readonly channelCount: 1 | 2;
  readonly hasOwnSound: boolean;
};

function openSession(ffmpeg: Ffmpeg, engine: Engine, from: Opening): Session {
  const { options, prompt, info, channelCount } = from;
  const { input, signal, steps, seed, durationSeconds } = options;
  if (steps !== undefined) assertSteps(steps, engine.bundle);
  const startPosition = positionAtSeconds(options.startSeconds ?? 0);
  const needed = engine.neededFrom(startPosition);
  const frames = readVideoFrames(ffmpeg, input, {
    ...engine.bundle.picture,
    info,
    signal,
    ...(needed.frames > 0 ? { fromPosition: needed.frames } : {}),
    onWarning: options.onNotice,
  });
  const ownSound = (): OwnSound => ({
    blocks: readAudioBlocks(ffmpeg, input, {
      info,
      signal,
      channelCount,
      blockFrames: BLOCK_FRAMES,
      fromPosition: needed.sound,
    }),
    channelCount,
  });
  return engine.score(frames, {
    seed,
    startPosition,
    signal,
    ...(prompt === undefined ? {} : { prompt }),
    ...(steps === undefined ? {} : { steps }),
    ...(durationSeconds === undefined
      ? {}
      : { endPosition: startPosition + positionAtSeconds(durationSeconds) }),
    ...(from.hasOwnSound ? { ownSound: ownSound() } : {}),
  });
}

/** Says what a prompt was read as, where it is not just what it says. */
function tellMeaning(
  { text, vector }: Prompt,
  { promptWords }: BundleSummary,
  onNotice: RenderOptions['onNotice'],
): void {
  const said = text.toLowerCase();
  const meant = promptWords.map((word, i) => ({ word, share: vector[i]! })).filter(({ share }) => share > 0);
  if (meant.every(({ word }) => said.includes(word))) return;
  const words = meant.sort((one, other) => other.share - one.share);
  onNotice(
    `The prompt is read as: ${words.map(({ word, share }) => `${word} ${share.toFixed(2)}`).join(', ')}`,
  );
}

function assertSteps(steps: number, { name, steps: allowed }: BundleSummary): void {
  if (steps <= allowed.max) return;
  throw new LivefoleyError(
    'usage',
    `Cannot take ${steps} steps: bundle '${name}' allows 1 to ${allowed.max}`,
  );
}

type SoundFigures = Pick<RenderReport, 'durationSeconds' | 'firstSoundMs' | 'chunkMs' | 'seams'>;

async function writeSound(
  session: Session,
  writer: SoundWriter,
  {
    input,
    info,
    startMs,
    startSeconds = 0,
    durationSeconds,
    onProgress,
    onNotice,
  }: RenderOptions & { info: MediaInfo | undefined; startMs: number },
): Promise<SoundFigures> {
  const { hopTimes, seams } = listenTo(session, onNotice);
  const whole = info?.durationSeconds === undefined ? undefined : info.durationSeconds - startSeconds;
  const totalSeconds = Math.min(durationSeconds ?? Infinity, whole ?? Infinity);
  let frames = 0;
  let firstSoundMs = 0;
  for await (const block of session.blocks) {
    if (frames === 0) firstSoundMs = performance.now() - startMs;
    await writer.write(block);
    if (writer.readerHasGone) break;
    frames += frameCountOf(block);
    onProgress({
      doneSeconds: secondsAt(frames),
      totalSeconds: Number.isFinite(totalSeconds) ? totalSeconds : undefined,
    });
  }
  if (frames === 0 && !writer.readerHasGone) {
    throw new LivefoleyError('input', `Cannot render ${input}: it has no picture from ${startSeconds} s on`);
  }
  return { durationSeconds: secondsAt(frames), firstSoundMs, chunkMs: hopTimes.quantiles(), seams };
}

/** Adds up what a session reports, from now on. */
function listenTo(session: Session, onNotice: RenderOptions['onNotice']) {
  const hopTimes = new HopTimes();
  const seams = { count: 0, worstStep: 0 };
  session.metrics$.subscribe((metric) => {
    if (metric.kind === 'hop') hopTimes.add(metric.timings);
    if (metric.kind === 'seam') {
      seams.count += 1;
      seams.worstStep = Math.max(seams.worstStep, metric.step);
    }
    if (metric.kind === 'prompt' && metric.unknownWords.length > 0) {
      onNotice(`The bundle does not know: ${metric.unknownWords.join(', ')}`);
    }
  });
  return { hopTimes, seams };
}

function leadNotice(output: string, leadSeconds: number): string {
  return `${output} begins ${leadSeconds.toFixed(2)} s earlier, at a key picture, in silence: its container cannot hide pictures (.mp4 and .mov can)`;
}
