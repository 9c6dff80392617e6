import { afterEach, describe, expect, test } from 'vitest';
import { createRtcSource, type EchoFrame, type RtcSource } from '../../src/rtc/rtc-source.js';
import type { RtcPeer } from '../../src/rtc/rtc-peer.js';
import type { AudioBlock } from '../../src/stream/audio-block.js';
import { systemClock } from '../../src/stream/clock.js';
import type { VideoFrame } from '../../src/stream/video-frame.js';
import { colourDistance, meanColour, type Colour } from './pictures.js';
import { RemotePeer, until, type RemoteOptions } from './remote-peer.js';

const SIZE = { width: 32, height: 18 };

/** The median of five changes that are seen and heard; stalls of a busy machine spoil single ones. Unit: ms. */
const ALIGNED_MS = 150;

/** What is shown while the tone is on the left, or on the right. */
function sideColour(isLeft: boolean): Colour {
  return isLeft ? [255, 0, 0] : [0, 255, 0];
}

class Live {
  readonly frames: VideoFrame[] = [];
  readonly echoes: EchoFrame[] = [];
  isComplete = false;
  readonly remote: RemotePeer;
  readonly peer: RtcPeer;
  readonly source: RtcSource;

  private constructor({ remote, peer, source }: { remote: RemotePeer; peer: RtcPeer; source: RtcSource }) {
    this.remote = remote;
    this.peer = peer;
    this.source = source;
    source.frames$.subscribe({
      next: (frame) => this.frames.push(frame),
      complete: () => (this.isComplete = true),
    });
    source.echoes$.subscribe((echo) => this.echoes.push(echo));
  }

  static async start(options: RemoteOptions = {}): Promise<Live> {
    const remote = new RemotePeer({ sendsVideo: true, ...options });
    const peer = await remote.connect({ role: 'publish' });
    const source = createRtcSource({
      videoTrack: peer.videoTrack!,
      ...(peer.audioTrack ? { audioTrack: peer.audioTrack } : {}),
      clock: systemClock,
      size: SIZE,
      jitterBufferMs: () => 20,
      echo: { maxHeight: 90 },
    });
    return new Live({ remote, peer, source });
  }

  async sees(colour: Colour): Promise<void> {
    await until(
      () => {
        const last = this.frames.at(-1);
        return last !== undefined && colourDistance(meanColour(last), colour) < 16;
      },
      `the colour ${colour.join(' ')}`,
    );
  }

  async close(): Promise<void> {
    await this.source.close();
    this.peer.close();
    this.remote.close();
  }
}

let live: Live;

afterEach(() => live.close());

