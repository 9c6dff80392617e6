import { describe, expect, it } from 'vitest';

import { Refusal } from '../../src/rtc/refusal.js';
import { ask, offer, serve, type Answer, type Served } from './server-fixture.js';

const FRAGMENT = 'application/trickle-ice-sdpfrag';

function expectProblem(answer: Answer, status: number): string {
  expect(answer.statusCode, answer.body).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  const body = answer.json<{ title: string; status: number; detail: string }>();
  expect(body).toEqual({
    title: expect.any(String),
    status,
    detail: expect.stringMatching(/^[A-Z].{15,}[^.]$/),
  });
  return body.detail;
}

async function session(served: Served): Promise<{ address: string; etag: string }> {
  const { headers } = await offer(served, '/whip/s');
  return { address: String(headers.location), etag: String(headers.etag) };
}

describe('POST of an offer', () => {
  it.each([
    ['/duplex/a.b-c_1', 'duplex'],
    ['/whip/a.b-c_1', 'publish'],
    ['/whep/a.b-c_1', 'listen'],
  ])('%s makes a session and answers 201 with its address', async (url, role) => {
    const served = await serve();
    const answer = await offer(served, url, { origin: 'http://localhost:8080' });
    expect(answer.statusCode).toBe(201);
    expect(answer.body).toBe('v=0\r\nanswer\r\n');
    expect(answer.headers).toMatchObject({
      'content-type': 'application/sdp',
      location: '/sessions/a.b-c_1/session-1',
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
    });
    expect(answer.headers.etag).not.toContain('session-1');
    expect(served.host.offers).toEqual([expect.objectContaining({ stream: 'a.b-c_1', role })]);
  });

  it('puts the public address before the session', async () => {
    const served = await serve({ publicUrl: 'https://foley.example/live' });
    const { headers } = await offer(served, '/whip/s', { host: 'foley.example' });
    expect(headers.location).toBe('https://foley.example/live/sessions/s/session-1');
  });

  it('hands on settings and bundle of its query', async () => {
    const served = await serve();
    const query = 'bundle=foley-flow&seed=3&prompt=metal+rain&gainDb=-3.5&mix=under&steps=2&isDucking=true';
    expect((await offer(served, `/duplex/s?${query}`)).statusCode).toBe(201);
    expect(served.host.offers[0]).toMatchObject({
      bundle: 'foley-flow',
      settings: { seed: 3, prompt: 'metal rain', gainDb: -3.5, mix: 'under', steps: 2, isDucking: true },
    });
  });

  it.each([
    'seed=-1',
    'seed=1.5',
    'seed=',
    'seed=1e400',
    'seed=1&seed=2',
    'seed=9007199254740993',
    'gainDb=25',
    'gainDb=loud',
    'gainDb=NaN',
    'mix=over',
    'isDucking=yes',
    'steps=0',
    'steps=51',
    'volume=1',
    'token=x',
    'bundle=',
    'bundle=../x',
    '__proto__=1',
    'constructor=1',
    `prompt=${'x'.repeat(501)}`,
  ])('answers 400 to the query %s', async (query) => {
    const served = await serve();
    expectProblem(await offer(served, `/duplex/s?${query}`), 400);
    expect(served.host.offers).toEqual([]);
  });

  it('answers 400 to a listener that sets something', async () => {
    expectProblem(await offer(await serve(), '/whep/s?seed=1'), 400);
  });

  it.each(['/whip/%20', '/whip/a%2Fb', `/whip/${'x'.repeat(65)}`, '/whip/ä', '/whip/%00'])(
    'answers 400 to the name in %s',
    async (url) => void expectProblem(await offer(await serve(), url), 400),
  );

  it.each([
    ['an empty body', ''],
    ['no SDP', 'hello'],
    ['JSON', '{"sdp":"v=0"}'],
  ])('answers 400 to %s', async (_, payload) => {
    const headers = { 'content-type': 'application/sdp' };
    expectProblem(await ask(await serve(), { method: 'POST', url: '/whip/s', payload, headers }), 400);
  });

  it.each(['application/json', 'text/plain', 'application/sdpx', 'nonsense', ';'])(
    'answers 415 to the type %s, naming what it takes',
    async (type) => {
      const answer = await offer(await serve(), '/whip/s', { 'content-type': type });
      expectProblem(answer, 415);
    },
  );

  it('names the type it takes with 415, and takes it with parameters and in capitals', async () => {
    const served = await serve();
    const answer = await ask(served, { method: 'POST', url: '/whip/s' });
    expectProblem(answer, 415);
    expect(answer.headers['accept-post']).toBe('application/sdp');
    const type = 'Application/SDP; charset=utf-8';
    expect((await offer(served, '/whip/s', { 'content-type': type })).statusCode).toBe(201);
  });

  it.each([
    ['text/html', 406],
    ['application/json, text/*;q=0.5', 406],
    ['application/sdp;q=0, */*', 406],
    ['application/sdp', 201],
    ['application/*', 201],
    ['text/html, */*;q=0.1', 201],
  ])('holds to the Accept header %s: %i', async (accept, status) => {
    expect((await offer(await serve(), '/whip/s', { accept })).statusCode).toBe(status);
  });

  it('answers 413 to a body above 64 KiB', async () => {
    const headers = { 'content-type': 'application/sdp' };
    const payload = `v=0\r\n${'a'.repeat(64 * 1024)}`;
    expectProblem(await ask(await serve(), { method: 'POST', url: '/whip/s', payload, headers }), 413);
  });

  it.each([400, 404, 406, 409, 422, 503] as const)(
    'answers %i where the engine refuses with it',
    async (status) => {
      const served = await serve();
      served.host.failure = new Refusal(status, 'Cannot take this offer: too little time', {
        retryAfterSeconds: 2.5,
      });
      const answer = await offer(served, '/whip/s');
      expect(expectProblem(answer, status)).toBe('Cannot take this offer: too little time');
      expect(answer.headers['retry-after']).toBe('3');
    },
  );

  it('adds Retry-After to 503 by itself', async () => {
    const served = await serve();
    served.host.failure = new Refusal(503, 'Cannot take another stream now');
    expect((await offer(served, '/whip/s')).headers['retry-after']).toBe('5');
  });

  it('answers 500 to a defect, logs it, and tells nothing of it', async () => {
    const served = await serve();
    served.host.failure = new Error('secret of the engine');
    const answer = await offer(served, '/whip/s');
    expect(expectProblem(answer, 500)).not.toContain('secret');
    expect(served.log.join('')).toContain('secret of the engine');
  });
});

