import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mungeOffer } from '../../src/rtc/munge-offer.js';
import { readOffer, type OfferRole } from '../../src/rtc/read-offer.js';
import { Refusal } from '../../src/rtc/refusal.js';
import { mutatedOffers } from './offer-mutations.js';
import { AIORTC_OFFER, CHROMIUM_OFFER, OBS_OFFER, withLine } from './offers.js';

const ROLES: readonly OfferRole[] = ['duplex', 'publish', 'listen'];
const PWD = 'a=ice-pwd:kfsurRp49BrQnRe7nAR1P8ks';

function refusalOf(sdp: string, role: OfferRole = 'duplex'): Refusal {
  try {
    readOffer(sdp, role);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('The offer was taken');
}

describe('readOffer()', () => {
  test('says what a browser offers', () => {
    expect(readOffer(CHROMIUM_OFFER, 'duplex')).toMatchObject({
      sendsVideo: true,
      sendsAudio: false,
      wantsVideo: false,
      wantsAudio: true,
      wantsStereo: true,
      candidateCount: 3,
    });
  });

  test('takes an offer without candidates, and one with a transport for each section', () => {
    const obs = withLine(OBS_OFFER, 'a=rtpmap:96 H264/90000', 'a=rtpmap:96 VP8/90000');
    expect(readOffer(obs, 'publish')).toMatchObject({
      candidateCount: 0,
      sendsAudio: true,
      sendsStereo: true,
    });
    for (const role of ROLES) expect(readOffer(AIORTC_OFFER, role)).toMatchObject({ wantsStereo: false });
  });

  test('refuses the whole of an offer whose pictures cannot be decoded, and names what can', () => {
    const refusal = refusalOf(OBS_OFFER, 'publish');
    expect(refusal.status).toBe(422);
    expect(refusal.message).toMatch(/VP8, VP9, AV1.*H264/);
  });

  test.each<[string, 400 | 422, string, OfferRole?]>([
    ['nothing', 400, ''],
    ['no description', 400, 'hello'],
    ['JSON', 400, '{"sdp":"v=0"}'],
    ['too many bytes', 400, CHROMIUM_OFFER + 'a=x:y\r\n'.repeat(10_000)],
    ['too many lines', 400, CHROMIUM_OFFER + 'a=x\r\n'.repeat(1_500)],
    ['a line too long', 400, `${CHROMIUM_OFFER}a=${'x'.repeat(2_000)}\r\n`],
    ['a control character', 400, `${CHROMIUM_OFFER}a=x\0y\r\n`],
    ['a lone CR', 400, `${CHROMIUM_OFFER}a=x\ry\r\n`],
    [
      'too many candidates',
      400,
      CHROMIUM_OFFER + 'a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n'.repeat(65),
    ],
    ['too many extensions', 400, CHROMIUM_OFFER + 'a=extmap:1 urn:x\r\n'.repeat(65)],
    ['no password', 400, withLine(CHROMIUM_OFFER, PWD, [])],
    ['a short password', 400, withLine(CHROMIUM_OFFER, PWD, 'a=ice-pwd:short')],
    ['no mid', 400, withLine(CHROMIUM_OFFER, 'a=mid:1', [])],
    ['one mid twice', 400, withLine(CHROMIUM_OFFER, 'a=mid:1', 'a=mid:0')],
    ['a codec that the m= line does not name', 400, `${CHROMIUM_OFFER}a=rtpmap:99 VP9/90000\r\n`],
    ['a payload type too high', 400, CHROMIUM_OFFER.replace('SAVPF 111', 'SAVPF 211')],
    ['setup passive', 422, withLine(CHROMIUM_OFFER, 'a=setup:actpass', 'a=setup:passive')],
    ['no rtcp-mux', 422, withLine(CHROMIUM_OFFER, 'a=rtcp-mux', [])],
    ['no bundle', 422, withLine(CHROMIUM_OFFER, 'a=group:BUNDLE 0 1', [])],
    ['a data channel', 422, `${CHROMIUM_OFFER}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n`],
    ['no encryption', 422, CHROMIUM_OFFER.replaceAll('UDP/TLS/RTP/SAVPF', 'RTP/AVP')],
    ['no picture', 422, withLine(CHROMIUM_OFFER, 'a=sendonly', 'a=inactive')],
    ['nobody who listens', 422, withLine(CHROMIUM_OFFER, 'a=recvonly', 'a=inactive')],
    ['no Opus', 422, withLine(CHROMIUM_OFFER, 'a=rtpmap:111 opus/48000/2', 'a=rtpmap:111 L16/48000/2')],
    ['a number for Opus', 422, withLine(CHROMIUM_OFFER, 'a=rtpmap:111 opus/48000/2', 'a=rtpmap:111 48000/2')],
    ['a publisher as listener', 422, OBS_OFFER, 'listen'],
  ])('refuses %s with %i', (_, status, sdp, role) => {
    expect(refusalOf(sdp, role).status).toBe(status);
  });

  test('takes a number for the settings of Opus as a setting that it does not know', () => {
    const sdp = CHROMIUM_OFFER.replace(/a=fmtp:111 .*\r\n/, 'a=fmtp:111 0\r\n');
    expect(readOffer(sdp, 'duplex')).toMatchObject({ wantsStereo: false, sendsStereo: false });
  });

  test('throws refusals alone, whatever becomes of an offer', () => {
    fc.assert(
      fc.property(mutatedOffers, fc.constantFrom(...ROLES), (sdp, role) => {
        try {
          mungeOffer(readOffer(sdp, role));
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test('takes any text for what it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect([400, 422]).toContain(refusalOf(`v=0\r\n${text}`).status);
      }),
      { numRuns: 500 },
    );
  });
});

describe('mungeOffer()', () => {
  test('writes our sound settings in the name of the peer, and keeps its stereo', () => {
    const munged = mungeOffer(readOffer(CHROMIUM_OFFER, 'duplex'));
    expect(munged).toMatch(/a=fmtp:111 .*stereo=1;sprop-stereo=1.*maxaveragebitrate=128000;usedtx=0\r\n/);
    expect(munged).toContain('a=ptime:10\r\n');
    const mono = mungeOffer(readOffer(AIORTC_OFFER, 'duplex'));
    expect(mono).toMatch(/a=fmtp:96 .*maxaveragebitrate=128000/);
    expect(mono).not.toContain('stereo');
  });

  test('asks for no more than the peer allows', () => {
    const modest = CHROMIUM_OFFER.replace('stereo=1;', 'maxaveragebitrate=64000;stereo=1;');
    expect(mungeOffer(readOffer(modest, 'duplex'))).toContain('maxaveragebitrate=64000');
  });

  test('leaves out what is unknown, names to be looked up and TCP', () => {
    const munged = mungeOffer(
      readOffer(`${CHROMIUM_OFFER}a=simulcast:send h;m\r\na=x-hostile:1\r\n`, 'duplex'),
    );
    expect(munged.match(/a=candidate:/g)).toHaveLength(1);
    expect(munged).not.toMatch(/\.local|simulcast|x-hostile/);
  });
});
