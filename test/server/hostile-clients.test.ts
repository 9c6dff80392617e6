import fc from 'fast-check';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';

import { SERVER_TIMEOUTS } from '../../src/server/server-timeouts.js';
import { ask, offer, OFFER, serve, type Served } from './server-fixture.js';

const QUICK = { ...SERVER_TIMEOUTS, headersMs: 200, requestMs: 400, idleMs: 1_000, checkMs: 50 };
const HEADERS = 'Host: localhost\r\nConnection: close\r\n';
const SDP_HEADERS = `${HEADERS}Content-Type: application/sdp\r\n`;

async function portOf({ server }: Served): Promise<number> {
  return Number(new URL(await server.listen()).port);
}

/** Sends bytes as they are; what comes back until the server closes. */
async function send(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  socket.on('error', () => undefined); // A reset is an end too.
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
}

function post(path: string, more = '', body = OFFER): string {
  return `POST ${path} HTTP/1.1\r\n${SDP_HEADERS}${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function get(path: string, more = ''): string {
  return `GET ${path} HTTP/1.1\r\n${HEADERS}${more}\r\n`;
}

const MALFORMED: readonly string[] = [
  'hello\r\n\r\n',
  '\0\0\0\0\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  'GET\r\n\r\n',
  'GET /\r\n\r\n',
  'GET / HTTP/9.9\r\n\r\n',
  'get / http/1.1\r\n\r\n',
  `GET  / HTTP/1.1\r\n${HEADERS}\r\n`,
  `GET / HTTP/1.1 x\r\n${HEADERS}\r\n`,
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n',
  'GET /streams HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n',
  'GET /streams HTTP/1.0\r\n\r\n',
  `PROPFIND / HTTP/1.1\r\n${HEADERS}\r\n`,
  `FOO / HTTP/1.1\r\n${HEADERS}\r\n`,
  `TRACE / HTTP/1.1\r\n${HEADERS}\r\n`,
  `CONNECT evil.example:443 HTTP/1.1\r\n${HEADERS}\r\n`,
  `GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
  `OPTIONS * HTTP/1.1\r\n${HEADERS}\r\n`,
  get('/%'),
  get('/%ZZ'),
  get('/%C0%AF'),
  get('/%00'),
  get('/whip/%ff'),
  get('/streams/%2e%2e'),
  get('/streams/..'),
  get('/streams/../../etc/passwd'),
  get('/../../../etc/passwd'),
  get('/..%2f..%2fetc%2fpasswd'),
  get('/\\..\\x'),
  get('//evil.example/x'),
  get('/?'.padEnd(9_000, 'a')),
  get(`/${'a'.repeat(20_000)}`),
  get(`/streams/${'a'.repeat(500)}`),
  get('/streams/a b'),
  get('/streams/\u00e4'),
  get('/streams/%0d%0aSet-Cookie:%20a=b'),
  get('/metrics/x'),
  get('/constructor'),
  get('/__proto__'),
  get('/streams', 'X: a\nb: c\r\n'),
  get('/streams', 'X y: a\r\n'),
  get('/streams', ': a\r\n'),
  get('/streams', 'X\0: a\r\n'),
  get('/streams', 'X: \0\r\n'),
  get('/streams', `X: ${'a'.repeat(20_000)}\r\n`),
  get('/streams', 'X: a\r\n'.repeat(9_000)),
  get('/streams', 'Origin: null\r\n'),
  get('/streams', 'Origin: \u00e4\r\n'),
  get('/streams', 'Origin: http://evil.example\r\n'),
  get('/demo.mp4', 'Range: bytes=9-1\r\n'),
  get('/demo.mp4', `Range: bytes=99999999999999999999-\r\n`),
  get('/streams', 'Transfer-Encoding: chunked\r\n').replace(/\r\n$/, '\r\nzz\r\n'),
  post('/whip/s', 'Content-Length: 5\r\n'),
  post('/whip/s', 'Transfer-Encoding: chunked\r\n'),
  post('/whip/s', 'Content-Length: -1\r\n'),
  post('/whip/s', 'Content-Length: 1e3\r\n'),
  post('/whip/s', 'Content-Length: 99999999999999999999\r\n'),
  post('/whip/s', 'Content-Encoding: gzip\r\n', '\x1f\x8b'),
  post('/whip/s', 'Expect: 200-ok\r\n'),
  post('/whip/s', 'Accept: text/html\r\n'),
  post('/whip/s', 'Accept: ;;;\r\n'),
  post('/whip/s', 'Accept: */*;q=0\r\n'),
  post('/whip/s', '', ''),
  post('/whip/s', '', 'v=1\r\n'),
  post('/whip/s', '', '\0'.repeat(100)),
  post('/whip/s', '', ' v=0\r\n'),
  post('/whip/s', '', '\ufeffv=0\r\n'),
  post('/whip/s', '', 'v=0'),
  post('/whip/', ''),
  post('/whip/..'),
  post('/whip/.'),
  post('/whip/%2e'),
  post('/whip/a%2fb'),
  post('/whip/a/../b/c'),
  post('/whip/s?seed=x'),
  post('/whip/s?seed=1&seed=2'),
  post('/whip/s?__proto__[x]=1'),
  post('/whip/s?seed[]=1'),
  post('/whip/s?%'),
  post('/whip/s?bundle=../../x'),
  post('/whep/s?bundle=x'),
  post('/duplex/s?constructor=1'),
  post('/sessions/s/x'),
  post('/streams'),
  post('/bundles'),
  post('/metrics'),
  post('/healthz'),
  post('/'),
  `POST /whip/s HTTP/1.1\r\n${HEADERS}Content-Length: 4\r\n\r\nv=0\n`,
  `POST /whip/s HTTP/1.1\r\n${SDP_HEADERS}Transfer-Encoding: chunked\r\n\r\nzz\r\nv=0\r\n0\r\n\r\n`,
  `POST /whip/s HTTP/1.1\r\n${SDP_HEADERS}Transfer-Encoding: gzip\r\n\r\nv=0\r\n`,
  `POST /whip/s HTTP/1.1\r\n${SDP_HEADERS}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
  `POST /whip/s HTTP/1.1\r\n${SDP_HEADERS}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
  `POST /whip/s HTTP/1.1\r\n${SDP_HEADERS}Transfer-Encoding: chunked\r\n\r\n${`8000\r\n${'a'.repeat(0x8000)}\r\n`.repeat(3)}0\r\n\r\n`,
  `POST /whip/s HTTP/1.1\r\n${SDP_HEADERS}Content-Length: 70000\r\n\r\n${'a'.repeat(70_000)}`,
  `DELETE /sessions/s/x HTTP/1.1\r\n${HEADERS}\r\n`,
  `DELETE /sessions/s/%00 HTTP/1.1\r\n${HEADERS}\r\n`,
  `DELETE /streams/s HTTP/1.1\r\n${HEADERS}\r\n`,
  `PATCH /streams/s HTTP/1.1\r\n${HEADERS}Content-Type: application/json\r\nContent-Length: 1\r\n\r\n{`,
  `PATCH /streams/s HTTP/1.1\r\n${HEADERS}Content-Type: application/json\r\nContent-Length: 17\r\n\r\n{"__proto__": {}}`,
  `PATCH /streams/s HTTP/1.1\r\n${HEADERS}Content-Length: 2\r\n\r\n{}`,
  `PATCH /sessions/s/x HTTP/1.1\r\n${HEADERS}\r\n`,
];

