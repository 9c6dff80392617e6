import type { FastifyInstance } from 'fastify';
import type { StreamHost } from '../live/stream-host.js';
import { LivefoleyError } from '../stream/errors.js';
import { inAddress } from './loopback.js';
import type { ServerConfig } from './server-config.js';

/** What a server's parts know of it. */
export type ServerState = {
  /** Whether all but `/healthz` is refused by now. */
  isClosing: boolean;
};

/** A server that was made, and listens once it is told to. */
export class LiveServer {
  /** For tests: `inject()` asks without a socket. */
  readonly app: FastifyInstance;
  readonly #host: StreamHost;
  readonly #config: ServerConfig;
  readonly #state: ServerState;
  #closing: Promise<void> | undefined;

  constructor(
    app: FastifyInstance,
    parts: {
      readonly host: StreamHost;
      readonly config: ServerConfig;
      readonly state: ServerState;
    },
  ) {
    this.app = app;
    this.#host = parts.host;
    this.#config = parts.config;
    this.#state = parts.state;
  }

  /**
   * Begins to listen.
   * @returns The address for a person's browser
   * @throws {LivefoleyError} Place `environment`, if the address cannot be listened on
   */
  async listen(): Promise<string> {
    const { host, port } = this.#config;
    try {
      await this.app.listen({ host, port });
    } catch (error) {
      throw new LivefoleyError(
        'environment',
        `Cannot listen on ${inAddress(host)}:${port}: ${reasonOf(error)}`,
        {
          cause: error,
        },
      );
    }
    const address = this.app.server.address();
    const taken = typeof address === 'object' && address !== null ? address.port : port;
    return `http://${inAddress(host)}:${taken}`;
  }

  /** Refuses what comes from now on, lets the engine fade out, then closes all connections. Idempotent. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state.isClosing = true;
    try {
      await this.#host.close();
    } finally {
      await this.app.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken; give another with --port, or stop what uses it',
  EACCES: 'this user may not; ports below 1024 need rights, so give another with --port',
  EADDRNOTAVAIL: 'this machine has no such address; give one of its own with --host',
  ENOTFOUND: 'this name has no address; give one of its own with --host',
  EAI_AGAIN: 'this name could not be looked up; give an address with --host',
};

function reasonOf(error: unknown): string {
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  return REASONS[code] ?? message;
}
