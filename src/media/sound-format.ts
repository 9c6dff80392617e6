import { extname } from 'node:path';

import { LivefoleyError } from '../stream/errors.js';

/** How an output of a certain suffix is written. */
export type SoundFormat = {
  readonly suffix: string;
  /** FFmpeg's name of the container. */
  readonly muxer: string;
  readonly codecArguments: readonly string[];
  readonly muxerArguments: readonly string[];
  /**
   * What the container can do with the picture: none is kept; `editList` begins a copied span at any time, in the
   * middle of a group of pictures too; `wholeGroups` has to begin it at the key picture before.
   */
  readonly video: 'none' | 'editList' | 'wholeGroups';
};

const AAC = ['-c:a', 'aac', '-b:a', '192k'];
const OPUS = ['-c:a', 'libopus', '-b:a', '160k'];

/**
 * FFmpeg must not move picture and sound to make room for Opus's negative first times: Matroska keeps its delay apart.
 */
const MATROSKA = ['-avoid_negative_ts', 'disabled'];

/** Every format that can be written, by its suffix. */
export const SOUND_FORMATS: readonly SoundFormat[] = [
  { suffix: '.mp4', muxer: 'mp4', codecArguments: AAC, muxerArguments: [], video: 'editList' },
  { suffix: '.mov', muxer: 'mov', codecArguments: AAC, muxerArguments: [], video: 'editList' },
  { suffix: '.mkv', muxer: 'matroska', codecArguments: OPUS, muxerArguments: MATROSKA, video: 'wholeGroups' },
  { suffix: '.webm', muxer: 'webm', codecArguments: OPUS, muxerArguments: MATROSKA, video: 'wholeGroups' },
  {
    suffix: '.wav',
    muxer: 'wav',
    codecArguments: ['-c:a', 'pcm_s24le'],
    // Past 4 GB the header of a plain WAV overflows.
    muxerArguments: ['-rf64', 'auto'],
    video: 'none',
  },
  {
    suffix: '.flac',
    muxer: 'flac',
    codecArguments: ['-c:a', 'flac', '-sample_fmt', 's32'],
    muxerArguments: [],
    video: 'none',
  },
  { suffix: '.opus', muxer: 'opus', codecArguments: OPUS, muxerArguments: [], video: 'none' },
];

/**
 * The format that the suffix of an output's name asks for.
 * @throws {LivefoleyError} 'usage', if no format has this suffix
 */
export function soundFormatOf(outputPath: string): SoundFormat {
  const suffix = extname(outputPath).toLowerCase();
  const format = SOUND_FORMATS.find((candidate) => candidate.suffix === suffix);
  if (format !== undefined) return format;
  const known = SOUND_FORMATS.map((candidate) => candidate.suffix).join(', ');
  const found = suffix === '' ? 'a name without a suffix' : suffix;
  throw new LivefoleyError(
    'usage',
    `Cannot write ${outputPath}: expected a name that ends in one of ${known}, or - for PCM on standard output, received ${found}`,
  );
}
