import type { LogLine } from './log-line.js';

/** What FFmpeg prints about an input when it opens it. */
export type InputHeader = {
  readonly formatName: string;
  /** Rounded to 10 ms by FFmpeg; undefined where it is unknown, as of a live stream. */
  readonly durationSeconds: number | undefined;
  /** The container's own time of the start of the media, which livefoley calls 0. Unit: seconds. */
  readonly startSeconds: number;
  readonly video: VideoStreamInfo | undefined;
  readonly audio: AudioStreamInfo | undefined;
};

/** The first moving picture of an input. Cover art and thumbnails do not count. */
export type VideoStreamInfo = {
  readonly codec: string;
  /** As displayed: after rotation, with square pixels. Unit: pixels. */
  readonly width: number;
  readonly height: number;
  /** How far the picture is turned counter-clockwise for display, 0 to 359 degrees. */
  readonly rotationDegrees: number;
  /** The mean or nominal rate, of which a variable-rate file may keep nothing; undefined where unknown. */
  readonly framesPerSecond: number | undefined;
  readonly hasAlpha: boolean;
};

/** The first sound of an input. */
export type AudioStreamInfo = {
  readonly codec: string;
  readonly channelCount: number;
  readonly sampleRate: number;
};

/** Reads the header of the first input in FFmpeg's log; undefined where no input was opened. */
export function parseInputHeader(lines: readonly LogLine[]): InputHeader | undefined {
  const opening = lines.findIndex((line) => /^Input #0, /.test(line.text));
  const first = lines[opening];
  if (first === undefined) return undefined;
  const texts = lines.slice(opening + 1).map((line) => line.text);
  const end = texts.findIndex((text) => /^(Input #1|Output #0|Stream mapping)/.test(text));
  const body = end < 0 ? texts : texts.slice(0, end);
  const summary = body.find((text) => /^ {2}Duration: /.test(text)) ?? '';
  return {
    formatName: /^Input #0, (.*?), from '/.exec(first.text)?.[1] ?? '',
    durationSeconds: parseDuration(summary),
    startSeconds: Number(/start: (-?[\d.]+)/.exec(summary)?.[1] ?? 0),
    video: findVideo(body),
    audio: findAudio(body),
  };
}

const STREAM = /^ {2}Stream #0:\d+.*?: (Video|Audio): (.*)$/;

function parseDuration(summary: string): number | undefined {
  const match = /Duration: (\d+):(\d+):([\d.]+)/.exec(summary);
  if (match === null) return undefined;
  return Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
}

function findVideo(body: readonly string[]): VideoStreamInfo | undefined {
  for (const [index, text] of body.entries()) {
    const match = STREAM.exec(text);
    const description = match?.[2];
    if (match?.[1] !== 'Video' || description === undefined) continue;
    if (/\((attached pic|timed thumbnails)\)/.test(description)) continue;
    return describeVideo(description, rotationBelow(body, index));
  }
  return undefined;
}

function describeVideo(description: string, rotationDegrees: number): VideoStreamInfo {
  const size = /, (\d+)x(\d+)(?=[, ]|$)/.exec(description);
  const aspect = /SAR (\d+):(\d+)/.exec(description);
  const pixelAspect = aspect === null || Number(aspect[1]) === 0 ? 1 : Number(aspect[1]) / Number(aspect[2]);
  const width = Math.round(Number(size?.[1] ?? 0) * pixelAspect);
  const height = Number(size?.[2] ?? 0);
  const isOnItsSide = rotationDegrees % 180 >= 45 && rotationDegrees % 180 <= 135;
  const rate = /, ([\d.]+)(k?) fps/.exec(description) ?? /, ([\d.]+)(k?) tbr/.exec(description);
  const framesPerSecond = rate === null ? undefined : Number(rate[1]) * (rate[2] === 'k' ? 1000 : 1);
  return {
    codec: codecOf(description),
    width: isOnItsSide ? height : width,
    height: isOnItsSide ? width : height,
    rotationDegrees,
    framesPerSecond,
    // FFmpeg's pixel formats with transparency: rgba, bgra64le, argb, abgr, yuva420p, gbrap12le, ya8, pal8.
    hasAlpha: /, (rgba|bgra|argb|abgr|yuva|gbrap|ya\d|pal8)/.test(description),
  };
}

/** The side data of a stream stand below it, deeper by some spaces, up to the next stream. */
function rotationBelow(body: readonly string[], streamIndex: number): number {
  for (const text of body.slice(streamIndex + 1)) {
    if (/^ {2}\S/.test(text)) return 0;
    const match = /^ {6,}display ?matrix: rotation of (-?[\d.]+) degrees/i.exec(text);
    if (match !== null) return ((Math.round(Number(match[1])) % 360) + 360) % 360;
  }
  return 0;
}

function findAudio(body: readonly string[]): AudioStreamInfo | undefined {
  for (const text of body) {
    const match = STREAM.exec(text);
    const description = match?.[2];
    if (match?.[1] !== 'Audio' || description === undefined) continue;
    const layout = /, (\d+) Hz, ([^,]+)/.exec(description);
    if (layout === null) continue;
    return {
      codec: codecOf(description),
      channelCount: channelCountOf(layout[2] ?? ''),
      sampleRate: Number(layout[1]),
    };
  }
  return undefined;
}

function codecOf(description: string): string {
  return /^\w+/.exec(description)?.[0] ?? 'unknown';
}

/** Layouts are named `mono`, `stereo`, `5.1(side)`, `7.1.4`, `quad`, `6 channels`, `1 channels (FL)`. */
function channelCountOf(layout: string): number {
  const counted = /^(\d+) channels/.exec(layout);
  if (counted !== null) return Number(counted[1]);
  const dotted = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(layout);
  if (dotted !== null) return Number(dotted[1]) + Number(dotted[2]) + Number(dotted[3] ?? 0);
  const name = /^\w+/.exec(layout)?.[0] ?? '';
  return NAMED_LAYOUTS[name] ?? 2;
}

/** From the table of standard layouts in libavutil/channel_layout.c. */
const NAMED_LAYOUTS: Readonly<Record<string, number>> = {
  mono: 1,
  stereo: 2,
  downmix: 2,
  binaural: 2,
  quad: 4,
  hexagonal: 6,
  octagonal: 8,
  cube: 8,
  hexadecagonal: 16,
};
