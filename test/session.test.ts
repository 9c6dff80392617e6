import { Observable, Subject, map } from 'rxjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Lane, Step, StepResult } from '../src/runtime/lane.js';
import type { SessionMetric } from '../src/session-metrics.js';
import type { Session } from '../src/session.js';
import type { AudioBlock } from '../src/stream/audio-block.js';
import { LivefoleyError } from '../src/stream/errors.js';
import type { VideoFrame } from '../src/stream/video-frame.js';
import { clipOf, collect, joined, movingFrame, OwnSoundSource, Studio } from './session-fixture.js';
import { CountedSource } from './stream/frames.js';
import { firstDifference, powerOf } from './stream/sounds.js';
import { turn, VirtualClock } from './stream/virtual-clock.js';

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.load('conformance');
});

/** A source that goes on for ever. */
function endless(): CountedSource & { pulls: number } {
  const source = new CountedSource([]);
  source.next = () => {
    const index = source.pulls++;
    if (source.returns > 0) return Promise.resolve({ value: undefined, done: true });
    return Promise.resolve({ value: movingFrame(index * 1600), done: false });
  };
  return source;
}

async function read(session: Session, count: number): Promise<AudioBlock[]> {
  const blocks: AudioBlock[] = [];
  for await (const { position, channels } of session.blocks) {
    blocks.push({ position, channels: channels.map((samples) => samples.slice()) });
    if (blocks.length === count) break;
  }
  return blocks;
}

function metricsOf(session: Session): SessionMetric[] {
  const metrics: SessionMetric[] = [];
  session.metrics$.subscribe((metric) => metrics.push(metric));
  return metrics;
}

describe('demand', () => {
  test('nothing is read before the first block is asked for', async () => {
    const source = endless();
    await using session = studio.session(source);
    await turn(10);
    expect(source.pulls).toBe(0);
    expect(session.hopsUnderWay.now).toBe(0);
  });

  test.each([1, 2, 3])(
    'a listener that stops stops the source, on %s lanes, and hops under way keep to their limit',
    async (lanes) => {
      const source = endless();
      await using session = studio.session(source, {}, lanes);
      const seen: number[] = [];
      session.metrics$.subscribe((metric) => {
        if (metric.kind === 'hop') seen.push(metric.hopsUnderWay);
      });
      const blocks = session.blocks[Symbol.asyncIterator]();
      const settled = async (): Promise<number> => {
        let before = -1;
        while (before !== source.pulls) {
          before = source.pulls;
          await turn(60);
        }
        return before;
      };
      await blocks.next();
      const { limit } = session.hopsUnderWay;
      const first = await settled();
      // What the ring and the credits hold, and what primes the encoders; not the endless source.
      expect(first).toBeLessThanOrEqual(3 * (2 * limit + 6));
      for (let i = 0; i < 100; i += 1) await blocks.next();
      const second = await settled();
      expect(second - first).toBeGreaterThanOrEqual(27);
      expect(second - first).toBeLessThanOrEqual(33);
      expect(Math.max(...seen)).toBeLessThanOrEqual(limit);
      expect(session.hopsUnderWay.most).toBeLessThanOrEqual(limit);
    },
  );

  test('the own sound is read no further than it is heard, but for the bounded look ahead', async () => {
    const own = new OwnSoundSource({ frames: 48_000 * 6 });
    await using session = studio.session(endless(), { ownSound: { blocks: own, channelCount: 1 } });
    await read(session, 50);
    expect(own.pulls).toBeGreaterThanOrEqual(50);
    expect(own.pulls).toBeLessThan(50 + 10 * (session.hopsUnderWay.limit + 3));
  });
});

