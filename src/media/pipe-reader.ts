import type { Readable } from 'node:stream';

/**
 * Reads a byte stream in pieces of a wanted size. It asks the stream for more only while a read is under way, so a
 * reader that stops stops the writer at the other end of the pipe. One read at a time.
 */
export class PipeReader {
  readonly #stream: Readable;
  #rest: Uint8Array = new Uint8Array(0);
  #hasEnded = false;
  #wake: (() => void) | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    const wake = () => this.#wake?.();
    const end = () => {
      this.#hasEnded = true;
      wake();
    };
    stream.on('readable', wake);
    for (const event of ['end', 'close', 'error']) stream.on(event, end);
  }

  /** Fills the target from its start. Returns the number of bytes, less than its length only at the stream's end. */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      if (this.#rest.length === 0) {
        const chunk = await this.#nextChunk();
        if (chunk === undefined) break;
        this.#rest = chunk;
      }
      const part = this.#rest.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return filled;
  }

  async #nextChunk(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.#hasEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