describe('GET, HEAD and OPTIONS of an endpoint', () => {
  it('answer as discovery asks', async () => {
    const served = await serve();
    expect((await ask(served, { method: 'GET', url: '/whip/s' })).statusCode).toBe(204);
    const head = await ask(served, { method: 'HEAD', url: '/whep/s' });
    expect([head.statusCode, head.headers['content-type']]).toEqual([200, 'application/sdp']);
    const options = await ask(served, { method: 'OPTIONS', url: '/whip/s' });
    expect(options.statusCode).toBe(204);
    expect(options.headers).toMatchObject({
      'accept-post': 'application/sdp',
      allow: 'GET, POST, HEAD, OPTIONS',
    });
  });
});

describe('A method that is not there', () => {
  it.each([
    ['PUT', '/whip/s'],
    ['DELETE', '/duplex/s'],
    ['PATCH', '/whep/s'],
    ['POST', '/sessions/s/x'],
    ['PUT', '/streams'],
    ['POST', '/streams/s'],
    ['DELETE', '/streams/s'],
    ['POST', '/healthz'],
    ['POST', '/metrics'],
    ['POST', '/'],
    ['DELETE', '/demo.mp4'],
  ] as const)('%s %s gets 405 with Allow', async (method, url) => {
    const answer = await ask(await serve(), {
      method,
      url,
      payload: 'x',
      headers: { 'content-type': 'a/b' },
    });
    expectProblem(answer, 405);
    expect(answer.headers.allow).toContain('OPTIONS');
  });

  it.each(['/nothing', '/whip', '/whip/a/b', '/sessions/s', '/Streams', '/.git/config', '//'])(
    'POST %s gets 404',
    async (url) => void expectProblem(await offer(await serve(), url), 404),
  );
});

describe('The address of a session', () => {
  it('shows that it is there, and ends it once', async () => {
    const served = await serve();
    const { address } = await session(served);
    expect((await ask(served, { method: 'GET', url: address })).statusCode).toBe(204);
    // RFC 9725: DELETE looks at no ETag.
    const headers = { 'if-match': '"another"' };
    expect((await ask(served, { method: 'DELETE', url: address, headers })).statusCode).toBe(200);
    expect(served.host.ended).toEqual(['session-1']);
    expectProblem(await ask(served, { method: 'DELETE', url: address }), 404);
    expectProblem(await ask(served, { method: 'GET', url: address }), 404);
  });

  it('is of one stream', async () => {
    const served = await serve();
    await session(served);
    expectProblem(await ask(served, { method: 'DELETE', url: '/sessions/other/session-1' }), 404);
  });

  it('refuses PATCH by type, by If-Match, and then for good', async () => {
    const served = await serve();
    const { address, etag } = await session(served);
    const patch = async (type: string, ifMatch?: string): Promise<Answer> =>
      ask(served, {
        method: 'PATCH',
        url: address,
        payload: 'a=ice-ufrag:x\r\n',
        headers: { 'content-type': type, ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }) },
      });
    const wrong = await patch('application/sdp', etag);
    expectProblem(wrong, 415);
    expect(wrong.headers['accept-patch']).toBe(FRAGMENT);
    expectProblem(await patch(FRAGMENT), 428);
    expectProblem(await patch(FRAGMENT, '"another"'), 412);
    expectProblem(await patch(FRAGMENT, `W/${etag}`), 412);
    expectProblem(await patch(FRAGMENT, etag), 422);
    expectProblem(await patch(FRAGMENT, `"another", ${etag}`), 422);
    expect(expectProblem(await patch(FRAGMENT, '*'), 422)).toContain('DELETE this session');
    const gone = { method: 'PATCH', url: '/sessions/s/none', headers: { 'content-type': FRAGMENT } } as const;
    expectProblem(await ask(served, gone), 404);
  });
});
