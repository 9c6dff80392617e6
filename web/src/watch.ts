import type { StreamReport } from '../../src/live/stream-report.js';
import type { Api } from './api.js';
import { browserDelay, concealedMs, type StatsSums } from './connection-stats.js';
import { delayParts, type DelayParts } from './delay-parts.js';
import type { Peer } from './peer.js';

export type Figures = {
  readonly report: StreamReport;
  readonly parts: DelayParts;
  readonly concealedMs: number;
};

export type WatchOptions = {
  readonly api: Api;
  readonly peer: Peer;
  readonly stream: string;
  /** From Web Audio to the loudspeaker. Unit: seconds. */
  readonly outputSeconds: () => number;
  readonly onFigures: (figures: Figures) => void;
  /** Told once, when the server knows the stream no more, or does not answer any more. */
  readonly onGone: () => void;
};

/** What earlier readings said. */
type Past = { readonly readings: StatsSums[]; count: number; concealedMs: number };

const EVERY_MS = 500;
/** Figures of the connection are means over so many readings. */
const READINGS = 6;
const PATIENCE = 6;
/** What is made up for while the jitter buffer still fills is no loss. */
const WARM_UP_READINGS = 6;

/** Reads a live stream's figures twice a second, until the function that it returns is called. */
export function watchStream(options: WatchOptions): () => void {
  const past: Past = { readings: [], count: 0, concealedMs: 0 };
  let failures = 0;
  let isOver = false;
  const look = async () => {
    const figures = await readFigures(options, past).catch(() => undefined);
    if (isOver) return;
    failures = figures ? 0 : failures + 1;
    if (figures) options.onFigures(figures);
    if (failures >= PATIENCE) return void options.onGone();
    timer = setTimeout(() => void look(), EVERY_MS);
  };
  let timer = setTimeout(() => void look(), 0);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

async function readFigures(
  { api, peer, stream, outputSeconds }: WatchOptions,
  past: Past,
): Promise<Figures | undefined> {
  const [report, sums] = await Promise.all([api.stream(stream), peer.stats()]);
  if (!report) return undefined;
  past.readings.push(sums);
  past.count += 1;
  if (past.readings.length > READINGS) past.readings.shift();
  if (past.count <= WARM_UP_READINGS) past.concealedMs = concealedMs(sums);
  const browser = browserDelay(past.readings[0]!, sums, outputSeconds());
  const lostMs = concealedMs(sums) - past.concealedMs;
  return { report, parts: delayParts(report.delayMs, browser), concealedMs: lostMs };
}
