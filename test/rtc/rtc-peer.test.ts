import { afterEach, describe, expect, test } from 'vitest';
import { Refusal } from '../../src/rtc/refusal.js';
import { RtcPeer, type PeerState } from '../../src/rtc/rtc-peer.js';
import { RtcPictureSink } from '../../src/rtc/rtc-picture-sink.js';
import { createRtcSource } from '../../src/rtc/rtc-source.js';
import { RtcSoundSink, SINK_FRAMES } from '../../src/rtc/rtc-sound-sink.js';
import { systemClock } from '../../src/stream/clock.js';
import { turn, VirtualClock } from '../stream/virtual-clock.js';
import { AIORTC_OFFER, CHROMIUM_OFFER, OBS_OFFER, withLine } from './offers.js';
import { plainI420 } from './pictures.js';
import { loudnessOf, RemotePeer, until } from './remote-peer.js';

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Plays a tone that is louder on the left, and shows a picture. */
function broadcast(): { sound: RtcSoundSink; picture: RtcPictureSink } {
  const sound = new RtcSoundSink();
  const picture = new RtcPictureSink();
  const startMs = systemClock.nowMs();
  const left = new Float32Array(SINK_FRAMES);
  const right = new Float32Array(SINK_FRAMES);
  const timer = setInterval(() => {
    while (startMs + sound.pushes * 10 <= systemClock.nowMs()) {
      for (let i = 0; i < SINK_FRAMES; i += 1) {
        left[i] = 0.5 * Math.sin((2 * Math.PI * 500 * (sound.pushes * SINK_FRAMES + i)) / 48_000);
        right[i] = left[i]! / 5;
      }
      sound.push([left, right]);
    }
    picture.push(plainI420(160, 90, [0, 200, 0]), 160, 90);
  }, 20);
  ends.push(() => {
    clearInterval(timer);
    sound.close();
    picture.close();
  });
  return { sound, picture };
}

function remote(options: ConstructorParameters<typeof RemotePeer>[0]): RemotePeer {
  const peer = new RemotePeer(options);
  ends.push(() => peer.close());
  return peer;
}

