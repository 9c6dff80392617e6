import type { FastifyRequest } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';
import { HttpProblem } from './http-problem.js';

/**
 * Makes the check of the token, `Authorization: Bearer`. The time it takes does
 * not depend on how much of a wrong token is right.
 */
export function createTokenGuard(token: string | undefined): (request: FastifyRequest) => void {
  if (token === undefined) return () => undefined;
  const expected = digest(token);
  return (request) => {
    const shown = /^bearer +([\x21-\x7e]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (shown === undefined)
      throw refusal('This server asks for a token: send it as Authorization: Bearer', '');
    if (!timingSafeEqual(digest(shown), expected))
      throw refusal('The token is wrong', ', error="invalid_token"');
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refusal(message: string, more: string): HttpProblem {
  return new HttpProblem(401, message, {
    headers: { 'www-authenticate': `Bearer realm="livefoley"${more}` },
  });
}
