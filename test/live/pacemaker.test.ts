import { expect, test } from 'vitest';
import { Pacemaker, type Paced } from '../../src/live/pacemaker.js';
import { VirtualClock } from '../stream/virtual-clock.js';

/** Plays every 10 ms, and throws at the block whose number is given. */
class Track implements Paced {
  nextDueMs = 0;
  plays = 0;
  error: unknown;
  readonly #throwsAt: number | undefined;

  constructor(throwsAt?: number) {
    this.#throwsAt = throwsAt;
  }

  play(): void {
    if (this.plays === this.#throwsAt) throw new Error('no track');
    this.plays += 1;
    this.nextDueMs += 10;
  }

  giveUp(error: unknown): void {
    this.error = error;
  }
}

test('Pacemaker calls each when it is due; one that throws is given up, and the others go on', async () => {
  const clock = new VirtualClock();
  const pacemaker = new Pacemaker(clock);
  const [good, bad] = [new Track(), new Track(3)];
  pacemaker.add(bad);
  pacemaker.add(good);
  await clock.advanceTo(995);
  expect(good.plays).toBe(100);
  expect(bad.plays).toBe(3);
  expect(bad.error).toMatchObject({ message: 'no track' });
  expect(pacemaker.size).toBe(1);
  pacemaker.close();
  await clock.advanceTo(2000);
  expect(good.plays).toBe(100);
  expect(clock.waitCount).toBe(0);
});
