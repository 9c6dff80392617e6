import type { LogLine } from './log-line.js';

/** What is said about one decoded picture beside its bytes. */
export type FrameTimestamp = {
  /** In 48 kHz audio frames, or undefined where the source gives the picture no time. */
  readonly position: number | undefined;
  /** Whether decoding can begin here. */
  readonly isKey: boolean;
};

/** Filters that put a picture's time on the 48 kHz clock and write it to the log. To stand at the end of a chain. */
export const TIMESTAMP_FILTERS = 'settb=1/48000,showinfo=checksum=0';

/**
 * The times of decoded pictures in the order in which they leave FFmpeg's last filter, read from its log: a raw pipe
 * carries none. The n-th time belongs to the n-th picture; FFmpeg writes it before the picture, and as many as there
 * are pictures in the pipe wait here.
 */
export class FrameTimestamps {
  readonly #waiting: FrameTimestamp[] = [];
  #wake: (() => void) | undefined;
  #hasEnded = false;

  /** Takes a log line; true if it held a time. */
  accept(line: LogLine): boolean {
    if (!line.part.startsWith('Parsed_showinfo') && !line.text.includes('Parsed_showinfo')) return false;
    const match = /n: *\d+ pts: *(-?\d+|NOPTS)/.exec(line.text);
    if (match === null) return true;
    const position = match[1] === 'NOPTS' ? undefined : Number(match[1]);
    this.#waiting.push({ position, isKey: /iskey: *1/.test(line.text) });
    this.#wake?.();
    return true;
  }

  /** No more will come. */
  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }

  /** The next time, or undefined once there are no more. */
  async take(): Promise<FrameTimestamp | undefined> {
    while (this.#waiting.length === 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#waiting.shift();
  }
}
