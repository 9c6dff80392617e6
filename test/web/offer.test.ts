import { expect, test } from 'vitest';
import { preferStereo, shrinkBy, startAtBitrate } from '../../web/src/offer.js';

const OFFER = [
  'v=0',
  'a=group:BUNDLE 0 1',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:63 red/48000/2',
  'a=fmtp:63 111/111',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97 98',
  'a=rtpmap:96 VP8/90000',
  'a=rtpmap:97 rtx/90000',
  'a=fmtp:97 apt=96',
  'a=rtpmap:98 VP9/90000',
  'a=fmtp:98 profile-id=0',
  '',
].join('\r\n');

test('preferStereo() asks for stereo Opus in packets of 10 ms, and leaves red and video alone', () => {
  const sdp = preferStereo(OFFER);
  expect(sdp).toContain(
    'a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1;maxaveragebitrate=128000;usedtx=0\r\n',
  );
  expect(sdp).toContain('a=fmtp:63 111/111\r\na=ptime:10\r\nm=video');
  expect(sdp.slice(sdp.indexOf('m=video'))).toBe(OFFER.slice(OFFER.indexOf('m=video')));
});

test('preferStereo() and startAtBitrate() change nothing the second time, and nothing they do not know', () => {
  const twice = (change: (sdp: string) => string, sdp: string) => [change(sdp), change(change(sdp))];
  const [stereo, stereoAgain] = twice(preferStereo, OFFER);
  expect(stereoAgain).toBe(stereo);
  const [started, startedAgain] = twice((sdp) => startAtBitrate(sdp, 1200), OFFER);
  expect(startedAgain).toBe(started);
  for (const sdp of ['', 'v=0\r\n', 'nonsense']) {
    expect(preferStereo(sdp)).toBe(sdp);
    expect(startAtBitrate(sdp, 1200)).toBe(sdp);
  }
});

test('startAtBitrate() adds the line to a codec that has none, extends one that is there, and spares rtx', () => {
  const sdp = startAtBitrate(OFFER, 1200);
  expect(sdp).toContain('a=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=1200\r\n');
  expect(sdp).toContain('a=fmtp:98 profile-id=0;x-google-start-bitrate=1200\r\n');
  expect(sdp).toContain('a=fmtp:97 apt=96\r\n');
});

test('shrinkBy() brings any picture within 640 by 360, upright ones too, and enlarges none', () => {
  const most = { width: 640, height: 360 };
  expect(shrinkBy({ width: 1920, height: 1080 }, most)).toBe(3);
  expect(shrinkBy({ width: 1080, height: 1920 }, most)).toBe(3);
  expect(shrinkBy({ width: 1024, height: 768 }, most)).toBeCloseTo(2.133, 3);
  expect(shrinkBy({ width: 320, height: 180 }, most)).toBe(1);
  expect(shrinkBy({ width: 0, height: 0 }, most)).toBe(1);
});
