/** How far a sender's time may be stretched for one picture, so that a jump of the jitter buffer is not one of time. Unit: ms. */
const SLEW_MS = 1;

/** Audio frames a millisecond, at 48 kHz. */
const FRAMES_PER_MS = 48;

export type ArrivalTimelineOptions = {
  /** How long pictures lately waited before they came to us. Unit: ms. */
  readonly jitterBufferMs: () => number;
  /** When position 0 was, on the clock that arrivals are read from. Unit: ms. Default: with the first picture. */
  readonly epochMs?: number;
};

/**
 * Places what arrives on the media clock: pictures come without a time of their own, so it is that of their arrival
 * less what the jitter buffer held them, and sound, which the library plays in sync with them, goes by the same.
 */
export class ArrivalTimeline {
  readonly #jitterBufferMs: () => number;
  #epochMs: number | undefined;
  #delayMs: number | undefined;
  #position = -Infinity;

  constructor(options: ArrivalTimelineOptions) {
    this.#jitterBufferMs = options.jitterBufferMs;
    this.#epochMs = options.epochMs;
  }

  /** When position 0 was; absent before the first picture. Unit: ms. */
  get epochMs(): number | undefined {
    return this.#epochMs;
  }

  /** The position of a picture that has arrived; never before that of an earlier one. */
  placePicture(arrivalMs: number): number {
    this.#follow();
    this.#epochMs ??= arrivalMs - (this.#delayMs ?? 0);
    this.#position = Math.max(this.#position, this.positionAt(arrivalMs)!);
    return this.#position;
  }

  /** The position that belongs to an arrival; absent before the first picture. */
  positionAt(arrivalMs: number): number | undefined {
    if (this.#epochMs === undefined) return undefined;
    return Math.round((arrivalMs - (this.#delayMs ?? this.#held()) - this.#epochMs) * FRAMES_PER_MS);
  }

  /** When a position's time was, or will be, at the sender. Unit: ms on the clock of the arrivals. */
  timeOf(position: number): number | undefined {
    return this.#epochMs === undefined ? undefined : this.#epochMs + position / FRAMES_PER_MS;
  }

  #follow(): void {
    const target = this.#held();
    this.#delayMs ??= target;
    this.#delayMs += Math.max(-SLEW_MS, Math.min(SLEW_MS, target - this.#delayMs));
  }

  #held(): number {
    const held = this.#jitterBufferMs();
    return Number.isFinite(held) ? Math.max(0, held) : 0;
  }
}