describe('createRtcSource()', () => {
  test('gives pictures of a peer as frames of the size asked for, in order from position 0 on', async () => {
    live = await Live.start();
    await live.sees([255, 0, 0]);
    live.remote.colour = [0, 0, 255];
    await live.sees([0, 0, 255]);
    await until(() => live.frames.length > 20, 'twenty frames');
    const { frames, source, echoes } = live;
    expect(frames[0]!.position).toBe(0);
    expect(frames.every(({ position }) => Number.isInteger(position))).toBe(true);
    expect(frames.map(({ position }) => position)).toEqual(
      frames.map(({ position }) => position).sort((a, b) => a - b),
    );
    expect(frames.every((frame) => frame.data.length === 32 * 18 * 3 && frame.format === 'rgb24')).toBe(true);
    const sinceMs = systemClock.nowMs() - source.epochMs!;
    expect(frames.at(-1)!.position / 48).toBeLessThanOrEqual(sinceMs);
    expect(source.counts.frames).toBe(frames.length);
    expect(source.counts.framesPerSecond).toBeGreaterThan(1);
    expect(echoes.map(({ position }) => position)).toEqual(frames.map(({ position }) => position));
    expect(
      echoes.every(({ height, width, data }) => height <= 90 && data.length === height * width * 1.5),
    ).toBe(true);
  });

  test('goes on through changes of size, odd ones too', async () => {
    live = await Live.start();
    await live.sees([255, 0, 0]);
    for (const [width, height, colour] of [
      [481, 271, [0, 255, 0]],
      [180, 320, [0, 0, 255]],
      [640, 360, [255, 255, 255]],
    ] as const) {
      Object.assign(live.remote, { width, height, colour });
      await live.sees(colour);
    }
    expect(live.source.counts.width).toBeGreaterThan(live.source.counts.height);
  });

  test('starts its worker again when it dies, and frames go on', async () => {
    live = await Live.start();
    await live.sees([255, 0, 0]);
    await live.source.killWorker();
    live.remote.colour = [0, 255, 0];
    await live.sees([0, 255, 0]);
    expect(live.source.counts.workerRestarts).toBe(1);
  });

  test("gives the sender's own sound in stereo on the clock of its frames", async () => {
    live = await Live.start({ sendsAudio: true, stereo: true });
    live.remote.loudness = [0.5, 0.1];
    await live.sees([255, 0, 0]);
    const from = Math.floor(live.frames.at(-1)!.position / 480) * 480;
    const loud = (block: AudioBlock, c: number): number => Math.max(...block.channels[c]!.map(Math.abs));
    let blocks = 0;
    let position = from;
    for await (const block of live.source.ownSound!.blocksFrom(from)) {
      expect(block.position).toBe(position);
      expect(block.channels.map(({ length }) => length)).toEqual([480, 480]);
      position += 480;
      blocks += 1;
      if (loud(block, 0) > 0.4 && loud(block, 1) < 0.2 && loud(block, 1) > 0.05 && blocks > 50) break;
      if (blocks > 2_000) throw new Error('The tone has not come');
    }
  });

  test("places the sender's own sound where the picture of the same moment is", async () => {
    live = await Live.start({ sendsAudio: true, stereo: true });
    live.remote.loudness = [0.5, 0.05];
    await live.sees([255, 0, 0]);
    const loudest = (samples: Float32Array): number => Math.max(...samples.map(Math.abs));
    const offsetsMs: number[] = [];
    let [isLeft, changeAt, seen] = [true, Infinity, 0];
    for await (const { position, channels } of live.source.ownSound!.blocksFrom(0)) {
      const [near, far] = isLeft ? [channels[0]!, channels[1]!] : [channels[1]!, channels[0]!];
      const isHeard = loudest(near) > 0.3 && loudest(far) < 0.2;
      if (isHeard && changeAt === Infinity) {
        // Heard on the side where it was put last: where was it seen, and then the next change after a while.
        const green = live.frames
          .slice(seen)
          .find((frame) => colourDistance(meanColour(frame), sideColour(isLeft)) < 60);
        if (green && seen > 0) offsetsMs.push((position - green.position) / 48);
        if (offsetsMs.length === 5) break;
        changeAt = position + 19_200;
      }
      if (position >= changeAt) {
        [isLeft, changeAt, seen] = [!isLeft, Infinity, live.frames.length];
        live.remote.colour = sideColour(isLeft);
        live.remote.loudness = isLeft ? [0.5, 0.05] : [0.05, 0.5];
      }
      if (position > 60 * 48_000) throw new Error('The tone does not change sides');
    }
    const sorted = offsetsMs.sort((x, y) => x - y);
    expect(Math.abs(sorted[2]!)).toBeLessThan(ALIGNED_MS);
  });

  test('completes its frames and ends its sound when it is closed', async () => {
    live = await Live.start({ sendsAudio: true });
    await live.sees([255, 0, 0]);
    const sound = live.source.ownSound!.blocksFrom(1e9);
    const waiting = sound.next();
    await live.source.close();
    await live.source.close();
    expect(live.isComplete).toBe(true);
    expect((await waiting).done).toBe(true);
    const { length } = live.frames;
    await until(() => live.peer.state === 'connected', 'nothing');
    expect(live.frames.length).toBe(length);
  });
});
