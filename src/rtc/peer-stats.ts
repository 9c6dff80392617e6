import type { WrtcPeerConnection } from './wrtc-types.js';

/** How a connection fares. Counts are since it began. */
export type PeerStats = {
  /** How long pictures lately waited between arrival and decoding. Unit: ms. */
  readonly jitterBufferMs: number;
  readonly framesDecoded: number;
  readonly framesDropped: number;
  /** Of pictures and sound that come in. */
  readonly packetsLost: number;
  /** Unit: ms; absent before it has been measured. */
  readonly roundTripMs: number | undefined;
};

const NO_STATS: PeerStats = {
  jitterBufferMs: 0,
  framesDecoded: 0,
  framesDropped: 0,
  packetsLost: 0,
  roundTripMs: undefined,
};

/** Reads a connection's figures; keeps what it needs to tell what happened lately from what happened since the start. */
export class PeerStatsReader {
  readonly #connection: WrtcPeerConnection;
  #last = NO_STATS;
  #delaySeconds = 0;
  #emitted = 0;

  constructor(connection: WrtcPeerConnection) {
    this.#connection = connection;
  }

  /** The newest figures; those read last, if the connection is closed. */
  async read(): Promise<PeerStats> {
    if (this.#connection.connectionState === 'closed') return this.#last;
    const reports = [...(await this.#connection.getStats()).values()];
    const inbound = reports.filter(({ type }) => type === 'inbound-rtp');
    const video = inbound.find(({ kind }) => kind === 'video');
    const pair = reports.find(({ type, nominated }) => type === 'candidate-pair' && nominated === true);
    const roundTrip = pair?.['currentRoundTripTime'];
    this.#last = {
      jitterBufferMs: this.#jitterBufferMs(
        numberIn(video, 'jitterBufferDelay'),
        numberIn(video, 'jitterBufferEmittedCount'),
      ),
      framesDecoded: numberIn(video, 'framesDecoded'),
      framesDropped: numberIn(video, 'framesDropped'),
      packetsLost: inbound.reduce((sum, report) => sum + Math.max(0, numberIn(report, 'packetsLost')), 0),
      roundTripMs: typeof roundTrip === 'number' ? roundTrip * 1000 : undefined,
    };
    return this.#last;
  }

  #jitterBufferMs(delaySeconds: number, emitted: number): number {
    const count = emitted - this.#emitted;
    const sinceMs = (delaySeconds - this.#delaySeconds) * 1000;
    this.#delaySeconds = delaySeconds;
    this.#emitted = emitted;
    return count > 0 && sinceMs >= 0 ? sinceMs / count : this.#last.jitterBufferMs;
  }
}

function numberIn(report: Readonly<Record<string, unknown>> | undefined, name: string): number {
  const value = report?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
