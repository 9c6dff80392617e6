import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mutatedOffers } from '../rtc/offer-mutations.js';
import { CHROMIUM_OFFER } from '../rtc/offers.js';
import { RemotePeer, until } from '../rtc/remote-peer.js';
import { Served } from './served.js';

let served: Served;

beforeAll(async () => {
  served = await Served.start('--first-picture-seconds', '5', '--max-sessions', '3');
});

afterAll(() => served[Symbol.asyncDispose]());

const PATHS = ['/whip/x', '/whep/x', '/duplex/x', '/duplex/y?seed=4', '/whip/z?bundle=../../etc'];

describe('livefoley serve and hostile clients', () => {
  test('a hundred spoilt offers: each is answered, none ends or hangs it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...PATHS), mutatedOffers, async (path, sdp) => {
        const { status, headers } = await served.ask('POST', path, sdp);
        expect([201, 400, 404, 409, 422, 503]).toContain(status);
        // What was taken is given back, so that places do not run out.
        if (status === 201) await served.ask('DELETE', headers.get('location')!);
      }),
      { numRuns: 100 },
    );
    expect(served.child.exitCode).toBeNull();
  });

  test('what is no offer at all is refused with 4xx', async () => {
    const binary = Uint8Array.from({ length: 2_000 }, (_, i) => (i * 167) & 255);
    const bodies: [string | Uint8Array, string][] = [
      ['', 'application/sdp'],
      ['v=0', 'application/sdp'],
      ['v=0\r\n', 'application/sdp'],
      [binary, 'application/sdp'],
      [CHROMIUM_OFFER.slice(0, 300), 'application/sdp'],
      [CHROMIUM_OFFER.slice(0, -200), 'application/json'],
      [CHROMIUM_OFFER, 'text/plain'],
      [CHROMIUM_OFFER + 'a=x:y\r\n'.repeat(20_000), 'application/sdp'],
      [CHROMIUM_OFFER + 'a=candidate:'.padEnd(60_000, '1 '), 'application/sdp'],
      [CHROMIUM_OFFER.replaceAll('m=', 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\nm='), 'application/sdp'],
      ['v=0\r\n' + 'm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n'.repeat(1_500), 'application/sdp'],
      [JSON.stringify({ type: 'offer', sdp: CHROMIUM_OFFER }), 'application/sdp'],
    ];
    for (const path of ['/whip/h', '/duplex/h', '/whep/h']) {
      for (const [body, type] of bodies) {
        const { status } = await served.ask('POST', path, body, type);
        expect(status, `${path} ${type} ${String(body).slice(0, 40)}`).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(500);
      }
    }
  });

  test('offers of peers that never come are forgotten, and a real one is served after all', async () => {
    // Each of them takes a place until its time is over.
    for (const name of ['p', 'q', 'r']) await served.ask('POST', `/whip/${name}`, CHROMIUM_OFFER);
    using remote = new RemotePeer({ sendsVideo: true, hearsAudio: true });
    const sdp = await remote.offer();
    const endMs = performance.now() + 40_000;
    let answer = await served.ask('POST', '/duplex/real', sdp);
    while (answer.status === 503 && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      answer = await served.ask('POST', '/duplex/real', sdp);
    }
    expect(answer.status).toBe(201);
    await remote.connection.setRemoteDescription({ type: 'answer', sdp: answer.text });
    const flashing = setInterval(() => {
      remote.colour = remote.colour[0] === 0 ? [255, 255, 255] : [0, 0, 0];
    }, 150);
    await served.streamIs('real', ({ level }) => level.rmsDb > -50, 'sound');
    await until(
      () => remote.heard.some(({ samples }) => samples.some((sample) => Math.abs(sample) > 300)),
      'sound at the other end',
    );
    clearInterval(flashing);
    expect((await served.ask('DELETE', answer.headers.get('location')!)).status).toBe(200);
    expect(served.said).not.toMatch(/unhandled|defect|TypeError|"level":50/i);
  });

  test('SIGTERM with a live stream: fades out, closes all and exits with 0 in time', async () => {
    await using ending = await Served.start();
    using remote = new RemotePeer({ sendsVideo: true, hearsAudio: true });
    const answer = await ending.ask('POST', '/duplex/a', await remote.offer());
    await remote.connection.setRemoteDescription({ type: 'answer', sdp: answer.text });
    await ending.streamIs('a', ({ state }) => state === 'live', 'pictures');
    const startMs = performance.now();
    ending.child.kill('SIGTERM');
    expect(await ending.ended).toEqual({ code: 0, signal: null });
    // It gives itself 5 s, then goes anyway.
    expect(performance.now() - startMs).toBeLessThan(15_000);
    expect(ending.said).toContain('Fading out');
  });
});
