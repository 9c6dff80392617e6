import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../rtc/remote-peer.js';
import {
  addListenerTrack,
  addSenderTracks,
  createPeer,
  offerOf,
  OPUS_PAYLOAD_TYPE,
  RtpSender,
  rtpHeaderOf,
  type RtpHeader,
} from './data-channel-peer.js';
import { Served } from './served.js';

let served: Served;

beforeAll(async () => {
  served = await Served.start();
});

afterAll(() => served[Symbol.asyncDispose]());

describe('node-datachannel, the library inside OBS, and livefoley serve', () => {
  test('an offer of H.264 alone is refused as a whole, and told what is taken', async () => {
    const peer = createPeer();
    addSenderTracks(peer, 'H264');
    const { status, text } = await served.ask('POST', '/whip/obs', await offerOf(peer));
    peer.close();
    expect(status).toBe(422);
    for (const codec of ['VP8', 'VP9', 'AV1']) expect(text).toContain(codec);
    expect(await served.report('obs')).toBeUndefined();
  });

  test('WHIP without candidates, then WHEP: Opus comes steadily, also while a twentieth of the picture is lost', async () => {
    const sender = createPeer();
    const track = addSenderTracks(sender, 'VP8');
    const offer = await offerOf(sender);
    expect(offer).not.toContain('a=candidate');
    const answer = await served.ask('POST', '/whip/obs', offer);
    expect(answer.status).toBe(201);
    const location = answer.headers.get('location')!;
    expect(location).toMatch(/^\/sessions\/obs\/[\w-]+$/);
    sender.setRemoteDescription(answer.text, 'answer');
    using rtp = await RtpSender.start(track);
    await served.streamIs(
      'obs',
      ({ state, picture }) => state === 'live' && picture.width === 320,
      'pictures',
    );

    const listener = createPeer();
    const packets: RtpHeader[] = [];
    // Kept, or it is collected, and hears nothing more.
    const sound = addListenerTrack(listener);
    sound.onMessage((packet) => {
      const header = rtpHeaderOf(packet);
      if (header.payloadType === OPUS_PAYLOAD_TYPE) packets.push(header);
    });
    const heard = await served.ask('POST', '/whep/obs', await offerOf(listener));
    expect(heard.status).toBe(201);
    listener.setRemoteDescription(heard.text, 'answer');
    await until(() => packets.length > 200, `packets of sound, with the connection ${listener.state()}`);
    await served.streamIs('obs', ({ level }) => level.rmsDb > -50, 'sound');

    const before = (await served.report('obs'))!;
    rtp.lossShare = 0.05;
    await until(() => rtp.dropped >= 20, 'lost packets');
    // Nothing is sent again on this way, so the picture stands still now and then; the sound does not end with it.
    const during = await served.streamIs(
      'obs',
      ({ state, level, durationSeconds }) =>
        state === 'live' && level.rmsDb > -50 && durationSeconds > before.durationSeconds + 10,
      'sound despite of the loss',
    );
    expect(during.delayMs.jitterBuffer).toBeGreaterThan(0);
    expect(during.delayMs.total).toBe(before.delayMs.total);
    const advances = new Set<number>();
    packets.slice(1).forEach(({ sequence, timestamp }, i) => {
      const last = packets[i]!;
      expect((sequence - last.sequence) & 0xffff).toBe(1);
      advances.add((timestamp - last.timestamp) >>> 0);
    });
    // 10 or 20 ms of sound at 48 kHz, the same throughout.
    expect([[480], [960]]).toContainEqual([...advances]);
    expect((await served.ask('DELETE', heard.headers.get('location')!)).status).toBe(200);
    expect((await served.ask('DELETE', location)).status).toBe(200);
    expect((await served.ask('DELETE', location)).status).toBe(404);
    expect(await served.report('obs')).toBeUndefined();
    sound.close();
    listener.close();
    sender.close();
  });
});
