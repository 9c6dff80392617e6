import type { BrowserDelay } from './delay-parts.js';

/** Sums of a connection's statistics that only grow; figures are made of the difference between two readings. */
export type StatsSums = {
  readonly encodeSeconds: number;
  readonly framesEncoded: number;
  readonly framesSent: number;
  readonly jitterSeconds: number;
  readonly jitterFrames: number;
  readonly concealedFrames: number;
  readonly roundTripSeconds: number;
};

export const NO_STATS: StatsSums = Object.freeze({
  encodeSeconds: 0,
  framesEncoded: 0,
  framesSent: 0,
  jitterSeconds: 0,
  jitterFrames: 0,
  concealedFrames: 0,
  roundTripSeconds: 0,
});

const SAMPLE_RATE = 48_000;

/** Reads what `RTCPeerConnection.getStats()` gave. */
export function readStats(records: Iterable<unknown>): StatsSums {
  let sums = NO_STATS;
  for (const record of records) {
    if (typeof record !== 'object' || record === null) continue;
    sums = { ...sums, ...ofRecord(record as Readonly<Record<string, unknown>>) };
  }
  return sums;
}

function ofRecord(record: Readonly<Record<string, unknown>>): Partial<StatsSums> {
  const number = (name: string) => (typeof record[name] === 'number' ? record[name] : 0);
  switch (`${String(record['type'])} ${typeof record['kind'] === 'string' ? record['kind'] : ''}`.trim()) {
    case 'outbound-rtp video':
      return {
        encodeSeconds: number('totalEncodeTime'),
        framesEncoded: number('framesEncoded'),
        framesSent: number('framesSent'),
      };
    case 'inbound-rtp audio':
      return {
        jitterSeconds: number('jitterBufferDelay'),
        jitterFrames: number('jitterBufferEmittedCount'),
        // Comfort noise between talk spurts is no loss.
        concealedFrames: number('concealedSamples') - number('silentConcealedSamples'),
      };
    case 'candidate-pair':
      return record['nominated'] === true ? { roundTripSeconds: number('currentRoundTripTime') } : {};
    default:
      return {};
  }
}

/** What the browser's side took between two readings. Unit: ms. */
export function browserDelay(before: StatsSums, now: StatsSums, outputSeconds: number): BrowserDelay {
  const perUnit = (sum: number, count: number) => (count > 0 && sum >= 0 ? (1000 * sum) / count : 0);
  return {
    encode: perUnit(now.encodeSeconds - before.encodeSeconds, now.framesEncoded - before.framesEncoded),
    roundTrip: 1000 * now.roundTripSeconds,
    jitterBuffer: perUnit(now.jitterSeconds - before.jitterSeconds, now.jitterFrames - before.jitterFrames),
    output: 1000 * outputSeconds,
  };
}

/** Sound that this browser had to make up for lost packets. Unit: ms. */
export function concealedMs(sums: StatsSums): number {
  return (1000 * sums.concealedFrames) / SAMPLE_RATE;
}
