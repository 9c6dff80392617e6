import { pino } from 'pino';
import { createStreamHost } from '../live/create-stream-host.js';
import { isLoopback } from '../server/loopback.js';
import type { CreateHost } from './serve-until.js';

const STANDARD_ERROR = 2;

/** The live engine as the server's settings want it; it logs on standard error. */
export const createHost: CreateHost = async (config) => {
  const {
    bundle,
    lanes,
    device,
    maxSessions,
    delayMs,
    lostSeconds,
    firstPictureSeconds,
    idleSeconds,
    udpPorts,
  } = config;
  const host = await createStreamHost({
    device,
    maxSessions,
    delayMs,
    lostSeconds,
    firstPictureSeconds,
    idleSeconds,
    // Only who is on this machine can use them.
    allowLoopback: isLoopback(config.host),
    log: pino({ level: config.logLevel }, pino.destination(STANDARD_ERROR)),
    ...(bundle === undefined ? {} : { bundle }),
    ...(lanes === undefined ? {} : { lanes }),
    ...(udpPorts === undefined ? {} : { portRange: udpPorts }),
  });
  return { host, metrics: () => host.metrics() };
};
