import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from './http-problem.js';
import type { ServerConfig } from './server-config.js';

const ALLOWED_HEADERS = 'Authorization, Content-Type, If-Match';
const EXPOSED_HEADERS = 'Location, ETag, Link, Retry-After';

/** How long a browser may keep the answer to a preflight. Unit: seconds. */
const PREFLIGHT_SECONDS = '600';

/**
 * Makes the check of the Origin header. Our own page may always; another page if it is listed, or, where a token
 * is asked and no list given, any: without the token it achieves nothing, and no browser adds that by itself.
 */
export function createOriginGuard(
  config: ServerConfig,
): (request: FastifyRequest, reply: FastifyReply) => void {
  const listed = new Set(config.allowOrigin.map((origin) => origin.toLowerCase()));
  const own = config.publicUrl === undefined ? undefined : new URL(config.publicUrl).origin;
  const isOpen = config.token !== undefined && listed.size === 0;
  return (request, reply) => {
    const { origin } = request.headers;
    if (isOpen) share(request, reply, '*');
    else void reply.header('vary', 'Origin');
    if (origin === undefined || isOpen || origin === own || isSame(origin, request.headers.host)) return;
    if (!listed.has(origin.toLowerCase()))
      throw new HttpProblem(
        403,
        'Cannot answer this page: its Origin must be our own or one that --allow-origin lists',
      );
    share(request, reply, origin);
  };
}

function isSame(origin: string, host: string | undefined): boolean {
  const lower = origin.toLowerCase();
  return (
    host !== undefined && [`http://${host}`, `https://${host}`].some((own) => own.toLowerCase() === lower)
  );
}

function share(request: FastifyRequest, reply: FastifyReply, origin: string): void {
  void reply.header('access-control-allow-origin', origin);
  if (request.method === 'OPTIONS')
    void reply
      .header('access-control-allow-headers', ALLOWED_HEADERS)
      .header('access-control-max-age', PREFLIGHT_SECONDS);
  else void reply.header('access-control-expose-headers', EXPOSED_HEADERS);
}
