import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';

import { serveUntil } from '../../src/cli/serve-until.js';
import { SERVER_DEFAULTS, type ServerConfig } from '../../src/server/server-config.js';
import { FakeHost } from '../server/fake-host.js';

const CONFIG: ServerConfig = { ...SERVER_DEFAULTS, port: 0, logLevel: 'silent' };

type Running = {
  readonly lines: string[];
  readonly host: FakeHost;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
};

function start(config: ServerConfig, closeWithinMs = 5_000): Running {
  const [lines, host, stop] = [[] as string[], new FakeHost(), new AbortController()];
  const print = (line: string): void => void lines.push(line);
  const createHost = async (): Promise<{ host: FakeHost }> => Promise.resolve({ host });
  const ended = serveUntil(stop.signal, { config, createHost, print, closeWithinMs });
  ended.catch(() => undefined); // Whoever awaits it hears of it.
  return { lines, host, stop, ended };
}

describe('serveUntil()', () => {
  it('prints what it loads, address and token in a line each, serves, and ends when the signal aborts', async () => {
    const { lines, host, stop, ended } = start(CONFIG);
    await expect.poll(() => lines.length).toBe(3);
    expect(lines[0]).toBe('Loading the models');
    const address = /^livefoley serves (http:\/\/127\.0\.0\.1:\d+)$/.exec(lines[1] ?? '')?.[1] ?? '';
    expect(lines[2]).toContain('No token is asked');
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    stop.abort();
    await ended;
    expect(lines[3]).toBe('Fading out');
    expect(host.closeCalls).toBe(1);
    await expect(fetch(`${address}/healthz`)).rejects.toThrow();
  });

  it('says where the token goes, not what it is, and shows the public address', async () => {
    const token = 'sixteen-letters!';
    const { lines, stop, ended } = start({ ...CONFIG, token, publicUrl: 'https://foley.example' });
    await expect.poll(() => lines.length).toBe(3);
    expect(lines.slice(1)).toEqual([
      'livefoley serves https://foley.example',
      expect.stringContaining('Bearer'),
    ]);
    expect(lines.join('')).not.toContain(token);
    stop.abort();
    await ended;
  });

  it('does not wait for an engine that hangs', async () => {
    const { lines, host, stop, ended } = start(CONFIG, 50);
    host.closing = new Promise(() => undefined);
    await expect.poll(() => lines.length).toBe(3);
    stop.abort();
    await ended;
    expect(host.closeCalls).toBe(1);
  });

  it('closes the engine if the port is taken', async () => {
    const other = createTcpServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { lines, host, ended } = start({ ...CONFIG, port });
    await expect(ended).rejects.toMatchObject({ place: 'environment' });
    expect([lines, host.closeCalls]).toEqual([['Loading the models'], 1]);
    other.close();
  });
});
