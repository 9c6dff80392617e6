import { FfmpegProcess } from './ffmpeg-process.js';
import type { Ffmpeg } from './locate-ffmpeg.js';
import { inspectMedia } from './media-info.js';
import { assertReadable, parseMediaInput } from './media-input.js';
import { outputError, OutputTarget } from './output-target.js';

export type SpectrogramOptions = {
  /** Where the pictures come from. */
  readonly video: string;
  /** Where the sound comes from; may be the same file. */
  readonly sound: string;
  /** Replaced if it exists. */
  readonly pngPath: string;
  /** Where the drawn span begins in both. Unit: seconds. Default 0. */
  readonly startSeconds?: number | undefined;
  /** How long it is. Unit: seconds. Default: to the end of the video. */
  readonly durationSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** The plot without its axes. Unit: pixels. */
const PLOT = { width: 1600, height: 480 } as const;

/** The room that FFmpeg's showspectrumpic takes for the axes of a sound at 48 kHz, and what of it is empty. */
const AXES = { side: 142, above: 64, below: 64, emptyAbove: 42, emptyBelow: 22 } as const;

const THUMBNAIL_COUNT = 10;

/** The heights that the film strip may take, from very wide pictures to upright ones. Unit: pixels. */
const STRIP_HEIGHT = { least: 60, most: 240, margin: 10 } as const;

/**
 * Draws a PNG, 1884 pixels wide, to look at picture and sound together: ten pictures, each of the time at its left
 * edge, over the spectrogram of the sound, both channels mixed. Frequencies from 40 Hz to 20 kHz on a logarithmic axis.
 * @throws {LivefoleyError} 'input', if one of them cannot be read; 'output', if the PNG cannot be written
 */
export async function drawSpectrogram(ffmpeg: Ffmpeg, options: SpectrogramOptions): Promise<void> {
  const { video, sound, pngPath, startSeconds = 0, signal } = options;
  const info = await inspectMedia(ffmpeg, video, { signal });
  const soundInput = parseMediaInput(sound);
  await assertReadable(soundInput);
  const durationSeconds =
    options.durationSeconds ?? Math.max(0.1, (info.durationSeconds ?? 10) - startSeconds);
  const span = ['-ss', startSeconds.toFixed(6), '-t', durationSeconds.toFixed(6)];
  const target = await OutputTarget.open(pngPath, { force: true, inputPath: parseMediaInput(video).path });
  const inputs = [...span, ...parseMediaInput(video).arguments, ...span, ...soundInput.arguments];
  const output = [
    '-frames:v',
    '1',
    '-f',
    'image2',
    '-update',
    '1',
    '-c:v',
    'png',
    '-y',
    `file:${target.temporaryPath}`,
  ];
  const child = new FfmpegProcess(
    ffmpeg.path,
    [...inputs, '-filter_complex', filterGraph(durationSeconds, info.video), '-map', '[drawing]', ...output],
    { signal },
  );
  const code = await child.exited;
  if (code === 0) {
    await target.commit();
    return;
  }
  await target.discard();
  signal?.throwIfAborted();
  child.assertStarted();
  throw outputError(
    pngPath,
    `FFmpeg cannot draw the spectrogram of ${sound} (${child.errors[0]?.trim() ?? code})`,
  );
}

function filterGraph(
  durationSeconds: number,
  shape: { readonly width: number; readonly height: number },
): string {
  const width = PLOT.width + 2 * AXES.side;
  const drawn = PLOT.height + AXES.above + AXES.below;
  const cellWidth = PLOT.width / THUMBNAIL_COUNT;
  const upright = Math.round((cellWidth * shape.height) / Math.max(1, shape.width));
  const cellHeight = Math.min(STRIP_HEIGHT.most, Math.max(STRIP_HEIGHT.least, upright));
  const strip = [
    `fps=${THUMBNAIL_COUNT}/${durationSeconds.toFixed(6)}:start_time=0:round=up`,
    `scale=${cellWidth - 4}:${cellHeight}:force_original_aspect_ratio=decrease:flags=area,setsar=1`,
    `pad=${cellWidth}:${cellHeight}:-1:-1:black`,
    `tile=${THUMBNAIL_COUNT}x1`,
    `pad=${width}:${cellHeight + STRIP_HEIGHT.margin}:${AXES.side}:5:black,format=rgb24`,
  ];
  const plot = [
    'aresample=48000:async=1:first_pts=0,aformat=channel_layouts=mono',
    // A sound of another length would stretch the time axis away from the pictures.
    `apad,atrim=end=${durationSeconds.toFixed(6)}`,
    `showspectrumpic=s=${PLOT.width}x${PLOT.height}:fscale=log:scale=log:start=40:stop=20000:drange=80:limit=-20:color=magma`,
    `crop=${width}:${drawn - AXES.emptyAbove - AXES.emptyBelow}:0:${AXES.emptyAbove},format=rgb24`,
  ];
  return `[0:V:0]${strip.join(',')}[strip];[1:a:0]${plot.join(',')}[plot];[strip][plot]vstack[drawing]`;
}