describe('A malformed or hostile request', () => {
  it(`is refused with 4xx or a closed connection, each of ${MALFORMED.length}, and the server goes on`, async () => {
    expect(MALFORMED.length).toBeGreaterThanOrEqual(100);
    const served = await serve({}, { timeouts: QUICK });
    const port = await portOf(served);
    for (const request of MALFORMED) {
      const answer = await send(port, Buffer.from(request, 'latin1'));
      const status = statusOf(answer);
      const isRefused = status === 0 || (status >= 400 && status < 500) || /^OPTIONS \*/.test(request);
      const isPage = status < 300 && /^(GET|get) +(\/\?|\/ |http)/.test(request);
      expect(
        isRefused || isPage,
        `${JSON.stringify(request.slice(0, 120))} got ${answer.slice(0, 300)}`,
      ).toBe(true);
      expect(answer).not.toMatch(/set-cookie|root:|node_modules|at .*\.[jt]s:/i);
    }
    expect(served.host.offers).toEqual([]);
    expect((await ask(served, { method: 'GET', url: '/healthz' })).statusCode).toBe(200);
  });

  it('never gives 5xx, whatever its method, address, headers and body', async () => {
    const served = await serve();
    served.host.add('s');
    const part = fc.oneof(
      fc.constantFrom(
        'whip',
        'whep',
        'duplex',
        'streams',
        'sessions',
        'bundles',
        'metrics',
        'healthz',
        's',
        'session-1',
        '..',
      ),
      fc.string({ unit: 'binary', maxLength: 80 }).map(encodeURIComponentSafely),
    );
    const value = fc.oneof(
      fc.constantFrom(
        'application/sdp',
        'application/json',
        '*',
        '"x"',
        'bytes=0-',
        'Bearer x',
        'null',
        'text/html;q=0',
      ),
      fc.stringMatching(/^[ -~]{0,40}$/),
    );
    const header = fc.constantFrom(
      'content-type',
      'accept',
      'if-match',
      'origin',
      'range',
      'authorization',
      'host',
      'x-y',
    );
    const request = fc.record({
      method: fc.constantFrom('GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS'),
      path: fc.array(part, { maxLength: 4 }),
      query: fc.oneof(
        fc.constant(''),
        fc.constantFrom('?seed=1', '?steps=x', '?mix=under&mix=under'),
        part.map((text) => `?${text}`),
      ),
      headers: fc.dictionary(header, value, { maxKeys: 5 }),
      payload: fc.oneof(
        fc.constantFrom('', OFFER, '{}', '{"seed":1}', 'null'),
        fc.string({ maxLength: 200 }),
        fc.json(),
      ),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, query, headers, payload }) => {
        const answer = await served.server.app.inject({
          method: method as 'GET',
          url: { pathname: `/${path.join('/')}`, query: query.slice(1) } as never,
          headers: { host: 'localhost', ...headers },
          ...(method === 'GET' || method === 'HEAD' ? {} : { payload }),
        });
        expect(answer.statusCode, answer.body).toBeLessThan(500);
        if (
          answer.statusCode < 400 ||
          method === 'HEAD' ||
          String(answer.headers['content-type']).includes('html')
        )
          return;
        expect(answer.json()).toMatchObject({ status: answer.statusCode, detail: expect.any(String) });
      }),
      { numRuns: 1_500 },
    );
  });
});

