import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../stream/virtual-clock.js';
import { SMOOTH, testSlowLane } from './slow-lane.js';
import { FakeSource, Hearing, live, SETTINGS, TONE_LEVEL, VirtualEngine } from './virtual-studio.js';

describe('LiveSound in virtual time', () => {
  test('gives sound at the positions of the pictures, each block once, from the first on', async () => {
    const clock = new VirtualClock(1_000);
    const engine = await VirtualEngine.create(clock);
    const hearing = new Hearing(clock, { engine });
    await live(clock, [hearing], { seconds: 5, jitterMs: 8 });
    expect(hearing.written[0]!.position).toBe(0);
    hearing.written.forEach(({ position }, i) => expect(position).toBe(480 * i));
    expect(hearing.playout.counts).toMatchObject({ underruns: 0, lateFrames: 0 });
    // Position 0 is heard when its time has come; by now the tone stands in full.
    hearing.takeError();
    await live(clock, [hearing], { seconds: 3 });
    expect(hearing.takeError()).toBeLessThan(1e-3);
    expect(hearing.restarts).toEqual([]);
  });

  test('goes on while the picture is frozen, and when its rate and size change', async () => {
    const clock = new VirtualClock();
    const hearing = new Hearing(clock, { engine: await VirtualEngine.create(clock) });
    await live(clock, [hearing], { seconds: 3 });
    await live(clock, [hearing], { seconds: 5, isFrozen: true });
    await live(clock, [hearing], { seconds: 3, fps: 7 });
    hearing.source.show({ width: 64, height: 48 });
    await live(clock, [hearing], { seconds: 3, fps: 60, jitterMs: 5 });
    hearing.written.forEach(({ position }, i) => expect(position).toBe(480 * i));
    expect(hearing.playout.counts).toMatchObject({ underruns: 0, lateFrames: 0 });
    expect(hearing.restarts).toEqual([]);
  });

  test('a session that falls behind gives way to one where the stream is: faded, counted, and then in time', async () => {
    const clock = new VirtualClock();
    let stallUntilMs = 0;
    const engine = await VirtualEngine.create(clock, (nowMs) => ({
      baseMs: nowMs < stallUntilMs ? 2_500 : 8,
      stepMs: 5,
    }));
    const hearing = new Hearing(clock, { engine });
    await live(clock, [hearing], { seconds: 4 });
    stallUntilMs = clock.nowMs() + 100;
    await live(clock, [hearing], { seconds: 8 });
    expect(hearing.restarts).toEqual([expect.stringMatching(/^it had fallen behind by \d+ ms$/)]);
    const { underruns, missingFrames } = hearing.playout.counts;
    expect(underruns).toBeGreaterThan(0);
    expect(missingFrames / 48).toBeLessThan(4_000);
    expect(hearing.largestStep).toBeLessThan(SMOOTH);
    hearing.takeError();
    await live(clock, [hearing], { seconds: 3 });
    expect(hearing.takeError()).toBeLessThan(1e-3);
    expect(hearing.hops.at(-1)!.times!.slackMs).toBeGreaterThan(0);
  });

  test('a network whose jitter grows makes the delay grow by what it takes: a faded pause, then no gap', async () => {
    const clock = new VirtualClock();
    const hearing = new Hearing(clock, { engine: await VirtualEngine.create(clock) });
    await live(clock, [hearing], { seconds: 4 });
    expect(hearing.delayMs).toBe(260);
    hearing.source.usualMs = 240;
    await live(clock, [hearing], { seconds: 8 });
    const { delayMs } = hearing;
    expect(delayMs).toBeGreaterThan(260);
    expect(delayMs).toBeLessThan(460);
    const { underruns } = hearing.playout.counts;
    hearing.takeError();
    await live(clock, [hearing], { seconds: 20 });
    expect(hearing.takeError()).toBeLessThan(1e-3);
    expect(hearing.playout.counts.underruns).toBe(underruns);
    expect(hearing.hops.slice(-150).every(({ times }) => times!.slackMs > 0)).toBe(true);
    expect(hearing.delayMs).toBe(delayMs);
    expect(hearing.largestStep).toBeLessThan(SMOOTH);
    expect(hearing.restarts).toEqual([]);
  });

  test('neither a stall now and then nor computing that does not keep pace makes the delay grow', async () => {
    const clock = new VirtualClock();
    let [baseMs, stallUntilMs] = [8, 0];
    const engine = await VirtualEngine.create(clock, (nowMs) => ({
      baseMs: nowMs < stallUntilMs ? 300 : baseMs,
      stepMs: 5,
    }));
    const hearing = new Hearing(clock, { engine });
    for (let i = 0; i < 5; i += 1) {
      await live(clock, [hearing], { seconds: 3 });
      stallUntilMs = clock.nowMs() + 100;
    }
    baseMs = 120;
    await live(clock, [hearing], { seconds: 6 });
    expect(hearing.hops.filter(({ times }) => times && times.slackMs < 0).length).toBeGreaterThan(20);
    expect(hearing.delayMs).toBe(260);
  });

  test('a session that fails is begun anew; failures without end are reported', async () => {
    const clock = new VirtualClock();
    const engine = await VirtualEngine.create(clock);
    const hearing = new Hearing(clock, { engine });
    await live(clock, [hearing], { seconds: 3 });
    engine.lane.failWith = new Error('out of luck');
    await live(clock, [hearing], { seconds: 3 });
    expect(hearing.restarts).toEqual([expect.stringContaining('out of luck')]);
    expect(hearing.playout.counts.missingFrames / 48).toBeLessThan(1_000);
    expect(hearing.largestStep).toBeLessThan(SMOOTH);
    hearing.takeError();
    await live(clock, [hearing], { seconds: 2 });
    expect(hearing.takeError()).toBeLessThan(1e-3);
    engine.score = () => {
      throw new TypeError('closed');
    };
    engine.lane.failWith = new Error('out of luck again');
    await live(clock, [hearing], { seconds: 5 });
    expect(hearing.state).toBe('failed');
    expect(hearing.restarts).toHaveLength(5);
  });

  test('change() takes effect with the next hop, without a gap; what the bundle does not take changes nothing', async () => {
    const clock = new VirtualClock();
    const engine = await VirtualEngine.create(clock);
    const hearing = new Hearing(clock, { engine });
    await live(clock, [hearing], { seconds: 3 });
    const last = (): unknown => engine.lane.generated.at(-1)!.options;
    expect(last()).toMatchObject({ seed: 0, steps: 2 });
    const hops = engine.lane.generated.length;
    hearing.sound.change({ ...SETTINGS, seed: 7, prompt: 'rain', steps: 3, gainDb: -20 });
    await live(clock, [hearing], { seconds: 0.5 });
    expect(engine.lane.generated[hops]!.options).toMatchObject({ seed: 7, steps: 3 });
    expect(last()).toMatchObject({ seed: 7, steps: 3 });
    for (const wrong of [{ steps: 51 }, { seed: -1 }, { prompt: 'xylophon' }, { gainDb: 99 }])
      expect(() => hearing.sound.change({ ...SETTINGS, seed: 8, ...wrong })).toThrow();
    await live(clock, [hearing], { seconds: 2 });
    expect(last()).toMatchObject({ seed: 7, steps: 3 });
    hearing.written.forEach(({ position }, i) => expect(position).toBe(480 * i));
    expect(hearing.playout.counts.underruns).toBe(0);
    expect(hearing.largestStep).toBeLessThan(SMOOTH);
    const peak = Math.max(...hearing.heard.slice(-48_000).map(Math.abs));
    expect(peak).toBeGreaterThan(0.08 * TONE_LEVEL);
    expect(peak).toBeLessThan(0.12 * TONE_LEVEL);
  });

  test('mixes the own sound of the source, under which ours gives way, or leaves it out', async () => {
    const clock = new VirtualClock();
    const engine = await VirtualEngine.create(clock);
    const source = new FakeSource(clock);
    const asked: number[] = [];
    source.ownSound = async function* (from) {
      asked.push(from);
      for (let position = from; ; position += 480) {
        // Each block is there when its time has come.
        await clock.waitUntilMs((source.epochMs ?? 0) + position / 48 + 40);
        const level = new Float32Array(480).fill(0.4);
        yield { position, channels: [level, level] };
      }
    };
    const hearing = new Hearing(clock, { engine, source });
    await live(clock, [hearing], { seconds: 4 });
    const now = (): { mean: number; tone: number } => {
      const samples = hearing.heard.slice(-24_000);
      const mean = samples.reduce((sum, each) => sum + each, 0) / samples.length;
      return { mean, tone: Math.max(...samples.map((each) => Math.abs(each - mean))) };
    };
    expect(now().mean).toBeCloseTo(0.4, 1);
    expect(now().tone).toBeLessThan(0.7 * TONE_LEVEL);
    hearing.sound.change({ ...SETTINGS, isDucking: false });
    await live(clock, [hearing], { seconds: 2 });
    expect(now().tone).toBeCloseTo(TONE_LEVEL, 2);
    hearing.sound.change({ ...SETTINGS, mix: 'replace' });
    await live(clock, [hearing], { seconds: 2 });
    expect(now().mean).toBeCloseTo(0, 2);
    expect(now().tone).toBeCloseTo(TONE_LEVEL, 2);
    expect(hearing.playout.counts.underruns).toBe(0);
    expect(asked).toEqual([0]);
  });

  test('stop() leaves nothing behind, before the first picture and while it sounds', async () => {
    const clock = new VirtualClock();
    const engine = await VirtualEngine.create(clock);
    const waiting = new Hearing(clock, { engine });
    const sounding = new Hearing(clock, { engine });
    await live(clock, [sounding], { seconds: 2 });
    await Promise.all([waiting.sound.stop(), sounding.sound.stop()]);
    await Promise.all([waiting.ran, sounding.ran]);
    const { length } = sounding.written;
    await live(clock, [sounding, waiting], { seconds: 1 });
    expect(sounding.written).toHaveLength(length);
    expect([waiting.source.isObserved, sounding.source.isObserved]).toEqual([false, false]);
    expect([clock.waitCount, engine.turns]).toEqual([0, 0]);
    expect([waiting.state, sounding.state]).toEqual(['ended', 'ended']);
  });
});

testSlowLane([
  { name: 'six minutes of one stream', streams: 1, seconds: 360 },
  { name: 'five and a half of three', streams: 3, seconds: 330 },
]);
