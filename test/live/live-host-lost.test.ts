import { describe, expect, test } from 'vitest';
import { until } from '../rtc/remote-peer.js';
import { falls, join, pause, reportOf, sounds, startHost } from './live-host-fixture.js';

describe('LiveHost:', () => {
  test('a sender that vanishes fades, keeps its place and is heard again by the same listeners when it returns', async () => {
    const host = await startHost({ lostSeconds: 60, firstPictureSeconds: 3 });
    const sender = (await join(host, { stream: 'a', role: 'publish' })).flash();
    const listeners = await Promise.all([1, 2, 3].map(() => join(host, { stream: 'a', role: 'listen' })));
    for (const listener of listeners) await sounds(listener);
    expect(reportOf(host, 'a').listeners).toBe(3);
    // Longer than a new sender may take for its first picture: one that returns has that time again.
    await pause(3_500);
    sender.vanish();
    await expect(join(host, { stream: 'a', role: 'publish' })).rejects.toMatchObject({ status: 409 });
    for (const listener of listeners) await falls(listener);
    // Before libwebrtc says that it has gone, which takes it 17 s.
    await until(() => reportOf(host, 'a').state === 'frozen', 'the picture stands still');
    await pause(4_000);
    const { underrunMs } = reportOf(host, 'a');
    const again = (await join(host, { stream: 'a', role: 'publish' })).flash();
    expect(reportOf(host, 'a').state).toBe('waiting');
    for (const listener of listeners) await sounds(listener);
    // Nothing was missing: nothing was due.
    expect(reportOf(host, 'a').underrunMs - underrunMs).toBeLessThan(1_000);
    await pause(1_200);
    expect(reportOf(host, 'a').state).toBe('live');
    expect(host.hasSession('a', sender.agreed.sessionId)).toBe(false);
    expect(host.hasSession('a', again.agreed.sessionId)).toBe(true);
    expect(await host.end('a', again.agreed.sessionId)).toBe(true);
    expect([host.streams(), host.metrics().peers]).toEqual([[], 0]);
  });

  test('a stream whose sender does not return ends, and its listeners with it', async () => {
    const host = await startHost({ lostSeconds: 1 });
    const sender = (await join(host, { stream: 'a', role: 'publish' })).flash();
    const listener = await join(host, { stream: 'a', role: 'listen' });
    await sounds(listener);
    sender.vanish();
    await until(() => host.streams().length === 0, 'the end of the stream');
    expect(host.metrics().peers).toBe(0);
    await until(
      () => listener.remote.connection.connectionState !== 'connected',
      'the end of the connection',
    );
  });
});
