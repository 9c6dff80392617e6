import { from, lastValueFrom, Subject, toArray, type OperatorFunction } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { Lane, StepResult } from '../../src/runtime/lane.js';
import { timingOf } from '../../src/stages/bundle-timing.js';
import { crossfadeSegments, receiveSound, type Arrival } from '../../src/stages/crossfade.js';
import { decodeSound } from '../../src/stages/decode.js';
import { encodePictures } from '../../src/stages/encode.js';
import { fuseFeatures } from '../../src/stages/fuse.js';
import { generateLatents } from '../../src/stages/generate.js';
import type { DecodedWork, HopWork } from '../../src/stages/hop-work.js';
import { mapTokens } from '../../src/stages/map.js';
import { mixBlocks, BLOCK_FRAMES, type MixOptions } from '../../src/stages/mix.js';
import { planRuns } from '../../src/stages/plan-runs.js';
import { takeHops } from '../../src/stages/take-hops.js';
import type { AudioBlock } from '../../src/stream/audio-block.js';
import { Grid, type GridHop } from '../../src/stream/grid.js';
import { LIMITER_DELAY_FRAMES } from '../../src/stream/limit-peaks.js';
import { RunPlan } from '../../src/stream/run-plan.js';
import type { JoinedPiece, Seam } from '../../src/stream/segment-joiner.js';
import { CountedSource, frameAt, labelOf } from '../stream/frames.js';
import { concatenate, firstDifference, noise } from '../stream/sounds.js';
import { turn } from '../stream/virtual-clock.js';
import { FakeLane, manifestOf } from './fakes.js';

function allOf<In, Out>(items: readonly In[], stage: OperatorFunction<In, Out>): Promise<Out[]> {
  return lastValueFrom(from(items).pipe(stage, toArray()), { defaultValue: [] });
}

function hopOf(hop: number): GridHop {
  return { hop, pictures: [frameAt(hop * 100, hop)], pictureOfPoint: [0, 0, 0] };
}

const PLAN = new RunPlan({
  anchorHops: 3,
  warmHops: 1,
  primeHops: 1,
  hasTail: true,
  warmsBeforeStart: false,
});

function planned(hops: readonly number[], lanes: readonly Lane[]): Promise<HopWork[]> {
  return allOf(hops.map(hopOf), planRuns({ sessionKey: 's', plan: PLAN, firstRun: 0, lanes, hopFrames: 30 }));
}

const HOPS = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Everything up to the decoder, on fake lanes. */
function stages(): OperatorFunction<HopWork, DecodedWork> {
  const settingsAt = (position: number) => ({ seed: 1, steps: 2, prompt: Float32Array.of(position) });
  return (works$) =>
    works$.pipe(
      encodePictures(),
      fuseFeatures(),
      mapTokens({ settingsAt: (position) => ({ ...settingsAt(position), seed: 7 }) }),
      generateLatents({ settingsAt }),
      decodeSound(),
    );
}

describe('takeHops()', () => {
  const frames = Array.from({ length: 10 }, (_, i) => frameAt(i * 1600, i));
  const gridOf = (source: CountedSource): Grid => new Grid(source, { gridFrames: 1600, hopPoints: 3 });

  test('takes for each credit exactly its frames, one hop after the other', async () => {
    const source = new CountedSource(frames, () => turn(1));
    const credits$ = new Subject<number>();
    const hops: number[][] = [];
    credits$
      .pipe(takeHops({ grid: gridOf(source), isPastEnd: () => false }))
      .subscribe((hop) => hops.push([hop.hop, ...hop.pictures.map(labelOf)]));
    await turn(5);
    expect(source.pulls).toBe(0);
    credits$.next(0);
    credits$.next(1);
    await turn(40);
    expect(hops).toEqual([
      [0, 0, 1, 2],
      [1, 3, 4, 5],
    ]);
    expect(source.pulls).toBe(7);
  });

  test('completes with the first credit past the end, asked before the hop is taken', async () => {
    const source = new CountedSource(frames);
    const hops = await allOf([0, 1, 2, 3], takeHops({ grid: gridOf(source), isPastEnd: (hop) => hop >= 2 }));
    expect(hops.map((hop) => hop.hop)).toEqual([0, 1]);
    expect(source.pulls).toBe(7);
  });

  test('completes where the source has no picture, and fails where it fails', async () => {
    expect(
      await allOf([0, 1], takeHops({ grid: gridOf(new CountedSource([])), isPastEnd: () => false })),
    ).toEqual([]);
    const broken = new CountedSource(frames, () => {
      throw new Error('gone');
    });
    await expect(allOf([0], takeHops({ grid: gridOf(broken), isPastEnd: () => false }))).rejects.toThrow(
      'gone',
    );
  });
});

