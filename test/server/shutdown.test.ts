import { once } from 'node:events';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';

import { LivefoleyError } from '../../src/stream/errors.js';
import { ask, offer, serve } from './server-fixture.js';

describe('liveServer.close()', () => {
  it('lets the engine fade out first, meanwhile refuses with 503, then closes every connection', async () => {
    const served = await serve();
    const address = await served.server.listen();
    const { port, hostname } = new URL(address);
    const idle = connect(Number(port), hostname);
    await once(idle, 'connect');
    let fade = (): void => undefined;
    served.host.closing = new Promise((resolve) => (fade = resolve));
    const closed = served.server.close();
    const answer = await offer(served, '/whip/s');
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
    const health = await ask(served, { method: 'GET', url: '/healthz' });
    expect([health.statusCode, health.json()]).toEqual([503, { status: 'closing' }]);
    expect(served.host.offers).toEqual([]);
    const gone = once(idle, 'close');
    fade();
    await Promise.all([closed, gone, served.server.close()]);
    expect(served.host.closeCalls).toBe(1);
    await expect(fetch(address)).rejects.toThrow();
  });

  it('closes the server also if the engine fails to', async () => {
    const served = await serve();
    const address = await served.server.listen();
    served.host.close = async () => Promise.reject(new Error('stuck'));
    await expect(served.server.close()).rejects.toThrow('stuck');
    await expect(fetch(address)).rejects.toThrow();
    served.server.close = async () => Promise.resolve();
  });
});

describe('liveServer.listen()', () => {
  it('names its address, that of IPv6 within brackets', async () => {
    const served = await serve({ host: '::1' });
    const address = await served.server.listen().catch((error: unknown) => error);
    // Some machines have no IPv6.
    if (typeof address === 'string') expect(address).toMatch(/^http:\/\/\[::1\]:\d+$/);
    else expect(address).toBeInstanceOf(LivefoleyError);
  });

  it('says in one sentence that a port is taken', async () => {
    const other = createTcpServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { server } = await serve({ port });
    const failure = server.listen();
    await expect(failure).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port}: the port is taken; give another with --port, or stop what uses it`,
    );
    await expect(failure).rejects.toMatchObject({ place: 'environment' });
    other.close();
  });
});
