import { describe, expect, test } from 'vitest';
import { DIST, runScript } from '../rtc/run-script.js';
import { RemotePeer, until, type RemoteOptions } from '../rtc/remote-peer.js';
import {
  afterTest,
  CountedClock,
  falls,
  join,
  laneChildren,
  pause,
  reportOf,
  resources,
  sounds,
  startHost,
} from './live-host-fixture.js';

describe('LiveHost with real peers', () => {
  test('duplex: a sender hears its sound; two streams and their settings have nothing to do with each other', async () => {
    const host = await startHost();
    const [loud, still] = await Promise.all([
      join(host, { stream: 'loud', role: 'duplex' }),
      join(host, { stream: 'still', role: 'duplex', settings: { seed: 5 } }),
    ]);
    loud.flash();
    await sounds(loud);
    await until(() => reportOf(host, 'still').state === 'live' && still.blocksHeard > 100, 'both live');
    await falls(still);
    expect(loud.loudness).toBeGreaterThan(0.003);
    still.flash();
    await sounds(still);
    await host.change('loud', { gainDb: -60 });
    await until(() => loud.loudness < 0.001, 'the loud one has become quiet');
    await sounds(still);
    expect(reportOf(host, 'still').settings).toMatchObject({ seed: 5, gainDb: 0 });
    expect(reportOf(host, 'loud').settings).toMatchObject({ seed: 0, gainDb: -60 });
    const { delayMs } = reportOf(host, 'loud');
    const { jitterBuffer, hop, queue, compute, buffer, total } = delayMs;
    expect(jitterBuffer + hop + queue + compute + buffer).toBeCloseTo(total, 6);
  });

  test('a prompt may be free text, on joining and on the way; what nobody understands is refused and changes nothing', async () => {
    const host = await startHost();
    const settings = { prompt: 'a heavy downpour' };
    await join(host, { stream: 'a', role: 'publish', settings });
    expect(reportOf(host, 'a').settings.prompt).toBe('a heavy downpour');
    expect((await host.change('a', { prompt: 'timber' })).settings.prompt).toBe('timber');
    await expect(host.change('a', { prompt: 'qzxvv wqptt' })).rejects.toMatchObject({ status: 422 });
    expect(reportOf(host, 'a').settings.prompt).toBe('timber');
  });

  test('a listener joins and leaves 50 times: handles, threads and memory are given back', async () => {
    const host = await startHost();
    const sender = (await join(host, { stream: 'a', role: 'publish' })).flash();
    const visit = async (): Promise<void> => {
      const listener = await join(host, { stream: 'a', role: 'listen' });
      await until(() => listener.remote.connection.connectionState === 'connected', 'the connection');
      if (host.metrics().peers % 2 === 0) expect(await host.end('a', listener.agreed.sessionId)).toBe(true);
      listener.vanish();
    };
    for (let i = 0; i < 5; i += 1) await visit();
    await until(() => host.metrics().peers === 1, 'the first listeners have gone');
    await pause(500);
    const before = resources();
    for (let i = 0; i < 50; i += 1) await visit();
    await until(() => host.metrics().peers === 1 && reportOf(host, 'a').listeners === 0, 'all have gone');
    await until(() => resources().handles <= before.handles + 4, 'handles are given back');
    await until(() => resources().threads <= before.threads + 2, 'threads are given back');
    expect(resources().residentMib - before.residentMib).toBeLessThan(60);
    expect(reportOf(host, 'a').state).toBe('live');
    sender.vanish();
  });

  test('a lane that is killed while a spare waits: the session goes on after a short gap', async () => {
    const host = await startHost({ lanes: 1 });
    const sender = (await join(host, { stream: 'a', role: 'duplex' })).flash();
    await sounds(sender);
    await until(() => laneChildren().length === 2, 'the spare lane');
    // A process has been started; it has loaded its bundle a little later.
    await pause(4_000);
    const before = reportOf(host, 'a');
    const [pid] = await host.lanePids();
    process.kill(pid!, 'SIGKILL');
    await until(() => reportOf(host, 'a').laneRestarts === 1, 'the spare takes over');
    const hops = reportOf(host, 'a').recentHops.at(-1)?.atMs ?? 0;
    await until(() => (reportOf(host, 'a').recentHops.at(-1)?.atMs ?? 0) > hops + 1_500, 'more hops');
    const after = reportOf(host, 'a');
    const gapMs = after.underrunMs - before.underrunMs;
    expect(gapMs).toBeLessThan(500);
    expect(after.state).toBe('live');
    expect(await host.lanePids()).not.toContain(pid);
    await sounds(sender);
  });

  test('three sessions on a lane that is held up spend less steps, and all again when it is free', async () => {
    const host = await startHost({ lanes: 1 });
    const names = ['a', 'b', 'c'];
    const senders = await Promise.all(names.map((stream) => join(host, { stream, role: 'duplex' })));
    for (const sender of senders) await sounds(sender.flash());
    const [pid] = await host.lanePids();
    const brake = holdUp(pid!);
    afterTest(() => brake.release());
    await until(() => names.some((name) => reportOf(host, name).stepsNow === 1), 'fewer steps');
    brake.release();
    await until(() => names.every((name) => reportOf(host, name).stepsNow === 2), 'all steps again');
    const reports = names.map((name) => reportOf(host, name));
    expect(reports.reduce((sum, { stepsChanges }) => sum + stepsChanges, 0)).toBeGreaterThanOrEqual(2);
    for (const sender of senders) await sounds(sender);
  });

  test('who is on the way in while the stream or the host ends is refused, and nothing of it stays', async () => {
    const clock = new CountedClock();
    const host = await startHost({ clock });
    const ready = async (options: RemoteOptions): Promise<{ sdp: string }> => {
      const remote = new RemotePeer(options);
      afterTest(() => remote.close());
      return { sdp: await remote.offer() };
    };
    const sends = { sendsVideo: true };
    const first = await join(host, { stream: 'a', role: 'publish' });
    const [early, late, again] = [
      await ready({ hearsAudio: true }),
      await ready({ hearsAudio: true }),
      await ready(sends),
    ];
    const onTheWay = host.agree({ stream: 'a', role: 'listen', ...early }).catch((error: unknown) => error);
    const ending = host.end('a', first.agreed.sessionId);
    await expect(host.agree({ stream: 'a', role: 'listen', ...late })).rejects.toMatchObject({ status: 404 });
    // A sender that comes while its stream fades begins anew.
    const begun = await host.agree({ stream: 'a', role: 'publish', ...again });
    expect(await ending).toBe(true);
    const listened = await onTheWay;
    if (listened instanceof Error) expect(listened).toMatchObject({ status: 503 });
    expect(host.streams()).toHaveLength(1);
    expect(host.hasSession('a', begun.sessionId)).toBe(true);
    expect(host.metrics().peers).toBe(1);

    const offers = [await ready(sends), await ready({ hearsAudio: true })];
    const joins = [
      host.agree({ stream: 'b', role: 'publish', ...offers[0]! }),
      host.agree({ stream: 'a', role: 'listen', ...offers[1]! }),
    ];
    const refused = Promise.all(joins.map((each) => expect(each).rejects.toMatchObject({ status: 503 })));
    await host.close();
    await refused;
    expect([host.streams(), host.metrics().peers]).toEqual([[], 0]);
    await until(() => clock.waiting === 0, 'nothing of it waits for anything');
    await expect(host.agree({ stream: 'c', role: 'publish', ...again })).rejects.toMatchObject({
      status: 503,
    });
  });

  test('close() fades out, closes all and leaves a process that ends by itself with 0', async () => {
    const script = `
      import { createStreamHost } from '${DIST}live/create-stream-host.js';
      import { loadWrtc } from '${DIST}rtc/wrtc.js';
      const { RTCPeerConnection, MediaStream, nonstandard } = loadWrtc();
      const host = await createStreamHost({ bundle: 'conformance', device: 'cpu' });
      const pc = new RTCPeerConnection();
      const source = new nonstandard.RTCVideoSource();
      const track = source.createTrack();
      pc.addTrack(track, new MediaStream());
      const { receiver } = pc.addTransceiver('audio', { direction: 'recvonly' });
      const sink = new nonstandard.RTCAudioSink(receiver.track);
      let peak = 0, last = 0;
      sink.ondata = ({ samples }) => { last = Math.max(...samples.map(Math.abs)); peak = Math.max(peak, last); };
      const data = new Uint8ClampedArray(320 * 180 * 1.5).fill(128);
      let pictures = 0;
      const timer = setInterval(() => {
        data.fill(pictures++ % 10 < 5 ? 235 : 20, 0, 320 * 180);
        source.onFrame({ width: 320, height: 180, data });
      }, 33);
      await pc.setLocalDescription(await pc.createOffer());
      while (pc.iceGatheringState !== 'complete') await new Promise((r) => setTimeout(r, 5));
      const { sdp } = await host.agree({ stream: 'a', role: 'duplex', sdp: pc.localDescription.sdp });
      await pc.setRemoteDescription({ type: 'answer', sdp });
      while (peak < 100) await new Promise((r) => setTimeout(r, 20));
      await host.close();
      console.log(JSON.stringify({ streams: host.streams().length, peers: host.metrics().peers }));
      clearInterval(timer); sink.stop(); track.stop(); pc.close();
    `;
    const { code, signal, stdout, stderr } = await runScript(script);
    expect({ code, signal, stdout, stderr }).toEqual({
      code: 0,
      signal: null,
      stdout: '{"streams":0,"peers":0}\n',
      stderr: '',
    });
  });
});

/** Lets a process run for a small part of the time only, as a machine that is busy does. */
function holdUp(pid: number): { release: () => void } {
  let isReleased = false;
  const run = async (): Promise<void> => {
    while (!isReleased) {
      process.kill(pid, 'SIGSTOP');
      await pause(70);
      process.kill(pid, 'SIGCONT');
      await pause(25);
    }
  };
  const running = run();
  running.catch(() => undefined);
  return {
    release: () => {
      isReleased = true;
    },
  };
}