describe('ending', () => {
  test('close() in the middle lets source and own sound go, tells the figures and ends the reader', async () => {
    const source = endless();
    const own = new OwnSoundSource({ frames: 48_000 * 6 });
    const session = studio.session(source, { ownSound: { blocks: own, channelCount: 1 } });
    const metrics = metricsOf(session);
    const blocks = session.blocks[Symbol.asyncIterator]();
    await blocks.next();
    await session.close();
    await session.close();
    expect(source.returns).toBe(1);
    expect(own.returns).toBe(1);
    const rest = [];
    for (let result = await blocks.next(); !result.done; result = await blocks.next())
      rest.push(result.value);
    expect(rest.length).toBeLessThan(100);
    expect(metrics.at(-1)).toMatchObject({ kind: 'end', skippedFrames: 0, lateFrames: 0 });
    const { pulls } = source;
    await turn(30);
    expect(source.pulls).toBe(pulls);
  });

  test('breaking off the loop closes the session', async () => {
    const source = endless();
    await read(studio.session(source), 3);
    expect(source.returns).toBe(1);
  });

  test('the end of the sound lets an own sound go that is longer', async () => {
    const own = new OwnSoundSource({ frames: 48_000 * 6 });
    const session = studio.session(new CountedSource(clipOf({ seconds: 0.5 })), {
      ownSound: { blocks: own, channelCount: 1 },
    });
    expect(joined(await collect(session.blocks))[0]).toHaveLength(24_000);
    expect(own.returns).toBe(1);
  });

  test('a signal ends the session: the reader meets its reason, the source is let go', async () => {
    const stop = new AbortController();
    const source = endless();
    const session = studio.session(source, { signal: stop.signal });
    const reason = new Error('stopped by Ctrl-C');
    const reading = collect(session.blocks, (count) => {
      if (count === 5) stop.abort(reason);
    });
    await expect(reading).rejects.toBe(reason);
    expect(source.returns).toBe(1);
  });

  test('a signal that has aborted already is met at once, and source and clock are let go', async () => {
    const source = endless();
    const session = studio.session(source, { signal: AbortSignal.abort(new Error('too late')) });
    await expect(collect(session.blocks)).rejects.toThrow('too late');
    expect(source.pulls).toBe(0);
    let isSubscribed = false;
    const live$ = new Observable<VideoFrame>(() => {
      isSubscribed = true;
      return () => (isSubscribed = false);
    });
    const live = studio.session(live$, {
      signal: AbortSignal.abort(new Error('too late')),
      clock: new VirtualClock(),
    });
    await expect(collect(live.blocks)).rejects.toThrow('too late');
    expect(isSubscribed).toBe(false);
  });

  test('a source that fails fails the reader with its own error', async () => {
    const source = new CountedSource(clipOf({ seconds: 1 }), (i) => {
      if (i === 20) throw new Error('the disk is gone');
    });
    await expect(collect(studio.session(source).blocks)).rejects.toThrow('the disk is gone');
    const later$ = new Observable<VideoFrame>((subscriber) => {
      subscriber.next(movingFrame(0));
      subscriber.error(new Error('the camera is gone'));
    });
    const session = studio.session(later$, { clock: new VirtualClock() });
    await expect(collect(session.blocks)).rejects.toThrow('the camera is gone');
  });

  test('an own sound that fails fails the reader', async () => {
    async function* broken(): AsyncGenerator<AudioBlock> {
      await turn(1);
      yield { position: 0, channels: [new Float32Array(480)] };
      throw new Error('no more sound');
    }
    const session = studio.session(endless(), { ownSound: { blocks: broken(), channelCount: 1 } });
    await expect(collect(session.blocks)).rejects.toThrow('no more sound');
  });

  test('a lane that fails fails the reader and lets the source go', async () => {
    class Broken implements Pick<Lane, 'fetch'> {
      fetch(_step: Step): Promise<StepResult> {
        return Promise.reject(new Error('the lane is gone'));
      }
    }
    const inner = studio.lane();
    const lane = Object.assign(Object.create(inner) as Lane, {
      post: inner.post.bind(inner),
      forget: inner.forget.bind(inner),
      fetch: (step: Step) => new Broken().fetch(step),
    });
    const source = endless();
    await expect(collect(studio.session(source, {}, [lane]).blocks)).rejects.toThrow('the lane is gone');
    expect(source.returns).toBe(1);
  });

  test('a source without a picture is an input error', async () => {
    const empty$ = new Observable<VideoFrame>((subscriber) => subscriber.complete());
    for (const frames of [new CountedSource([]), empty$]) {
      const error: unknown = await collect(
        studio.session(frames, { clock: new VirtualClock() }).blocks,
      ).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(LivefoleyError);
      expect(error).toMatchObject({
        place: 'input',
        message: 'Cannot make sound: the source ended without a picture',
      });
    }
  });

  test('leaves nothing of it in its lanes, whether it came to its end or was broken off', async () => {
    const lanes = [studio.lane(), studio.lane()];
    await studio.sound(clipOf({ seconds: 2.5 }), {}, lanes);
    await read(studio.session(endless(), {}, lanes), 30);
    for (const lane of lanes) {
      const { values, states } = await lane.snapshot();
      expect([...states.keys()]).toEqual([]);
      expect([...values.keys()]).toEqual([]);
    }
  });

  test('close() comes to its end although a live source never showed a picture', async () => {
    let isSubscribed = false;
    const silent$ = new Observable<VideoFrame>(() => {
      isSubscribed = true;
      return () => (isSubscribed = false);
    });
    const session = studio.session(silent$, { clock: new VirtualClock() });
    const blocks = session.blocks[Symbol.asyncIterator]();
    const waiting = blocks.next();
    await turn(5);
    await session.close();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(isSubscribed).toBe(false);
  });
});

