import type { StreamReport } from '../../src/live/stream-report.js';

/** What the browser's side of the way takes. Unit: ms. */
export type BrowserDelay = {
  /** Encoding and sending a picture. */
  readonly encode: number;
  /** There and back. */
  readonly roundTrip: number;
  /** What this browser's jitter buffer holds the sound back. */
  readonly jitterBuffer: number;
  /** From the Web Audio graph to the loudspeaker. */
  readonly output: number;
};

export const DELAY_PARTS = [
  'network',
  'jitterBuffer',
  'hop',
  'queue',
  'compute',
  'buffer',
  'playout',
] as const;

export type DelayPart = (typeof DELAY_PARTS)[number];

/** Unit: ms. Glass to ear. */
export type DelayParts = Readonly<Record<DelayPart, number>>;

export const PART_WORDS: Readonly<Record<DelayPart, { readonly label: string; readonly what: string }>> = {
  network: { label: 'Capture and network', what: 'encoding the picture, and the way there and back' },
  jitterBuffer: { label: 'Jitter buffer', what: 'the server evens out how pictures arrive' },
  hop: { label: 'Hop', what: 'sound is made for several pictures at once' },
  queue: { label: 'Queue', what: 'waiting for a turn' },
  compute: { label: 'Compute', what: 'the model at work' },
  buffer: { label: 'Buffer', what: 'the reserve against gaps' },
  playout: { label: 'Playout', what: 'this browser’s jitter buffer and the loudspeaker' },
};

/** The whole way from glass to ear, in its parts. */
export function delayParts(server: StreamReport['delayMs'], browser: BrowserDelay): DelayParts {
  const { jitterBuffer, hop, queue, compute, total } = server;
  // What the server promises is the total; the reserve is what is left of it.
  const buffer = total - jitterBuffer - hop - queue - compute;
  return {
    network: positive(browser.encode + browser.roundTrip),
    jitterBuffer: positive(jitterBuffer),
    hop: positive(hop),
    queue: positive(queue),
    compute: positive(compute),
    buffer: positive(buffer),
    playout: positive(browser.jitterBuffer + browser.output),
  };
}

export function totalDelay(parts: DelayParts): number {
  return DELAY_PARTS.reduce((sum, part) => sum + parts[part], 0);
}

/** Below this a change of the measured delay is not followed: eyes do not see it, but see a picture that jumps. */
const STILL_MS = 12;
/** A change beyond this is a new situation, taken at once. */
const NEW_MS = 400;

/** How far the picture is held back next, given how far it is now and what is measured. Unit: ms. */
export function followDelay(heldMs: number | undefined, measuredMs: number): number {
  if (heldMs === undefined || Math.abs(measuredMs - heldMs) > NEW_MS) return measuredMs;
  if (Math.abs(measuredMs - heldMs) < STILL_MS) return heldMs;
  return heldMs + 0.5 * (measuredMs - heldMs);
}

/** A delay as people read it: `412 ms`, `4.3 s`. */
export function delayWords(delayMs: number): string {
  return delayMs < 1000 ? `${Math.round(delayMs)} ms` : `${(delayMs / 1000).toFixed(1)} s`;
}

function positive(value: number): number {
  return Number.isFinite(value) ? Math.max(0, value) : 0;
}
