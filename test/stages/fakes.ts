import type { BundleManifest, EncoderManifest, GraphManifest } from '../../src/runtime/bundle-manifest.js';
import type { Device } from '../../src/runtime/device.js';
import type { KernelContext, KernelStep } from '../../src/runtime/kernel.js';
import type { Handle, Lane, LaneSnapshot, RunState, Step, StepResult } from '../../src/runtime/lane.js';
import type { Tensors } from '../../src/runtime/tensors.js';

/** A graph as a function of its inputs. */
export type FakeGraph = (inputs: Tensors) => Tensors;

export const ENCODER: EncoderManifest = {
  name: 'motion',
  graph: 'motion',
  size: { width: 1, height: 1 },
  mean: [0, 0, 0],
  std: [1, 1, 1],
  everyPoints: 1,
  lagPoints: 0,
  memoryPoints: 0,
  featureWidth: 3,
};

/** A small causal bundle: hops of three points, pictures of one pixel, latents two wide. */
export function manifestOf(changes: Partial<BundleManifest> = {}): BundleManifest {
  return {
    schema: 1,
    name: 'fake',
    version: '1.0.0',
    system: 'conformance',
    licence: 'Apache-2.0',
    mode: 'causal',
    sampleRate: 48000,
    channels: 1,
    gridFrames: 10,
    hopPoints: 3,
    anchor: { everyPoints: 12, warmUpPoints: 6, crossfadeFrames: 5 },
    picture: { width: 1, height: 1 },
    encoders: [ENCODER],
    fusion: { kind: 'add', width: 3 },
    mapper: { kind: 'none', tokenWidth: 3 },
    flow: {
      predictor: 'velocity',
      graph: 'velocity',
      latentWidth: 2,
      steps: { default: 1, max: 50 },
      timeShift: 1,
      guidance: { kind: 'none' },
      prefixLatents: 0,
    },
    decoder: { graph: 'decode', delayFrames: 4, haloPoints: 0 },
    graphs: {},
    files: {},
    golden: { tolerance: { cpu: 0, webgpu: 0, cuda: 0 }, graphs: {} },
    ...changes,
  };
}

export function graphOf(
  inputs: Readonly<Record<string, readonly number[]>>,
  state?: GraphManifest['state'],
): GraphManifest {
  const declared = Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => [name, { type: 'float32' as const, shape }]),
  );
  return { file: 'fake.onnx', opset: 17, inputs: declared, outputs: {}, ...(state ? { state } : {}) };
}

/** A context whose graphs are functions; every call is kept, inputs copied. */
export class FakeContext implements KernelContext {
  readonly calls: { readonly name: string; readonly inputs: Record<string, number[]> }[] = [];
  readonly manifest: BundleManifest;
  readonly device: Device;
  readonly #graphs: Readonly<Record<string, FakeGraph>>;

  constructor(manifest: BundleManifest, graphs: Readonly<Record<string, FakeGraph>>, device: Device = 'cpu') {
    this.manifest = manifest;
    this.device = device;
    this.#graphs = graphs;
  }

  graph(name: string): { run: (inputs: Tensors) => Promise<Tensors> } {
    const graph = this.#graphs[name];
    if (!graph) throw new RangeError(`No graph is called '${name}'`);
    return {
      run: (inputs) => {
        const copied = Object.entries(inputs).map(([key, value]) => [key, [...value]]);
        this.calls.push({ name, inputs: Object.fromEntries(copied) as Record<string, number[]> });
        return Promise.resolve(graph(inputs));
      },
    };
  }
}

export function stepOf(parts: Partial<KernelStep> = {}): KernelStep {
  const state: RunState = new Map();
  return { position: 0, inputs: [], pictures: [], options: {}, state, ...parts };
}

/** What a lane was told, in order. */
export type Told =
  | ({ readonly kind: 'post' | 'fetch'; readonly id: number } & Step)
  | { readonly kind: 'forget'; readonly keyPrefix: string };

/** A lane that only remembers what it was told; results come when the test says so. */
export class FakeLane implements Lane {
  readonly device = 'cpu';
  readonly restarts = 0;
  readonly told: Told[] = [];
  readonly waiting: { resolve: (result: StepResult) => void; reject: (reason: unknown) => void }[] = [];
  #nextId = 1;

  post(step: Step): Handle {
    const id = this.#nextId++;
    this.told.push({ kind: 'post', id, ...step });
    return { id };
  }

  fetch(step: Step): Promise<StepResult> {
    this.told.push({ kind: 'fetch', id: this.#nextId++, ...step });
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  forget(keyPrefix: string): void {
    this.told.push({ kind: 'forget', keyPrefix });
  }

  steps(kernel: string): (Step & { readonly id: number })[] {
    return this.told.flatMap((told) => (told.kind !== 'forget' && told.kernel === kernel ? [told] : []));
  }

  snapshot(): Promise<LaneSnapshot> {
    return Promise.reject(new Error('A fake lane has no state'));
  }

  restore(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