describe('options', () => {
  test.each([
    [{ seed: -1 }, 'seed'],
    [{ seed: 1.5 }, 'seed'],
    [{ steps: 0 }, 'steps'],
    [{ steps: 51 }, 'steps'],
    [{ gainDb: 25 }, 'gainDb'],
    [{ gainDb: NaN }, 'gainDb'],
    [{ startPosition: -1 }, 'startPosition'],
    [{ endPosition: 0 }, 'endPosition'],
    [{ startPosition: 4800, endPosition: 4800 }, 'endPosition'],
    [{ prompt: 'purple' }, 'prompt'],
  ])('%j is refused when the session is made, and the source is not touched', (options, name) => {
    const source = endless();
    expect(() => studio.session(source, options)).toThrow(new RegExp(name));
    expect(source.pulls).toBe(0);
  });

  test('the blocks can be read once', async () => {
    await using session = studio.session(endless());
    const blocks = session.blocks[Symbol.asyncIterator]();
    await blocks.next();
    await expect(session.blocks[Symbol.asyncIterator]().next()).rejects.toThrow(TypeError);
    expect((await blocks.next()).done).toBe(false);
  });

  test('endPosition ends an endless source', async () => {
    const source = endless();
    const blocks = await collect(studio.session(source, { endPosition: 30_000 }).blocks);
    expect(joined(blocks)[0]).toHaveLength(30_000);
    expect(source.returns).toBe(1);
  });

  test('endPosition beyond the media ends with the media', async () => {
    expect(await studio.sound(clipOf({ seconds: 0.5 }), { endPosition: 480_000 })).toHaveLength(24_000);
  });

  test('afterMix sees every block, once, and what it gives is what is heard', async () => {
    const frames = clipOf({ seconds: 0.7 });
    const plain = await studio.sound(frames);
    const halved = await studio.sound(frames, {
      afterMix: map((block) => ({
        ...block,
        channels: block.channels.map((samples) => samples.map((sample) => sample / 2)),
      })),
    });
    expect(
      firstDifference(
        halved,
        plain.map((sample) => sample / 2),
      ),
    ).toBe(-1);
  });

  test('setPrompt() changes the sound from a later hop on, without a reset, and tells of words it does not know', async () => {
    const frames = clipOf({ seconds: 2 });
    const plain = await studio.sound(frames);
    const session = studio.session(new CountedSource(frames));
    const metrics = metricsOf(session);
    const sound = joined(
      await collect(session.blocks, (count) => {
        if (count === 20) session.setPrompt('purple rain');
      }),
    )[0]!;
    const changed = firstDifference(sound, plain);
    expect(changed).toBeGreaterThan(20 * 480);
    expect(changed).toBeLessThan(20 * 480 + (session.hopsUnderWay.limit + 4) * 4800);
    expect(metrics.find((metric) => metric.kind === 'prompt')).toMatchObject({
      text: 'purple rain',
      unknownWords: ['purple'],
    });
    expect(() => session.setPrompt('purple')).toThrow(LivefoleyError);
  });

  test('setPrompt() before the first read stands, and an empty text takes the prompt back', async () => {
    const frames = clipOf({ seconds: 0.5 });
    const session = studio.session(new CountedSource(frames), { prompt: 'rain' });
    session.setPrompt('metal');
    const sound = joined(await collect(session.blocks))[0]!;
    expect(firstDifference(sound, await studio.sound(frames, { prompt: 'metal' }))).toBe(-1);
    const without = studio.session(new CountedSource(frames), { prompt: 'rain' });
    without.setPrompt('');
    expect(firstDifference(joined(await collect(without.blocks))[0]!, await studio.sound(frames))).toBe(-1);
  });

  test('setGain() changes the level smoothly and never the sound under it', async () => {
    const frames = clipOf({ seconds: 2 });
    const plain = await studio.sound(frames);
    const session = studio.session(new CountedSource(frames));
    const sound = joined(
      await collect(session.blocks, (count) => (count === 20 ? session.setGain(-6.0206) : undefined)),
    )[0]!;
    expect(() => session.setGain(99)).toThrow(RangeError);
    expect(firstDifference(sound.subarray(0, 9600), plain.subarray(0, 9600))).toBe(-1);
    expect(
      sound.subarray(80_000).every((sample, i) => Math.abs(sample - plain[80_000 + i]! / 2) < 1e-5),
    ).toBe(true);
    expect(
      Math.abs(
        powerOf((await studio.sound(frames, { gainDb: -6.0206 })).subarray(20_000)) /
          powerOf(plain.subarray(20_000)) -
          0.25,
      ),
    ).toBeLessThan(1e-3);
  });
});

