import type { DeviceChoice } from '../runtime/device.js';
import { systemClock, type Clock } from '../stream/clock.js';
import { EnginePool } from './engine-pool.js';
import { LiveHost } from './live-host.js';
import { SILENT_LOG, type LiveLog } from './live-log.js';

/** How live streams are held. */
export type StreamHostOptions = {
  /** The bundle of streams that name none. Default 'live'. */
  readonly bundle?: string;
  /** Where to compute. Default 'auto'. */
  readonly device?: DeviceChoice;
  /** Processes that compute, for each bundle. Default: one a core, less one for the rest. */
  readonly lanes?: number;
  /** Added to the environment of lanes. */
  readonly laneEnv?: NodeJS.ProcessEnv;
  /** Streams at once. Default 8. */
  readonly maxSessions?: number;
  /** Held back on top of what a bundle needs. Unit: ms. Default 0. */
  readonly delayMs?: number;
  /** How long the place of a sender that vanished is kept. Unit: seconds. Default 30. */
  readonly lostSeconds?: number;
  /** How long a new sender may take until its first picture. Unit: seconds. Default 30. */
  readonly firstPictureSeconds?: number;
  /** How long a picture may stay frozen. Unit: seconds. Default 600. */
  readonly idleSeconds?: number;
  /** UDP ports for media, both included. Default: the system's choice. */
  readonly portRange?: { readonly min: number; readonly max: number };
  /** Whether addresses of the loopback are offered to peers: for a page on the same machine. Default true. */
  readonly allowLoopback?: boolean;
  /** Where it is written what happens. Default: nowhere. */
  readonly log?: LiveLog;
  /** The time by which everything goes. Default: the machine's monotonic clock. */
  readonly clock?: Clock;
};

/** What holds where nothing is said. */
export const STREAM_HOST_DEFAULTS = Object.freeze({
  bundle: 'live',
  maxSessions: 8,
  delayMs: 0,
  lostSeconds: 30,
  firstPictureSeconds: 30,
  idleSeconds: 600,
  allowLoopback: true,
  log: SILENT_LOG,
  clock: systemClock,
});

/**
 * Makes what holds live streams, with the default bundle loaded and warm.
 * @throws {LivefoleyError} Place `bundle` or `environment`, if that bundle cannot be used
 */
export async function createStreamHost(options: StreamHostOptions = {}): Promise<LiveHost> {
  const complete = { ...STREAM_HOST_DEFAULTS, ...options };
  const { device, lanes, laneEnv } = options;
  const pool = new EnginePool({
    ...(device ? { device } : {}),
    ...(lanes === undefined ? {} : { lanes }),
    ...(laneEnv ? { laneEnv } : {}),
  });
  await pool.engineOf(complete.bundle);
  return new LiveHost({ ...complete, pool });
}
