import type { FastifyRequest } from 'fastify';
import type { StreamHost } from '../live/stream-host.js';
import { HttpProblem } from './http-problem.js';
import { assertContentType } from './media-types.js';
import type { Operation, Resources } from './resource.js';
import { isMatch } from './session-etag.js';
import { readStreamName } from './stream-name.js';

const FRAGMENT = 'application/trickle-ice-sdpfrag';

/**
 * Adds the addresses of sessions: DELETE ends one, PATCH is refused in the order of RFC 9725, section 4.3 (type,
 * If-Match, then 422), because neither trickle ICE nor ICE restarts are taken.
 */
export function addSessions(resources: Resources, host: StreamHost): void {
  resources.add({
    url: '/sessions/:stream/:session',
    operations: { get: show(host), delete: end(host), patch: refuseChange(host) },
  });
}

function show(host: StreamHost): Operation {
  return (request, reply) => {
    find(host, request);
    return reply.code(204).send();
  };
}

function end(host: StreamHost): Operation {
  return async (request, reply) => {
    const { stream, session } = read(request);
    if (!(await host.end(stream, session))) throw missing();
    return reply.code(200).send();
  };
}

function refuseChange(host: StreamHost): Operation {
  return (request) => {
    const session = find(host, request);
    assertContentType(request, FRAGMENT);
    const ifMatch = request.headers['if-match'];
    if (ifMatch === undefined)
      throw new HttpProblem(428, "Cannot change the session: If-Match must give its ETag, or '*' to restart");
    if (!isMatch(ifMatch, session))
      throw new HttpProblem(412, 'Cannot change the session: If-Match gives another ETag than its own');
    throw new HttpProblem(
      422,
      'Cannot take ICE candidates or an ICE restart: the answer holds all of ours, yours are found as they send; ' +
        'after a change of network, DELETE this session and POST a new offer',
    );
  };
}

function read(request: FastifyRequest): { stream: string; session: string } {
  const { session } = request.params as { readonly session: string };
  return { stream: readStreamName(request.params), session };
}

function find(host: StreamHost, request: FastifyRequest): string {
  const { stream, session } = read(request);
  if (!host.hasSession(stream, session)) throw missing();
  return session;
}

function missing(): HttpProblem {
  return new HttpProblem(404, 'There is no such session, or it has ended');
}