describe('sessions side by side', () => {
  test('in the same lanes do not influence each other, nor does one that is broken off or fails', async () => {
    const lanes = [studio.lane(), studio.lane()];
    const clips = [1, 2, 3].map((seed) => clipOf({ seconds: 1.5, seed }));
    const alone = await Promise.all(clips.map((frames, seed) => studio.sound(frames, { seed })));
    const broken = new CountedSource(clips[0]!, (i) => {
      if (i === 30) throw new Error('gone');
    });
    const [failed, , ...together] = await Promise.all([
      collect(studio.session(broken, {}, lanes).blocks).catch((error: Error) => error.message),
      read(studio.session(endless(), {}, lanes), 20),
      ...clips.map((frames, seed) => studio.sound(frames, { seed }, lanes)),
    ]);
    expect(failed).toBe('gone');
    together.forEach((sound, i) => expect(firstDifference(sound, alone[i]!)).toBe(-1));
  });
});

describe('metrics$', () => {
  test('tells every hop in order with what its kernels took, every seam, and the end', async () => {
    const session = studio.session(new CountedSource(clipOf({ fps: 60, seconds: 2.5 })), {}, 2);
    const metrics = metricsOf(session);
    let isComplete = false;
    session.metrics$.subscribe({ complete: () => (isComplete = true) });
    await collect(session.blocks);
    const hops = metrics.flatMap((metric) => (metric.kind === 'hop' ? [metric] : []));
    expect(hops.map((hop) => hop.position)).toEqual(hops.map((_, i) => hops[0]!.position + i * 4800));
    const kernels = new Set(hops.flatMap((hop) => hop.timings.map((timing) => timing.kernel)));
    expect([...kernels].sort()).toEqual(['decode', 'encode', 'fuse', 'generate', 'map', 'remember']);
    const seams = metrics.flatMap((metric) => (metric.kind === 'seam' ? [metric] : []));
    // Runs of a second: the joins at their anchors are crossfades, all the others follow on.
    expect(seams.filter((seam) => seam.law).map((seam) => seam.position)).toEqual([
      48_000 - 240,
      96_000 - 240,
    ]);
    for (const seam of seams) expect(seam.step).toBeLessThan(0.1);
    expect(metrics.at(-1)).toMatchObject({ kind: 'end', frames: 150, lateFrames: 0 });
    expect(isComplete).toBe(true);
  });
});

describe('a live source', () => {
  test('keeps sounding when its pictures freeze, by the time of a clock, and is never asked to wait', async () => {
    const clock = new VirtualClock();
    const frames$ = new Subject<VideoFrame>();
    const session = studio.session(frames$, { clock });
    const heard: (readonly [position: number, atMs: number])[] = [];
    const subscription = session.blocks$.subscribe((block) => heard.push([block.position, clock.nowMs()]));
    for (let i = 0; i < 30; i += 1) {
      frames$.next(movingFrame(i * 1600));
      await clock.advanceTo(((i + 1) * 1000) / 30);
    }
    const before = heard.length;
    expect(before).toBeGreaterThan(60);
    for (let ms = 1010; ms <= 3000; ms += 10) await clock.advanceTo(ms);
    // Two seconds without a picture are two seconds of sound.
    expect(heard.length - before).toBeGreaterThan(180);
    expect(heard.length - before).toBeLessThan(220);
    heard.forEach(([position], i) => expect(position).toBe(i * 480));
    subscription.unsubscribe();
    await session.close();
    expect(frames$.observed).toBe(false);
    expect(clock.waitCount).toBe(0);
  });

  test('that outruns a listener loses its oldest pictures, counted, and goes on', async () => {
    const clock = new VirtualClock();
    const frames$ = new Subject<VideoFrame>();
    const session = studio.session(frames$, { clock });
    const metrics = metricsOf(session);
    for (let i = 0; i < 300; i += 1) frames$.next(movingFrame(i * 1600));
    const blocks = session.blocks[Symbol.asyncIterator]();
    expect((await blocks.next()).done).toBe(false);
    await session.close();
    expect(metrics.at(-1)).toMatchObject({ kind: 'end', droppedFrames: 284 });
  });

  test('that ends ends the sound', async () => {
    const frames$ = new Subject<VideoFrame>();
    const session = studio.session(frames$, { clock: new VirtualClock() });
    const reading = collect(session.blocks);
    for (const frame of clipOf({ seconds: 0.4 })) frames$.next(frame);
    frames$.complete();
    expect(joined(await reading)[0]!.length).toBeGreaterThan(4800);
  });
});
