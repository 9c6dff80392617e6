import type { LogLine } from './log-line.js';

/** How loud a whole sound is. Based on: ITU-R BS.1770-4 and EBU R 128. */
export type Loudness = {
  /** Integrated loudness in LUFS; null for a sound that is silent or shorter than one block of 400 ms. */
  readonly loudnessLufs: number | null;
  /** The highest true peak of all channels in dBTP; null for silence. */
  readonly peakDbtp: number | null;
};

/** The filter that measures; it passes every sample on unchanged. */
export const LOUDNESS_FILTER = 'ebur128=peak=true:framelog=verbose';

/** Integrated loudness that the filter prints where no block passed its gate. Unit: LUFS. */
const NOTHING_MEASURED = -70;

/** Reads the summary that the filter writes to FFmpeg's log when the sound ends; the last one counts. */
export class LoudnessSummary {
  #loudnessLufs: number | null = null;
  #peakDbtp: number | null = null;

  /** Takes a log line; always false, since the lines may matter to others. */
  accept(line: LogLine): false {
    const loudness = /^ {4}I: +(\S+) LUFS/.exec(line.text);
    if (loudness !== null) this.#loudnessLufs = finite(loudness[1], NOTHING_MEASURED);
    const peak = /^ {4}Peak: +(\S+) dBFS/.exec(line.text);
    if (peak !== null) this.#peakDbtp = finite(peak[1], -Infinity);
    return false;
  }

  get loudness(): Loudness {
    return { loudnessLufs: this.#loudnessLufs, peakDbtp: this.#peakDbtp };
  }
}

function finite(text: string | undefined, floor: number): number | null {
  const value = Number(text);
  return Number.isFinite(value) && value > floor ? value : null;
}