describe('A slow client', () => {
  it.each([
    ['sends no headers', ''],
    ['sends half of its headers', 'POST /whip/s HTTP/1.1\r\nHost: localhost\r\nX: '],
    ['sends half of its body', `POST /whip/s HTTP/1.1\r\n${SDP_HEADERS}Content-Length: 100\r\n\r\nv=0\r\n`],
  ])('that %s is cut off', async (_, bytes) => {
    const served = await serve({}, { timeouts: QUICK });
    const socket = connect(await portOf(served), '127.0.0.1');
    socket.on('error', () => undefined); // As above.
    socket.resume();
    // A byte now and then, as slowloris does, keeps no connection.
    socket.write(bytes);
    const drip = setInterval(() => socket.writable && socket.write('x'), 90);
    const startMs = performance.now();
    await once(socket, 'close');
    clearInterval(drip);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect(served.host.offers).toEqual([]);
  });

  it('that leaves before its answer leaves no session behind', async () => {
    const served = await serve();
    const port = await portOf(served);
    let goOn = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      const agree = served.host.agree.bind(served.host);
      served.host.agree = async (sent) => {
        resolve();
        await new Promise<void>((release) => (goOn = release));
        return agree(sent);
      };
    });
    const socket = connect(port, '127.0.0.1');
    socket.write(post('/whip/s'));
    await asked;
    socket.destroy();
    await once(socket, 'close');
    await new Promise((resolve) => setTimeout(resolve, 50));
    goOn();
    await expect.poll(() => served.host.ended).toEqual(['session-1']);
  });

  it('may be many: a hundred that hang do not keep another waiting', async () => {
    const served = await serve({}, { timeouts: QUICK });
    const port = await portOf(served);
    const slow = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    for (const socket of slow) socket.write('GET / HTTP/1.1\r\n');
    expect((await offer(served, '/whip/s')).statusCode).toBe(201);
    expect(statusOf(await send(port, get('/healthz')))).toBe(200);
    for (const socket of slow) socket.destroy();
  });
});

function encodeURIComponentSafely(text: string): string {
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/g, '?'));
}
