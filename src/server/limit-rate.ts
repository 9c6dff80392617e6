import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { HttpProblem } from './http-problem.js';
import { isLoopback } from './loopback.js';
import type { ServerConfig } from './server-config.js';

const PER_MINUTE = 120;
const PER_MINUTE_ON_LOOPBACK = 6_000;
const COUNTED: readonly string[] = ['POST', 'PATCH', 'DELETE'];

/** Refuses, with 429, what would change something if its address has asked for too much within the last minute. */
export async function limitRate(app: FastifyInstance, config: ServerConfig): Promise<void> {
  const fallback = isLoopback(config.host) ? PER_MINUTE_ON_LOOPBACK : PER_MINUTE;
  await app.register(rateLimit, {
    global: false,
    max: config.requestsPerMinute ?? fallback,
    timeWindow: 60_000,
    allowList: ({ method }) => !COUNTED.includes(method),
    errorResponseBuilder: () => new HttpProblem(429, 'Cannot answer so many requests: wait a moment'),
  });
  app.addHook('onRequest', app.rateLimit());
}
