import { describe, expect, test } from 'vitest';
import { ArrivalTimeline } from '../../src/rtc/arrival-timeline.js';
import { OwnSoundTrack } from '../../src/rtc/own-sound-track.js';
import { turn, VirtualClock } from '../stream/virtual-clock.js';

const START_MS = 1_000;

/** A sine that needs no memory: 300 Hz left, half as loud right. */
function sampleAt(frame: number): number {
  return 0.5 * Math.sin((2 * Math.PI * 300 * frame) / 48_000);
}

class Sender {
  readonly clock = new VirtualClock(START_MS);
  readonly timeline = new ArrivalTimeline({ jitterBufferMs: () => 0, epochMs: START_MS });
  readonly track = new OwnSoundTrack({ timeline: this.timeline, clock: this.clock });
  readonly heard: { position: number; left: Float32Array; right: Float32Array; atMs: number }[] = [];
  #sent = 0;

  listen(position = 0): this {
    void (async () => {
      for await (const block of this.track.blocksFrom(position)) {
        const [left, right] = block.channels as [Float32Array, Float32Array];
        this.heard.push({
          position: block.position,
          left: left.slice(),
          right: right.slice(),
          atMs: this.clock.nowMs(),
        });
      }
    })();
    return this;
  }

  /** Sends 10 ms, when the clock says so. */
  async send(atMs: number, frames = 480): Promise<void> {
    await this.clock.advanceTo(atMs);
    const samples = new Int16Array(2 * frames);
    for (let i = 0; i < frames; i += 1) {
      samples[2 * i] = sampleAt(this.#sent + i) * 32_768;
      samples[2 * i + 1] = (sampleAt(this.#sent + i) / 2) * 32_768;
    }
    this.#sent += frames;
    this.track.arrive(
      { samples, sampleRate: frames * 100, bitsPerSample: 16, channelCount: 2, numberOfFrames: frames },
      this.clock.nowMs(),
    );
    await turn();
  }

  largestStep(): number {
    let largest = 0;
    let last = 0;
    for (const { left } of this.heard) {
      for (const value of left) {
        largest = Math.max(largest, Math.abs(value - last));
        last = value;
      }
    }
    return largest;
  }
}

/** Of the sine itself. */
const OWN_STEP = (0.5 * 2 * Math.PI * 300) / 48_000;

describe('OwnSoundTrack', () => {
  test('gives each block as soon as it is there, where its arrival says', async () => {
    const sender = new Sender().listen();
    for (let i = 0; i < 20; i += 1) await sender.send(START_MS + i * 10);
    expect(sender.heard.map(({ position }) => position)).toEqual(
      Array.from({ length: 20 }, (_, i) => i * 480),
    );
    expect(sender.heard.map(({ atMs }) => atMs)).toEqual(
      Array.from({ length: 20 }, (_, i) => START_MS + i * 10),
    );
    expect(sender.heard[3]!.left[7]).toBeCloseTo(sampleAt(3 * 480 + 7), 3);
    expect(sender.heard[3]!.right[7]).toBeCloseTo(sampleAt(3 * 480 + 7) / 2, 3);
    expect(sender.track.gaps).toBe(0);
    sender.track.close();
  });

  test('leaves out the first blocks of another rate', async () => {
    const sender = new Sender().listen();
    await sender.send(START_MS, 160);
    expect(sender.heard).toEqual([]);
    sender.track.close();
  });

  test('never waits for ever: what has not come by its latest time is silence without a click, and counted', async () => {
    const sender = new Sender().listen();
    for (let i = 0; i < 10; i += 1) await sender.send(START_MS + i * 10);
    await sender.clock.advanceTo(START_MS + 1_000);
    expect(sender.heard.length).toBeGreaterThan(70);
    expect(sender.track.gaps).toBe(sender.heard.length - 10);
    expect(sender.heard.at(-1)!.left.every((value) => value === 0)).toBe(true);
    expect(sender.largestStep()).toBeLessThan(1.2 * OWN_STEP);
    sender.track.close();
  });

  test('is in place again after a pause', async () => {
    const sender = new Sender().listen();
    for (let i = 0; i < 10; i += 1) await sender.send(START_MS + i * 10);
    for (let i = 300; i < 450; i += 1) await sender.send(START_MS + i * 10);
    expect(sender.track.corrections).toBe(1);
    expect(sender.heard.at(-1)!.position).toBe(449 * 480);
    expect(sender.largestStep()).toBeLessThan(2 * OWN_STEP);
    sender.track.close();
  });

  test.each([
    ['fast', 9.9],
    ['slow', 10.1],
  ])('keeps within 40 ms of a sender whose clock is %s, without a click', async (_, stepMs) => {
    const sender = new Sender().listen();
    for (let i = 0; i < 2_000; i += 1) await sender.send(START_MS + i * stepMs);
    const endMs = START_MS + 2_000 * stepMs;
    const lagMs = endMs - START_MS - (sender.heard.at(-1)!.position + 480) / 48;
    expect(Math.abs(lagMs)).toBeLessThan(40);
    expect(sender.track.corrections).toBeGreaterThan(4);
    expect(sender.track.corrections).toBeLessThan(14);
    expect(sender.track.gaps).toBe(0);
    // Two sines a random phase apart, faded over 2.5 ms.
    expect(sender.largestStep()).toBeLessThan(OWN_STEP + 1.5 / 120);
    sender.track.close();
  });

  test('takes no notice of blocks that wait and then come all at once', async () => {
    const sender = new Sender().listen();
    for (let i = 0; i < 500; i += 1) await sender.send(START_MS + Math.ceil((i + 1) / 10) * 100);
    expect(sender.track.corrections).toBeLessThanOrEqual(1);
    expect(sender.track.gaps).toBe(0);
    sender.track.close();
  });
});

describe('ArrivalTimeline', () => {
  test('begins at 0 and follows the jitter buffer by a millisecond a picture', () => {
    let heldMs = 20;
    const timeline = new ArrivalTimeline({ jitterBufferMs: () => heldMs });
    expect(timeline.positionAt(5_000)).toBeUndefined();
    expect(timeline.placePicture(5_000)).toBe(0);
    expect(timeline.epochMs).toBe(4_980);
    heldMs = 60;
    expect(timeline.placePicture(5_100)).toBe(99 * 48);
    expect(timeline.placePicture(5_200)).toBe(198 * 48);
  });

  test('never goes back, and goes on where an earlier source was', () => {
    let heldMs = 0;
    const timeline = new ArrivalTimeline({ jitterBufferMs: () => heldMs, epochMs: 1_000 });
    expect(timeline.placePicture(3_000)).toBe(96_000);
    heldMs = 100;
    expect(timeline.placePicture(3_000.5)).toBe(96_000);
    heldMs = NaN;
    expect(timeline.placePicture(3_010)).toBeGreaterThan(96_000);
  });
});