describe('RtcPeer.answer()', () => {
  test.each([
    ['stereo where it is asked for', true],
    ['mono where it is not', false],
  ])('lets a listener hear and see what is pushed: %s', async (_, stereo) => {
    const { sound, picture } = broadcast();
    const listener = remote({ hearsAudio: true, seesVideo: true, stereo });
    const peer = await listener.connect({ role: 'listen', sound, picture: picture.track });
    ends.push(() => peer.close());
    expect(peer.videoTrack).toBeUndefined();
    const ids = [...peer.answerSdp.matchAll(/a=msid:(\S+) /g)].map(([, id]) => id);
    expect(ids).toEqual([sound.stream.id, sound.stream.id]);
    await until(() => (loudnessOf(listener.heard.at(-1), 0) ?? 0) > (stereo ? 0.25 : 0.12), 'the tone');
    await until(() => listener.seen > 5, 'the picture');
    // Concealment after a stall of this machine is quiet: one clear block says it.
    await until(() => {
      const [left, right] = [0, 1].map((c) => loudnessOf(listener.heard.at(-1), c)!) as [number, number];
      return stereo ? left > 0.2 && right < left / 3 : left > 0.1 && Math.abs(left - right) < 0.01;
    }, 'both channels');
  });

  test('takes pictures up and sound down in one connection', async () => {
    const { sound } = broadcast();
    const browser = remote({ sendsVideo: true, hearsAudio: true });
    const states: PeerState[] = [];
    const peer = await browser.connect({ role: 'duplex', sound, onState: (state) => states.push(state) });
    ends.push(() => peer.close());
    expect(peer.answerSdp).toMatch(/m=video [^]*a=recvonly[^]*m=audio [^]*a=sendonly/);
    expect(peer.answerSdp).toMatch(/a=fmtp:96 x-google-start-bitrate=3000/);
    expect(peer.answerSdp).not.toMatch(/ tcp /i);
    const source = createRtcSource({
      videoTrack: peer.videoTrack!,
      clock: systemClock,
      size: { width: 8, height: 8 },
      jitterBufferMs: () => 0,
    });
    await until(() => source.counts.frames > 5 && browser.heard.length > 20, 'both ways');
    const stats = await peer.stats();
    expect(stats.framesDecoded).toBeGreaterThan(0);
    expect(stats.jitterBufferMs).toBeGreaterThanOrEqual(0);
    await source.close();
    peer.close();
    peer.close();
    expect(states.at(-1)).toBe('closed');
    expect(states.filter((state) => state === 'closed')).toHaveLength(1);
    expect((await peer.stats()).framesDecoded).toBe(stats.framesDecoded);
  });

  test.each([
    ['Chromium', 'duplex', CHROMIUM_OFFER],
    [
      'OBS with another codec',
      'publish',
      withLine(OBS_OFFER, 'a=rtpmap:96 H264/90000', 'a=rtpmap:96 VP8/90000'),
    ],
    ['aiortc', 'duplex', AIORTC_OFFER],
  ] as const)('answers an offer like that of %s with one msid and all of its media', async (_, role, sdp) => {
    const { sound } = broadcast();
    const peer = await RtcPeer.answer({ role, sdp, clock: systemClock, allowLoopback: true, sound });
    ends.push(() => peer.close());
    const ids = new Set([...peer.answerSdp.matchAll(/a=msid:(\S+) /g)].map(([, id]) => id));
    expect([...ids]).toEqual(role === 'duplex' ? [sound.stream.id] : []);
    expect(peer.answerSdp).toMatch(/a=candidate:/);
    expect(peer.answerSdp).not.toMatch(/m=\w+ 0 /);
    expect(peer.videoTrack?.kind).toBe('video');
  });

  test('closes when the other side goes', async () => {
    const sender = remote({ sendsVideo: true });
    const peer = await sender.connect({ role: 'publish' });
    sender.close();
    await until(() => peer.state === 'closed' || peer.state === 'disconnected', 'the end');
    peer.close();
  });

  test('gives up on who does not connect for half a minute', async () => {
    const clock = new VirtualClock();
    const states: PeerState[] = [];
    const answer = RtcPeer.answer({
      role: 'duplex',
      sdp: CHROMIUM_OFFER,
      clock,
      allowLoopback: true,
      onState: (state) => states.push(state),
    });
    const peer = await answer;
    await clock.advanceTo(29_000);
    expect(states).not.toContain('closed');
    await clock.advanceTo(31_000);
    await turn();
    expect(states.slice(-2)).toEqual(['failed', 'closed']);
    expect(peer.state).toBe('closed');
  });

  test('refuses what it cannot decode, and ends when it is told to', async () => {
    const options = { role: 'publish', clock: systemClock, allowLoopback: true } as const;
    await expect(RtcPeer.answer({ ...options, sdp: OBS_OFFER })).rejects.toThrow(Refusal);
    const stop = new AbortController();
    const sender = remote({ sendsVideo: true });
    const peer = await sender.connect({ role: 'publish', signal: stop.signal });
    stop.abort();
    expect(peer.state).toBe('closed');
    await expect(
      RtcPeer.answer({ ...options, sdp: await remote({ sendsVideo: true }).offer(), signal: stop.signal }),
    ).rejects.toThrow('aborted');
  });

  test('names the loopback only where that is allowed', async () => {
    const sdp = await remote({ sendsVideo: true }).offer();
    const options = { role: 'publish', sdp, clock: systemClock } as const;
    const answer = await RtcPeer.answer({ ...options, allowLoopback: true });
    expect(answer.answerSdp).toMatch(/a=candidate:.* 127\.0\.0\.1 /);
    answer.close();
    const outside = await RtcPeer.answer({ ...options, allowLoopback: false }).catch((error: Error) => error);
    if (outside instanceof RtcPeer)
      expect(outside.answerSdp).not.toMatch(/a=candidate:.* (127\.0\.0\.1|::1) /);
    else expect(outside).toMatchObject({ status: 503 });
    if (outside instanceof RtcPeer) outside.close();
  });

  test('leaves nothing behind after twenty connections', async () => {
    const { sound } = broadcast();
    const handles = (): number => process.getActiveResourcesInfo().length;
    let before = 0;
    for (let i = 0; i < 20; i += 1) {
      const browser = remote({ sendsVideo: true, hearsAudio: true });
      const peer = await browser.connect({ role: 'duplex', sound });
      const source = createRtcSource({
        videoTrack: peer.videoTrack!,
        clock: systemClock,
        size: { width: 8, height: 8 },
        jitterBufferMs: () => 0,
      });
      await until(() => source.counts.frames > 0, 'a frame');
      await source.close();
      peer.close();
      browser.close();
      if (i === 4) before = handles();
    }
    await until(() => handles() <= before + 2, 'all to be freed');
  });
});

describe('RtcSoundSink.push()', () => {
  test('takes 480 frames of one or two channels', () => {
    const sink = new RtcSoundSink();
    const block = new Float32Array(480).fill(2);
    sink.push([block]);
    sink.push([block, block]);
    expect(sink.pushes).toBe(2);
    for (const wrong of [[], [new Float32Array(479)], [block, new Float32Array(1)], [block, block, block]]) {
      expect(() => sink.push(wrong)).toThrow(RangeError);
    }
    sink.close();
    sink.push([block]);
    expect(sink.pushes).toBe(2);
  });
});

describe('RtcPictureSink.push()', () => {
  test('takes exactly the bytes of the picture', () => {
    const sink = new RtcPictureSink();
    sink.push(plainI420(7, 5, [1, 2, 3]), 7, 5);
    expect(sink.pushes).toBe(1);
    expect(() => sink.push(new Uint8Array(10), 7, 5)).toThrow(RangeError);
    sink.close();
  });
});
