import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadBundle } from '../../src/runtime/bundle.js';
import type { Handle, Lane, StepResult } from '../../src/runtime/lane.js';
import { InProcessLane } from './in-process-lane.js';
import { ProcessLane, type ProcessLaneOptions } from '../../src/runtime/process-lane.js';
import { createKernelContext } from '../../src/runtime/serve-lane.js';
import { KERNELS } from '../../src/stages/kernels.js';
import type { VideoFrame } from '../../src/stream/video-frame.js';

export const LANE_ENTRY = fileURLToPath(new URL('../../dist/lane.js', import.meta.url));
export const PROBE_ENTRY = fileURLToPath(new URL('../../dist/probe.js', import.meta.url));

export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

export async function startLane(
  bundle: string,
  options: Partial<ProcessLaneOptions> = {},
): Promise<ProcessLane> {
  const { folder } = await loadBundle(bundle);
  return ProcessLane.start({ entry: LANE_ENTRY, bundle: folder, device: 'cpu', ...options });
}

/** A lane whose kernels are those of `fixtures/fake-lane.js`. */
export function startFakeLane(options: Partial<ProcessLaneOptions> = {}): Promise<ProcessLane> {
  return startLane('conformance-window', { entry: fixturePath('fake-lane.js'), ...options });
}

export async function createInProcessLane(bundle: string): Promise<InProcessLane> {
  const { folder } = await loadBundle(bundle);
  return new InProcessLane(KERNELS, await createKernelContext(folder, 'cpu'));
}

/** Pictures that move: each point's is a function of its number and nothing else. */
export function pictureAt(point: number, size = 32): VideoFrame {
  const data = new Uint8Array(size * size * 3);
  for (let i = 0; i < data.length; i += 1) data[i] = Math.imul(i + 1, point * 2654435761 + 97) >>> 24;
  return { position: point * 1600, width: size, height: size, format: 'rgb24', data };
}

/** `count` moving pictures, one a grid point. */
export async function* movingPictures(count: number, size?: number): AsyncGenerator<VideoFrame> {
  for (let point = 0; point < count; point += 1) yield await Promise.resolve(pictureAt(point, size));
}

/** One run of a session, posted hop by hop as the stages do it. */
export class RunDriver {
  readonly #lane: Lane;
  readonly #owner: string;
  readonly #hopPoints: number;
  readonly #steps: number;
  #kept: Handle[] = [];
  #hop = 0;

  constructor(lane: Lane, owner = 'session-1', options: { hopPoints?: number; steps?: number } = {}) {
    this.#lane = lane;
    this.#owner = owner;
    this.#hopPoints = options.hopPoints ?? 3;
    this.#steps = options.steps ?? 2;
  }

  /** The same run, to be gone on with in another lane. */
  continueIn(lane: Lane): RunDriver {
    const driver = new RunDriver(lane, this.#owner, { hopPoints: this.#hopPoints, steps: this.#steps });
    driver.#hop = this.#hop;
    driver.#kept = this.#kept;
    return driver;
  }

  /** Has the run remember the next hop, which does not sound. */
  remember(): void {
    const { position, fused } = this.#encode();
    this.#lane.post({ kernel: 'remember', key: `${this.#owner}/run-0`, position, reads: [fused] });
  }

  nextHop(): Promise<StepResult> {
    const { hop, position, fused } = this.#encode();
    const run = { key: `${this.#owner}/run-0`, position };
    const tokens = this.#lane.post({
      ...run,
      kernel: 'map',
      reads: [fused],
      options: { hop, isFirst: hop === 0, seed: 5 },
    });
    const latents = this.#lane.post({
      ...run,
      kernel: 'generate',
      reads: [tokens],
      releases: [tokens],
      options: { hop, seed: 5, steps: this.#steps, prompt: undefined },
    });
    return this.#lane.fetch({ ...run, kernel: 'decode', reads: [latents], releases: [latents] });
  }

  /** The samples of so many hops, all under way at once. */
  async hops(count: number): Promise<Float32Array[]> {
    const results = await Promise.all(Array.from({ length: count }, () => this.nextHop()));
    return results.map(({ value }) => value['pcm']!);
  }

  #encode(): { hop: number; position: number; fused: Handle } {
    const hop = this.#hop;
    this.#hop += 1;
    const position = hop * this.#hopPoints * 1600;
    const shared = { key: `${this.#owner}/features`, position };
    const pictureOfPoint = Array.from({ length: this.#hopPoints }, (_, i) => i);
    const features = this.#lane.post({
      ...shared,
      kernel: 'encode',
      pictures: pictureOfPoint.map((i) => pictureAt(hop * this.#hopPoints + i)),
      options: { hop, pictureOfPoint, restarts: hop === 0 },
      releases: this.#kept,
    });
    const fused = this.#lane.post({ ...shared, kernel: 'fuse', reads: [features] });
    this.#kept = [features, fused];
    return { hop, position, fused };
  }
}

/** Where two sounds differ first, -1 if nowhere. Unit: samples. Quicker by far than the test runner's comparison. */
export function firstDifference(a: Float32Array, b: Float32Array): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i += 1) if (!Object.is(a[i], b[i])) return i;
  return -1;
}

/** Samples of successive hops in one array. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Whether a process runs; one that has ended and was not yet collected does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  if (process.platform !== 'linux') return true;
  if (!existsSync(stat)) return false;
  return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(stat, 'utf8'));
}

/** Waits for what other processes do; fails with the sentence given when they have not done it in time. */
export async function eventually(sentence: string, isSo: () => boolean, limitMs = 15_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`In vain: ${sentence}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
