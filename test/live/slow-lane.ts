import { expect, test } from 'vitest';
import { VirtualClock } from '../stream/virtual-clock.js';
import { Hearing, live, VirtualEngine } from './virtual-studio.js';

/** How far neighbouring samples of the tone lie apart, with the tone's own fades. */
export const SMOOTH = 0.03;

/** What a hop costs while the lane is slow: so much, and so much for each step. Unit: ms. */
const SLOW = { 1: { baseMs: 12, stepMs: 32 }, 3: { baseMs: 6, stepMs: 12 } };

type Case = { readonly name: string; readonly streams: 1 | 3; readonly seconds: number };

/** Streams live for long on a lane that has too little time now and then; nobody hears it. */
export function testSlowLane(cases: readonly Case[]): void {
  test.each(cases)(
    'LiveSound: $name on a lane that is slow now and then: no underrun, no drift, hops under way bounded',
    bearSlowLane,
    300_000,
  );
}

async function bearSlowLane({ streams, seconds }: Case): Promise<void> {
  const clock = new VirtualClock();
  // For half a minute in five it has less time than it takes with all steps.
  const engine = await VirtualEngine.create(clock, (nowMs) =>
    nowMs % 300_000 > 270_000 ? SLOW[streams] : { baseMs: 8, stepMs: 5 },
  );
  const hearings = Array.from({ length: streams }, () => new Hearing(clock, { engine }));
  for (const hearing of hearings) hearing.keepsAll = false;
  await live(clock, hearings, { seconds: 5, jitterMs: 8 });
  for (const hearing of hearings) hearing.takeError();
  await live(clock, hearings, { seconds, fps: 12, jitterMs: 8 });
  for (const hearing of hearings) {
    expect(hearing.playout.counts).toMatchObject({ underruns: 0, lateFrames: 0, skips: 0 });
    // The tone that is due to the sample: nothing has drifted.
    expect(hearing.takeError()).toBeLessThan(1e-3);
    expect(hearing.largestStep).toBeLessThan(SMOOTH);
    expect(hearing.restarts).toEqual([]);
    expect(hearing.steps.length).toBeLessThan(Math.max(30, seconds / 20));
    expect(hearing.sound.stepsNow).toBeLessThanOrEqual(2);
  }
  // Lowered when it was slow, raised again after.
  const changes = hearings.flatMap(({ steps }) => steps);
  expect(changes.filter(({ from, to }) => to < from).length).toBeGreaterThan(0);
  expect(changes.filter(({ from, to }) => to > from).length).toBeGreaterThan(0);
  const underWay = engine.sessions.map(({ hopsUnderWay }) => hopsUnderWay);
  expect(underWay.every(({ most, limit }) => most <= limit)).toBe(true);
  expect(engine.sessions).toHaveLength(streams);
}