describe('planRuns()', () => {
  test('gives each hop to the runs that need it, oldest first, runs by turns to the lanes', async () => {
    const lanes = [new FakeLane(), new FakeLane()];
    const works = await planned([0, 1, 2, 3, 6], lanes);
    expect(
      works.map((work) => [
        work.pictures.hop,
        work.task.run,
        work.task.role,
        lanes.findIndex((lane) => lane === work.lane),
        work.endsHop,
      ]),
    ).toEqual([
      [0, 0, 'body', 0, true],
      [1, 0, 'body', 0, false],
      [1, 1, 'prime', 1, true],
      [2, 0, 'body', 0, false],
      [2, 1, 'warm', 1, true],
      [3, 0, 'tail', 0, false],
      [3, 1, 'body', 1, true],
      [6, 1, 'tail', 1, false],
      [6, 2, 'body', 0, true],
    ]);
    expect(works.map((work) => work.position)).toEqual([0, 30, 30, 60, 60, 90, 90, 180, 180]);
  });
});

describe('the stages that post', () => {
  test('encode and fuse each hop once a lane, whatever runs share it', async () => {
    const lane = new FakeLane();
    await allOf(await planned(HOPS, [lane]), stages());
    expect(lane.steps('encode').map((step) => step.position)).toEqual(HOPS.map((hop) => hop * 30));
    expect(lane.steps('fuse').map((step) => step.position)).toEqual(HOPS.slice(1).map((hop) => hop * 30));
    expect(new Set(lane.steps('encode').map((step) => step.key))).toEqual(new Set(['s/features']));
  });

  test('encode restarts exactly where a lane skipped hops', async () => {
    const lanes = [new FakeLane(), new FakeLane(), new FakeLane()];
    await allOf(await planned(HOPS, lanes), stages());
    const restarts = lanes.map((lane) =>
      lane.steps('encode').map((step) => {
        const { hop, restarts: anew } = step.options as { hop: number; restarts: boolean };
        return anew ? [hop] : [];
      }),
    );
    expect(restarts.map((list) => list.flat())).toEqual([[-1, 7], [1], [4]]);
    const shown = lanes[1]!.steps('encode').map((step) => step.pictures!.map(labelOf));
    expect(shown).toEqual([[1], [2], [3], [4], [5], [6]]);
  });

  test('each step reads what the step before it made, and everything is released once, not before its last use', async () => {
    for (const count of [1, 2]) {
      const lanes = Array.from({ length: count }, () => new FakeLane());
      await allOf(await planned(HOPS, lanes), stages());
      for (const lane of lanes) {
        const alive = new Map<number, string>();
        for (const told of lane.told) {
          if (told.kind === 'forget') continue;
          for (const handle of told.reads ?? []) expect(alive.has(handle.id)).toBe(true);
          const readFrom = {
            fuse: 'encode',
            map: 'fuse',
            remember: 'fuse',
            generate: 'map',
            decode: 'generate',
          }[told.kernel];
          expect((told.reads ?? []).map((handle) => alive.get(handle.id))).toEqual(
            readFrom ? [readFrom] : [],
          );
          for (const handle of told.releases ?? []) expect(alive.delete(handle.id)).toBe(true);
          if (told.kind === 'post' && told.kernel !== 'remember') alive.set(told.id, told.kernel);
        }
        // What the last hop made of its features is forgotten with the session.
        expect([...alive.values()].sort()).toEqual(['encode', 'fuse']);
      }
    }
  });

  test('a run remembers while it warms, maps from its first hop on, and its state ends with its tail', async () => {
    const lane = new FakeLane();
    await allOf(await planned(HOPS, [lane]), stages());
    const ofRun1 = lane.told.flatMap((told) =>
      told.kind !== 'forget' && told.key === 's/run-1' ? [told] : [],
    );
    expect(ofRun1.map((told) => `${told.kernel} ${told.position / 30}`)).toEqual([
      'remember 2',
      ...[3, 4, 5, 6].flatMap((hop) => [`map ${hop}`, `generate ${hop}`, `decode ${hop}`]),
    ]);
    expect(
      ofRun1.filter((told) => told.endsKey).map((told) => `${told.kernel} ${told.position / 30}`),
    ).toEqual(['decode 6']);
    expect(ofRun1.filter((told) => told.kernel === 'map').map((told) => told.options)).toEqual(
      [3, 4, 5, 6].map((hop) => ({ hop, isFirst: hop === 3, seed: 7 })),
    );
  });

  test('the flow takes the settings that are in force for its hop', async () => {
    const lane = new FakeLane();
    await allOf(await planned([0, 1], [lane]), stages());
    expect(lane.steps('generate').map((step) => step.options)).toEqual([
      { hop: 0, seed: 1, steps: 2, prompt: Float32Array.of(0) },
      { hop: 1, seed: 1, steps: 2, prompt: Float32Array.of(30) },
    ]);
  });

  test('a sound that fails while nobody waits for it is no unhandled rejection', async () => {
    const lane = new FakeLane();
    const works = await allOf(await planned([0], [lane]), stages());
    lane.waiting[0]!.reject(new Error('the lane is gone'));
    await turn(5);
    await expect(works[0]!.sound).rejects.toThrow('the lane is gone');
  });
});

