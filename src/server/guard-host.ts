import type { FastifyRequest } from 'fastify';
import { HttpProblem } from './http-problem.js';
import { inAddress, isLoopback } from './loopback.js';
import type { ServerConfig } from './server-config.js';

/**
 * Makes the check of the Host header: a loopback server answers under its own names alone, so that no page can
 * reach it under a name of its own that it has pointed here (DNS rebinding). Elsewhere the token guards.
 */
export function createHostGuard(config: ServerConfig): (request: FastifyRequest) => void {
  if (!isLoopback(config.host)) return () => undefined;
  const names = new Set(
    ['localhost', '127.0.0.1', '[::1]', inAddress(config.host), ...config.allowHost].map((name) =>
      name.toLowerCase(),
    ),
  );
  if (config.publicUrl !== undefined) names.add(new URL(config.publicUrl).hostname);
  return ({ headers }) => {
    const name = (headers.host ?? '').toLowerCase().replace(/:\d*$/, '');
    if (names.has(name)) return;
    throw new HttpProblem(
      403,
      'Cannot answer under this name: Host must be localhost or a name that --allow-host lists',
    );
  };
}
