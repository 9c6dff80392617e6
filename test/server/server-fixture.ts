import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterEach } from 'vitest';

import { createServer, type ServerOptions } from '../../src/server/create-server.js';
import type { LiveServer } from '../../src/server/live-server.js';
import { SERVER_DEFAULTS, type ServerConfig } from '../../src/server/server-config.js';
import { FakeHost } from './fake-host.js';

export const TOKEN = 'a-token-of-thirty-two-characters';
export const OFFER = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';

export type Served = { readonly server: LiveServer; readonly host: FakeHost; readonly log: string[] };
export type Answer = LightMyRequestResponse;

const open: LiveServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

/** A server with a fake engine; it is closed after the test. */
export async function serve(
  config: Partial<ServerConfig> = {},
  options: Omit<ServerOptions, 'log'> = {},
): Promise<Served> {
  const host = new FakeHost();
  const log: string[] = [];
  const full: ServerConfig = { ...SERVER_DEFAULTS, port: 0, logLevel: 'trace', ...config };
  const server = await createServer(host, full, {
    ...options,
    log: { write: (line) => void log.push(line) },
  });
  open.push(server);
  return { server, host, log };
}

/** As a browser on this machine asks. */
export async function ask({ server }: Served, request: InjectOptions): Promise<Answer> {
  return server.app.inject({ ...request, headers: { host: 'localhost:8080', ...request.headers } });
}

/** `POST` of an offer. */
export async function offer(
  served: Served,
  url: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return ask(served, {
    method: 'POST',
    url,
    payload: OFFER,
    headers: { 'content-type': 'application/sdp', ...headers },
  });
}