function result(value: number): StepResult {
  return { value: { pcm: Float32Array.of(value) }, timings: [{ kernel: 'decode', position: value, ms: 1 }] };
}

describe('receiveSound()', () => {
  test('hands sounds on in the order of the works, in whatever order they come', async () => {
    const lane = new FakeLane();
    const works = await allOf(await planned([0, 1, 2], [lane]), stages());
    const received: (number | undefined)[] = [];
    from(works)
      .pipe(receiveSound())
      .subscribe(({ samples, timings }) => {
        received.push(samples?.[0]);
        expect(timings).toHaveLength(samples ? 1 : 0);
      });
    lane.waiting[2]!.resolve(result(2));
    lane.waiting[1]!.resolve(result(1));
    await turn();
    expect(received).toEqual([]);
    lane.waiting[0]!.resolve(result(0));
    await turn();
    // Between the sounds lie the prime and the warm-up of the next run, which have none.
    expect(received).toEqual([0, 1, undefined, 2, undefined]);
  });

  test('fails with the first sound that fails', async () => {
    const lane = new FakeLane();
    const works = await allOf(await planned([0, 1], [lane]), stages());
    lane.waiting[0]!.reject(new Error('the lane is gone'));
    await expect(allOf(works, receiveSound())).rejects.toThrow('the lane is gone');
  });
});

describe('crossfadeSegments()', () => {
  test('in causal mode puts hops where they belong, fades a tail into the next run, and ends with what was held', async () => {
    const manifest = manifestOf();
    const timing = timingOf(manifest);
    expect(timing).toMatchObject({ hopFrames: 30, fadeFrames: 5, latencyFrames: 4 });
    const works = (await allOf(await planned([0, 1, 2, 3], [new FakeLane()]), stages())).filter(
      (work) => work.task.role !== 'prime' && work.task.role !== 'warm',
    );
    const sounds = works.map((_, i) => noise(30, { seed: i + 1, amplitude: 0.5 }));
    const arrivals = works.map((work, i): Arrival => ({ work, samples: sounds[i], timings: [] }));
    const seams: Seam[] = [];
    const pieces = await allOf(
      arrivals,
      crossfadeSegments({ ...timing, onSeam: (seam) => seams.push(seam) }),
    );
    expect(pieces[0]!.position).toBe(-4);
    const samples = concatenate(pieces.map((piece) => piece.samples));
    expect(samples).toHaveLength(120);
    expect(firstDifference(samples.subarray(0, 90), concatenate(sounds.slice(0, 3)))).toBe(-1);
    expect(firstDifference(samples.subarray(95), sounds[4]!.subarray(5))).toBe(-1);
    expect(seams.map((seam) => [seam.position, seam.law !== undefined])).toEqual([
      [26, false],
      [56, false],
      [86, true],
    ]);
  });

  test('in window mode hears of each window its end and fades it into the next', async () => {
    const manifest = manifestOf({
      mode: 'window',
      windowPoints: 9,
      decoder: { graph: 'decode', delayFrames: 4, haloPoints: 2 },
    });
    const timing = timingOf(manifest);
    expect(timing.latencyFrames).toBe(9);
    const all = await allOf(await planned([0, 1], [new FakeLane()]), stages());
    const works = all.filter((work) => work.task.role === 'body');
    // Both windows decode the same sound: halo and hop, 20 + 30 audio frames.
    const sound = noise(80, { amplitude: 0.5 });
    const arrivals = works.map((work, i): Arrival => ({
      work,
      samples: sound.slice(i * 30, i * 30 + 50),
      timings: [],
    }));
    const seams: Seam[] = [];
    const pieces = await allOf(
      arrivals,
      crossfadeSegments({ ...timing, onSeam: (seam) => seams.push(seam) }),
    );
    expect(pieces.map((piece) => piece.position)).toEqual([-9, 21, 51]);
    const heard = concatenate(pieces.map((piece) => piece.samples));
    expect(heard).toHaveLength(65);
    heard.forEach((sample, i) => expect(Math.abs(sample - sound[15 + i]!)).toBeLessThan(1e-6));
    expect(seams).toMatchObject([{ position: 21, law: 'equal-gain' }]);
  });
});

