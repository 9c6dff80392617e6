import type { FastifyRequest } from 'fastify';
import { HttpProblem } from './http-problem.js';

/**
 * Checks what a body is said to be.
 * @throws {HttpProblem} 415, naming the type that is taken here
 */
export function assertContentType(request: FastifyRequest, type: string): void {
  const [received = ''] = (request.headers['content-type'] ?? '').split(';');
  if (received.trim().toLowerCase() === type) return;
  const headers = { [`accept-${request.method === 'PATCH' ? 'patch' : 'post'}`]: type };
  throw new HttpProblem(415, `Cannot read the body: Content-Type must be ${type}`, { headers });
}

/**
 * Checks that the client takes an answer of a type.
 * @throws {HttpProblem} 406, if its Accept header excludes it
 */
export function assertAccepts(request: FastifyRequest, type: string): void {
  if (isAcceptable(request.headers.accept ?? '*/*', type)) return;
  throw new HttpProblem(406, `Cannot answer: the answer is ${type}, which the Accept header must allow`);
}

/**
 * Whether an Accept header allows a type; of several ranges that match, the most specific one decides.
 *
 * Based on: RFC 9110, section 12.5.1.
 */
export function isAcceptable(accept: string, type: string): boolean {
  const [kind = ''] = type.split('/');
  const ranges = accept.split(',').map((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    return { name, isAllowed: Number(quality) > 0 };
  });
  const match = [type, `${kind}/*`, '*/*'].flatMap(
    (name) => ranges.find((range) => range.name === name) ?? [],
  )[0];
  return match?.isAllowed ?? false;
}
