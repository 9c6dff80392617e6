import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import { Refusal } from '../rtc/refusal.js';
import { HttpProblem } from './http-problem.js';

/** When to try again where the engine does not say. Unit: seconds. */
const RETRY_AFTER_SECONDS = 5;

const DEFECT = 'Something failed inside livefoley; its log says what';

/**
 * Answers with what went wrong as `application/problem+json`: `title` says the kind, `detail` is a sentence for
 * people. What nobody foresaw is logged and answered with 500 without its words.
 *
 * Based on: RFC 9457, Problem Details for HTTP APIs.
 */
export async function sendProblem(
  error: FastifyError | HttpProblem | Refusal | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { status, detail, headers } = describe(error);
  if (status >= 500 && status !== 503) request.log.error({ err: error }, 'a request failed');
  // The connection's state is unknown while a body is still on its way.
  if (status === 413) reply.header('connection', 'close');
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .headers(headers)
    .type('application/problem+json')
    .send(problemText(status, detail));
}

/** The body of a problem. */
export function problemText(status: number, detail: string): string {
  return JSON.stringify({ title: STATUS_CODES[status] ?? 'Error', status, detail });
}

type Description = {
  readonly status: number;
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;
};

function describe(error: Error): Description {
  if (error instanceof HttpProblem)
    return { status: error.status, detail: error.message, headers: error.headers };
  if (error instanceof Refusal)
    return { status: error.status, detail: error.message, headers: retryHeaders(error) };
  // Fastify's own refusals: a body too large, a length that is not one, an address that cannot be decoded.
  const { statusCode } = error as { statusCode?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return { status: statusCode, detail: error.message, headers: {} };
  return { status: 500, detail: DEFECT, headers: {} };
}

function retryHeaders({ status, retryAfterSeconds }: Refusal): Record<string, string> {
  const seconds = retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined);
  return seconds === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(seconds))) };
}