describe('mixBlocks()', () => {
  const sound = noise(4800, { amplitude: 0.2 });
  const whole: readonly JoinedPiece[] = [{ position: 0, samples: sound }];

  async function mixed(
    pieces: readonly JoinedPiece[],
    options: Partial<MixOptions> = {},
  ): Promise<AudioBlock[]> {
    return allOf(pieces, mixBlocks({ channelCount: 1, fromPosition: 0, gainDbAt: () => 0, ...options }));
  }

  function samplesOf(blocks: readonly AudioBlock[], channel = 0): Float32Array {
    return concatenate(blocks.map((block) => block.channels[channel]!)).subarray(LIMITER_DELAY_FRAMES);
  }

  async function* other(level: number, blocks = 10): AsyncGenerator<AudioBlock> {
    for (let i = 0; i < blocks; i += 1) {
      await turn(1);
      yield {
        position: i * BLOCK_FRAMES,
        channels: [new Float32Array(BLOCK_FRAMES).fill(level), new Float32Array(BLOCK_FRAMES).fill(-level)],
      };
    }
  }

  test('passes the sound on, late by the limiter, whole to its last sample, in any split', async () => {
    for (const size of [4800, 480, 333, 7]) {
      const pieces = Array.from({ length: Math.ceil(4800 / size) }, (_, i) => ({
        position: i * size,
        samples: sound.slice(i * size, (i + 1) * size),
      }));
      const blocks = await mixed(pieces);
      expect(blocks.map((block) => block.position)).toEqual(
        blocks.map((_, i) => i * BLOCK_FRAMES - LIMITER_DELAY_FRAMES),
      );
      expect(firstDifference(samplesOf(blocks).subarray(0, 4800), sound)).toBe(-1);
    }
  });

  test('sounds in both channels where there are two', async () => {
    const blocks = await mixed(whole, { channelCount: 2 });
    expect(firstDifference(samplesOf(blocks, 0), samplesOf(blocks, 1))).toBe(-1);
  });

  test('follows a changed gain in a line over one block', async () => {
    const steady = [{ position: 0, samples: new Float32Array(4800).fill(0.5) }];
    const samples = samplesOf(await mixed(steady, { gainDbAt: (position) => (position < 1440 ? 0 : -20) }));
    expect(samples[1439]).toBe(0.5);
    expect(samples[1680]).toBeCloseTo(0.275, 3);
    expect(samples[1920]).toBeCloseTo(0.05, 6);
    for (let i = 1; i < 4000; i += 1) expect(Math.abs(samples[i]! - samples[i - 1]!)).toBeLessThan(0.001);
  });

  test('lays the sound under the own one of the source, ducked by its level, each channel its own', async () => {
    const silence = [{ position: 0, samples: new Float32Array(4800) }];
    const alone = await mixed(silence, { channelCount: 2, under: other(0.1) });
    expect(firstDifference(samplesOf(alone, 0).subarray(0, 4800), new Float32Array(4800).fill(0.1))).toBe(-1);
    expect(firstDifference(samplesOf(alone, 1).subarray(0, 4800), new Float32Array(4800).fill(-0.1))).toBe(
      -1,
    );
    const both = samplesOf(await mixed(whole, { channelCount: 2, under: other(0.1) }));
    const depth = 10 ** (-12 / 20);
    for (let i = 2000; i < 4800; i += 1) expect(both[i]!).toBeCloseTo(0.1 + sound[i]! * depth, 5);
    const quiet = samplesOf(await mixed(whole, { channelCount: 2, under: other(0.001) }));
    for (let i = 0; i < 4800; i += 1) expect(quiet[i]!).toBeCloseTo(0.001 + sound[i]!, 6);
  });

  test('goes on alone where the own sound ends', async () => {
    const samples = samplesOf(await mixed(whole, { channelCount: 2, under: other(0.1, 3) }));
    expect(samples.subarray(1440, 4800).every((sample) => Number.isFinite(sample))).toBe(true);
    expect(Math.abs(samples[4700]! / sound[4700]!)).toBeGreaterThan(10 ** (-12 / 20) - 0.01);
  });

  test('keeps the sum below the ceiling', async () => {
    const loud = [{ position: 0, samples: noise(4800, { amplitude: 0.9 }) }];
    const samples = samplesOf(await mixed(loud, { channelCount: 2, gainDbAt: () => 12, under: other(0.9) }));
    expect(samples.every((sample) => Math.abs(sample) < 0.8913)).toBe(true);
  });
});
