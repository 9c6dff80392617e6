import { fastify, type FastifyInstance } from 'fastify';
import type { LiveMetrics } from '../live/live-metrics.js';
import type { StreamHost } from '../live/stream-host.js';
import { answerClientError } from './client-error.js';
import { createHostGuard } from './guard-host.js';
import { createOriginGuard } from './guard-origin.js';
import { createTokenGuard } from './guard-token.js';
import { HttpProblem } from './http-problem.js';
import { limitRate } from './limit-rate.js';
import { LiveServer, type ServerState } from './live-server.js';
import { ServerMetrics } from './metrics.js';
import { addPage, PAGE_FOLDERS, type PageFolders } from './page.js';
import { Resources } from './resource.js';
import { sendProblem } from './send-problem.js';
import type { ServerConfig } from './server-config.js';
import { SERVER_TIMEOUTS, type ServerTimeouts } from './server-timeouts.js';
import { addSessions } from './sessions.js';
import { addSignalling } from './signalling.js';
import { addStreams } from './streams.js';

/** An offer of a browser has some 10 KB. */
const BODY_LIMIT_BYTES = 64 * 1_024;
const MAX_HEADER_BYTES = 16 * 1_024;
const MAX_REQUESTS_PER_SOCKET = 1_000;
const MAX_CONNECTIONS = 1_024;

/** What a server needs beyond the engine and its set-up. */
export type ServerOptions = {
  /** Counts of the engine for `/metrics`; absent where there are none. */
  readonly metrics?: () => LiveMetrics;
  /** Where the log goes, a JSON object a line. Default: standard error. */
  readonly log?: { write(line: string): void };
  readonly timeouts?: ServerTimeouts;
  readonly folders?: PageFolders;
};

/** Makes the HTTP server of a live engine: signalling, streams, metrics and the page. It does not listen yet. */
export async function createServer(
  host: StreamHost,
  config: ServerConfig,
  options: ServerOptions = {},
): Promise<LiveServer> {
  const app = createApp(config, options);
  const state: ServerState = { isClosing: false };
  const resources = new Resources(app);
  await addGuards(app, { config, state, resources });
  addSignalling(resources, host, config.publicUrl);
  addSessions(resources, host);
  addStreams(resources, host);
  const metrics = new ServerMetrics(host, {
    maxStreams: config.maxSessions,
    ...(options.metrics === undefined ? {} : { live: options.metrics }),
  });
  addFigures(resources, metrics, state);
  app.addHook('onClose', () => metrics.close());
  await addPage(app, resources, options.folders ?? PAGE_FOLDERS);
  await app.ready();
  return new LiveServer(app, { host, config, state });
}

function createApp(
  config: ServerConfig,
  { log, timeouts = SERVER_TIMEOUTS }: ServerOptions,
): FastifyInstance {
  const app = fastify({
    logger: {
      level: config.logLevel,
      stream: log ?? process.stderr,
      redact: ['req.headers.authorization', 'headers.authorization', 'err.config'],
    },
    bodyLimit: BODY_LIMIT_BYTES,
    connectionTimeout: timeouts.idleMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    maxRequestsPerSocket: MAX_REQUESTS_PER_SOCKET,
    http: {
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: timeouts.checkMs,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    forceCloseConnections: true,
    trustProxy: false,
    routerOptions: { maxParamLength: 200 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request as never, reply as never),
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setErrorHandler<Error>(async (error, request, reply) => sendProblem(error, request, reply));
  // What a body may be differs from resource to resource; each looks for itself.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body));
  return app;
}

/** In this order: name, page, rate, token. */
async function addGuards(
  app: FastifyInstance,
  parts: { readonly config: ServerConfig; readonly state: ServerState; readonly resources: Resources },
): Promise<void> {
  const { config, state, resources } = parts;
  const guardHost = createHostGuard(config);
  const guardOrigin = createOriginGuard(config);
  const guardToken = createTokenGuard(config.token);
  app.addHook('onRequest', (request, reply, done) => {
    void reply
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-store');
    guardHost(request);
    guardOrigin(request, reply);
    if (state.isClosing && request.routeOptions.url !== '/healthz') throw closing();
    done();
  });
  await limitRate(app, config);
  app.addHook('onRequest', (request, _, done) => {
    resources.assertThere(request);
    if (!resources.isPublic(request)) guardToken(request);
    done();
  });
}

function closing(): HttpProblem {
  return new HttpProblem(503, 'The server is closing', {
    headers: { 'retry-after': '5', connection: 'close' },
  });
}

function addFigures(resources: Resources, metrics: ServerMetrics, state: ServerState): void {
  resources.add({
    url: '/healthz',
    isPublic: true,
    operations: {
      get: (_, reply) => {
        const { isClosing } = state;
        if (isClosing) reply.header('retry-after', '5');
        return reply.code(isClosing ? 503 : 200).send({ status: isClosing ? 'closing' : 'ok' });
      },
    },
  });
  resources.add({
    url: '/metrics',
    operations: { get: async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()) },
  });
}
