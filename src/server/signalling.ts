import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PeerRole, StreamHost } from '../live/stream-host.js';
import { HttpProblem } from './http-problem.js';
import { assertAccepts, assertContentType } from './media-types.js';
import { assertNoQuery, readQuery } from './read-settings.js';
import type { Operation, Resources } from './resource.js';
import { sessionEtag } from './session-etag.js';
import { readStreamName } from './stream-name.js';

const SDP = 'application/sdp';

const ENDPOINTS: readonly { readonly path: string; readonly role: PeerRole }[] = [
  { path: 'duplex', role: 'duplex' },
  { path: 'whip', role: 'publish' },
  { path: 'whep', role: 'listen' },
];

/**
 * Adds the endpoints at which peers offer: `POST /duplex/:stream`, `/whip/:stream` and `/whep/:stream`.
 *
 * Based on: RFC 9725 (WHIP), draft-ietf-wish-whep.
 */
export function addSignalling(resources: Resources, host: StreamHost, publicUrl = ''): void {
  for (const { path, role } of ENDPOINTS) {
    resources.add({
      url: `/${path}/:stream`,
      operations: { get: role === 'listen' ? discover : nothing, post: offerTo(host, role, publicUrl) },
      consumes: { post: SDP },
    });
  }
}

const nothing: Operation = (request, reply) => {
  readStreamName(request.params);
  return reply.code(204).send();
};

/** WHEP's players look with HEAD whether they are at the right place. */
const discover: Operation = (request, reply) => {
  readStreamName(request.params);
  return reply.code(200).type(SDP).send('');
};

function offerTo(host: StreamHost, role: PeerRole, publicUrl: string): Operation {
  return async (request, reply) => {
    const stream = readStreamName(request.params);
    assertContentType(request, SDP);
    assertAccepts(request, SDP);
    const { sessionId, sdp } = await host.agree({
      stream,
      role,
      sdp: readOffer(request),
      ...asked(request, role),
    });
    // Nobody hears of this session any more.
    if (request.socket.destroyed) await host.end(stream, sessionId);
    return created(reply, { address: `${publicUrl}/sessions/${stream}/${sessionId}`, sessionId, sdp });
  };
}

function asked(request: FastifyRequest, role: PeerRole): object {
  if (role === 'listen') {
    assertNoQuery(request.query);
    return {};
  }
  const { bundle, ...settings } = readQuery(request.query);
  return { settings, ...(bundle === undefined ? {} : { bundle }) };
}

function readOffer({ body }: FastifyRequest): string {
  if (typeof body === 'string' && /^v=0\r?\n/.test(body)) return body;
  throw new HttpProblem(400, 'Cannot read the offer: the body must be SDP, which begins with v=0');
}

function created(
  reply: FastifyReply,
  session: { readonly address: string; readonly sessionId: string; readonly sdp: string },
): FastifyReply {
  const { address, sessionId, sdp } = session;
  return reply
    .code(201)
    .header('location', address)
    .header('etag', sessionEtag(sessionId))
    .type(SDP)
    .send(sdp);
}
