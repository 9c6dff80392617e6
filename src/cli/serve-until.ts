import type { LiveMetrics } from '../live/live-metrics.js';
import type { StreamHost } from '../live/stream-host.js';
import { createServer } from '../server/create-server.js';
import type { LiveServer } from '../server/live-server.js';
import type { ServerConfig } from '../server/server-config.js';

/** How long fading out and closing may take. Unit: ms. */
const CLOSE_WITHIN_MS = 5_000;

/** Makes the live engine of a server; given up when `signal` aborts. */
export type CreateHost = (
  config: ServerConfig,
  options: { readonly signal: AbortSignal },
) => Promise<{ readonly host: StreamHost; readonly metrics?: () => LiveMetrics }>;

/**
 * Serves until the signal aborts; then fades out, closes all connections and returns, after 5 s at the latest.
 * @throws {LivefoleyError} If the engine cannot be made, or the address not be listened on
 */
export async function serveUntil(
  signal: AbortSignal,
  options: {
    readonly config: ServerConfig;
    readonly createHost: CreateHost;
    readonly print: (line: string) => void;
    /** Unit: ms. Default 5000. */
    readonly closeWithinMs?: number;
  },
): Promise<void> {
  const { config, createHost, print, closeWithinMs = CLOSE_WITHIN_MS } = options;
  print('Loading the models');
  const { host, metrics } = await createHost(config, { signal });
  const server = await createServer(host, config, metrics === undefined ? {} : { metrics });
  try {
    const address = await server.listen();
    for (const line of greeting(address, config)) print(line);
    await aborted(signal);
    print('Fading out');
  } finally {
    await closeWithin(closeWithinMs, server);
  }
}

function greeting(address: string, { token, publicUrl }: ServerConfig): string[] {
  const shown = publicUrl ?? address;
  return [
    `livefoley serves ${shown}`,
    token === undefined
      ? 'No token is asked: only this machine can reach it'
      : 'The page asks for the token; other clients send it as Authorization: Bearer',
  ];
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

async function closeWithin(limitMs: number, server: LiveServer): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([server.close(), limit]);
  clearTimeout(timer);
}
