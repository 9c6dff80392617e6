import { describe, expect, it } from 'vitest';

import { ask, offer, serve, TOKEN } from './server-fixture.js';

const FOREIGN = 'https://evil.example';

describe('The token', () => {
  const guarded = { host: '0.0.0.0', token: TOKEN };

  it.each([
    ['none', {}],
    ['another', { authorization: 'Bearer another-token-of-32-characters!' }],
    ['a part of it', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['more than it', { authorization: `Bearer ${TOKEN}x` }],
    ['the wrong scheme', { authorization: `Basic ${TOKEN}` }],
    ['no scheme', { authorization: TOKEN }],
    ['two', { authorization: `Bearer ${TOKEN} ${TOKEN}` }],
    ['nothing behind the scheme', { authorization: 'Bearer ' }],
  ])('is refused with 401 for %s, everywhere', async (_, headers: Record<string, string>) => {
    const served = await serve(guarded);
    const asked = await Promise.all([
      offer(served, '/whip/s', headers),
      offer(served, '/duplex/s', headers),
      offer(served, '/whep/s', headers),
      ask(served, { method: 'DELETE', url: '/sessions/s/session-1', headers }),
      ask(served, { method: 'PATCH', url: '/streams/s', headers }),
      ...['/whip/s', '/streams', '/streams/s', '/bundles', '/metrics', '/sessions/s/x'].map(async (url) =>
        ask(served, { method: 'GET', url, headers }),
      ),
    ]);
    for (const answer of asked) {
      expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([
        401,
        expect.stringMatching(/^Bearer realm="livefoley"/),
      ]);
    }
    expect(served.host.offers).toEqual([]);
  });

  it('opens everything, in any case of the scheme', async () => {
    const served = await serve(guarded);
    for (const scheme of ['Bearer', 'bearer', 'BEARER'])
      expect((await offer(served, '/whip/s', { authorization: `${scheme} ${TOKEN}` })).statusCode).toBe(201);
  });

  it('is not asked for the page, health and preflights', async () => {
    const served = await serve(guarded);
    for (const url of ['/healthz', '/demo.mp4'])
      expect((await ask(served, { method: 'GET', url })).statusCode).toBe(200);
    expect((await ask(served, { method: 'GET', url: '/' })).statusCode).not.toBe(401);
    expect((await ask(served, { method: 'OPTIONS', url: '/whip/s' })).statusCode).toBe(204);
  });

  it('is never taken from the address, and never logged', async () => {
    const served = await serve(guarded);
    expect((await offer(served, `/whip/s?token=${TOKEN}`)).statusCode).toBe(401);
    served.log.length = 0;
    served.host.failure = new Error('a defect');
    await offer(served, '/whip/s', { authorization: `Bearer ${TOKEN}` });
    expect(served.log.join('')).toContain('a defect');
    expect(served.log.join('')).not.toContain(TOKEN);
  });
});

describe('The Host header of a loopback server', () => {
  it.each([
    ['localhost', 200],
    ['localhost:8080', 200],
    ['LOCALHOST:1', 200],
    ['127.0.0.1:8080', 200],
    ['[::1]:8080', 200],
    ['studio.local:8080', 200],
    ['foley.example', 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['evil.example:8080', 403],
    ['127.0.0.1.nip.io', 403],
    ['192.168.1.2', 403],
    ['[::2]', 403],
    ['localhost@evil.example', 403],
  ])('%s gets %i', async (host, status) => {
    const served = await serve({ allowHost: ['Studio.local'], publicUrl: 'https://foley.example' });
    expect((await ask(served, { method: 'GET', url: '/streams', headers: { host } })).statusCode).toBe(
      status,
    );
  });

  it('is of no matter elsewhere, where the token guards', async () => {
    const served = await serve({ host: '0.0.0.0', token: TOKEN });
    const headers = { host: '192.168.1.2:8080', authorization: `Bearer ${TOKEN}` };
    expect((await ask(served, { method: 'GET', url: '/streams', headers })).statusCode).toBe(200);
  });
});

describe('The Origin header', () => {
  it.each([
    ['http://localhost:8080', 201, undefined],
    ['https://localhost:8080', 201, undefined],
    ['https://studio.example', 201, 'https://studio.example'],
    ['http://localhost:8081', 403, undefined],
    ['http://studio.example', 403, undefined],
    ['https://studio.example.evil.example', 403, undefined],
    [FOREIGN, 403, undefined],
    ['null', 403, undefined],
    ['', 403, undefined],
  ])('%s gets %i without a token', async (origin, status, allowed) => {
    const served = await serve({ allowOrigin: ['https://studio.example'] });
    const answer = await offer(served, '/whip/s', { origin });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe(allowed);
    expect(answer.headers.vary).toContain('Origin');
  });

  it('may be any with a token, without credentials, and only the listed ones with a list', async () => {
    const headers = { origin: FOREIGN, authorization: `Bearer ${TOKEN}` };
    const answer = await offer(await serve({ token: TOKEN }), '/whip/s', headers);
    expect(answer.statusCode).toBe(201);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'Location, ETag, Link, Retry-After',
    });
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    const listed = await serve({ token: TOKEN, allowOrigin: ['https://studio.example'] });
    expect((await offer(listed, '/whip/s', headers)).statusCode).toBe(403);
  });

  it('lets pages read why they were refused', async () => {
    const answer = await offer(await serve({ token: TOKEN }), '/whip/s', { origin: FOREIGN });
    expect([answer.statusCode, answer.headers['access-control-allow-origin']]).toEqual([401, '*']);
  });
});

describe('A preflight', () => {
  const headers = {
    origin: FOREIGN,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  };

  it.each(['/whip/s', '/whep/s', '/duplex/s', '/sessions/s/x', '/streams', '/streams/s', '/bundles'])(
    'for %s is answered with a token set',
    async (url) => {
      const answer = await ask(await serve({ token: TOKEN }), { method: 'OPTIONS', url, headers });
      expect(answer.statusCode).toBe(204);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-headers': 'Authorization, Content-Type, If-Match',
        'access-control-allow-methods': answer.headers.allow,
        'access-control-max-age': '600',
      });
    },
  );

  it('of a page that is not listed gets 403 without a token', async () => {
    expect((await ask(await serve(), { method: 'OPTIONS', url: '/whip/s', headers })).statusCode).toBe(403);
  });
});

describe('Too many requests', () => {
  it('get 429 with Retry-After; those that change nothing are not counted', async () => {
    const served = await serve({ requestsPerMinute: 3 });
    for (let i = 0; i < 3; i += 1) expect((await offer(served, '/whip/s')).statusCode).toBe(201);
    const answer = await offer(served, '/whip/s');
    expect(answer.statusCode).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.json()).toMatchObject({ status: 429, detail: expect.stringContaining('wait') });
    expect((await ask(served, { method: 'DELETE', url: '/sessions/s/session-1' })).statusCode).toBe(429);
    expect((await ask(served, { method: 'GET', url: '/streams' })).statusCode).toBe(200);
  });

  it('counts wrong tokens too', async () => {
    const served = await serve({ token: TOKEN, requestsPerMinute: 2 });
    const codes: number[] = [];
    for (let i = 0; i < 3; i += 1) codes.push((await offer(served, '/whip/s')).statusCode);
    expect(codes).toEqual([401, 401, 429]);
  });
});
