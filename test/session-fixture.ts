import { loadBundle, type Bundle } from '../src/runtime/bundle.js';
import { InProcessLane } from './runtime/in-process-lane.js';
import type { Lane } from '../src/runtime/lane.js';
import { loadGraphs, type LoadedGraphs } from '../src/runtime/load-graphs.js';
import { Session } from '../src/session.js';
import type { SessionOptions } from '../src/session-options.js';
import { KERNELS } from '../src/stages/kernels.js';
import type { AudioBlock } from '../src/stream/audio-block.js';
import type { VideoFrame } from '../src/stream/video-frame.js';
import type { Observable } from 'rxjs';
import { CountedSource } from './stream/frames.js';
import { concatenate, noise } from './stream/sounds.js';

const PICTURE = { width: 32, height: 32 };

/** A picture of the bundle's size in which squares move and colours change, other ones for another seed. */
export function movingFrame(position: number, seed = 1): VideoFrame {
  const data = new Uint8Array(3 * PICTURE.width * PICTURE.height);
  const seconds = position / 48_000;
  const x = Math.round(12 + 11 * Math.sin(seconds * (3 + seed)));
  const y = Math.round(12 + 11 * Math.cos(seconds * 5));
  for (let row = 0; row < PICTURE.height; row += 1) {
    for (let column = 0; column < PICTURE.width; column += 1) {
      const inside = row >= y && row < y + 8 && column >= x && column < x + 8;
      const at = 3 * (row * PICTURE.width + column);
      data[at] = inside ? 250 : 30 + 20 * seed;
      data[at + 1] = inside ? 40 : (row * 5 + seconds * 40) & 255;
      data[at + 2] = 120 + Math.round(100 * Math.sin(seconds * seed));
    }
  }
  return { position, ...PICTURE, format: 'rgb24', data };
}

export type Clip = { readonly fps?: number; readonly seconds: number; readonly seed?: number };

export function clipOf({ fps = 30, seconds, seed = 1 }: Clip): VideoFrame[] {
  return Array.from({ length: Math.round(fps * seconds) }, (_, i) =>
    movingFrame(Math.round((i * 48_000) / fps), seed),
  );
}

/** A bundle loaded once in this process, and sessions on it with lanes of their own. */
export class Studio {
  readonly bundle: Bundle;
  readonly #graphs: LoadedGraphs;
  #count = 0;

  private constructor(bundle: Bundle, graphs: LoadedGraphs) {
    this.bundle = bundle;
    this.#graphs = graphs;
  }

  static async load(name: string): Promise<Studio> {
    const bundle = await loadBundle(name);
    return new Studio(bundle, await loadGraphs(bundle, 'cpu'));
  }

  lane(): InProcessLane {
    return new InProcessLane(KERNELS, {
      manifest: this.bundle.manifest,
      device: 'cpu',
      graph: (name) => this.#graphs.get(name)!,
    });
  }

  session(
    frames: AsyncIterable<VideoFrame> | Observable<VideoFrame>,
    options: SessionOptions = {},
    lanes: number | readonly Lane[] = 1,
  ): Session {
    const given = typeof lanes === 'number' ? Array.from({ length: lanes }, () => this.lane()) : lanes;
    this.#count += 1;
    const parts = {
      manifest: this.bundle.manifest,
      lanes: given,
      key: `test-${this.#count}`,
      onClose: () => undefined,
    };
    return new Session(frames, parts, options);
  }

  /** The whole sound of some frames. */
  async sound(
    frames: readonly VideoFrame[],
    options: SessionOptions = {},
    lanes: number | readonly Lane[] = 1,
  ): Promise<Float32Array> {
    return (await this.channels(frames, options, lanes))[0]!;
  }

  async channels(
    frames: readonly VideoFrame[],
    options: SessionOptions = {},
    lanes: number | readonly Lane[] = 1,
  ): Promise<Float32Array[]> {
    return joined(await collect(this.session(new CountedSource(frames), options, lanes).blocks));
  }
}

/** Reads all blocks and checks that they follow each other; a block is only valid until the next, so it is copied. */
export async function collect(
  blocks: AsyncIterable<AudioBlock>,
  beforeEach: (index: number) => Promise<void> | void = () => undefined,
): Promise<AudioBlock[]> {
  const all: AudioBlock[] = [];
  for await (const { position, channels } of blocks) {
    const before = all.at(-1);
    if (before && before.position + before.channels[0]!.length !== position)
      throw new Error(`A gap before ${position}`);
    all.push({ position, channels: channels.map((samples) => samples.slice()) });
    await beforeEach(all.length);
  }
  return all;
}

export function joined(blocks: readonly AudioBlock[]): Float32Array[] {
  const channelCount = blocks[0]?.channels.length ?? 1;
  return Array.from({ length: channelCount }, (_, c) =>
    concatenate(blocks.map((block) => block.channels[c]!)),
  );
}

/** A source's own sound: blocks of 480 frames from a position on, of a sound that is the same wherever one begins. */
export class OwnSoundSource implements AsyncIterable<AudioBlock> {
  pulls = 0;
  returns = 0;
  readonly #sound: readonly Float32Array[];
  readonly #from: number;

  constructor(options: { frames: number; channelCount?: number; from?: number }) {
    const { frames, channelCount = 1, from = 0 } = options;
    this.#from = from;
    this.#sound = Array.from({ length: channelCount }, (_, c) => {
      const sound = noise(frames, { seed: 70 + c, amplitude: 0.7 });
      // Loud and quiet by turns, so that there is something to duck under and something to recover from.
      return sound.map((sample, i) => sample * (Math.floor(i / 20_000) % 2 ? 1 : 0.001));
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<AudioBlock> {
    let at = this.#from;
    return {
      next: () => {
        this.pulls += 1;
        if (at >= this.#sound[0]!.length) return Promise.resolve({ value: undefined, done: true });
        const channels = this.#sound.map((samples) => {
          const block = new Float32Array(480);
          block.set(samples.subarray(at, at + 480));
          return block;
        });
        at += 480;
        return Promise.resolve({ value: { position: at - 480, channels }, done: false });
      },
      return: () => {
        this.returns += 1;
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }
}
