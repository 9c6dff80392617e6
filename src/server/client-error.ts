import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import { problemText } from './send-problem.js';

const ANSWERS: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large'],
};

/** Answers what is no HTTP, came too slowly or has too many headers, and closes the connection. */
export function answerClientError(error: { readonly code?: string | undefined }, socket: Socket): void {
  // It has gone, or was answered already: two answers would be taken for those of two requests.
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const [status, detail] = ANSWERS[error.code ?? ''] ?? [400, 'The request is not HTTP as it must be'];
  const body = problemText(status, detail);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
