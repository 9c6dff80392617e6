import { describe, expect, test } from 'vitest';
import { Squeezer } from '../../src/rtc/squeezer.js';
import type { SqueezeJob } from '../../src/rtc/squeeze-job.js';
import type { LivefoleyError } from '../../src/stream/errors.js';
import { plainI420 } from './pictures.js';
import { until } from './remote-peer.js';

function job(): SqueezeJob {
  return {
    width: 64,
    height: 36,
    data: plainI420(64, 36, [9, 9, 9]),
    rotation: 0,
    size: { width: 4, height: 4 },
  };
}

describe('Squeezer', () => {
  test('keeps one picture in work and the latest waiting, counts the others, and moves their bytes', async () => {
    const done: number[] = [];
    const squeezer = new Squeezer<number>({
      onResult: (_, tag) => done.push(tag),
      onFailure: (error) => {
        throw error;
      },
    });
    const jobs = Array.from({ length: 6 }, job);
    jobs.forEach((each, i) => squeezer.offer(each, i));
    expect(jobs[0]!.data.byteLength).toBe(0);
    await until(() => done.length === 2, 'two pictures');
    expect(done).toEqual([0, 5]);
    expect(squeezer.dropped).toBe(4);
    await squeezer.close();
    squeezer.offer(job(), 9);
    expect(squeezer.threadId).toBeUndefined();
  });

  test('says so when no worker lives, instead of starting them for ever', async () => {
    let failure: LivefoleyError | undefined;
    const squeezer = new Squeezer<number>({
      onResult: () => undefined,
      onFailure: (error) => (failure = error),
      entry: new URL('data:text/javascript,process.exit(1)'),
    });
    await until(() => {
      squeezer.offer(job(), 0);
      return failure !== undefined;
    }, 'the failure');
    expect(failure).toMatchObject({ place: 'environment' });
    expect(squeezer.restarts).toBe(5);
    await squeezer.close();
  });
});
