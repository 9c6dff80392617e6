import type { VideoFrame } from '../stream/video-frame.js';
import type { AnyManifest, BundleManifest } from './bundle-manifest.js';
import type { Device } from './device.js';
import type { RunState } from './lane.js';
import type { Tensors } from './tensors.js';

/** A loaded graph: static shapes, batch 1. */
export interface Graph {
  /**
   * Computes the graph. Inputs are read, never kept; outputs are fresh.
   * @throws {TypeError | RangeError} If an input is missing, unknown or has the wrong number of elements
   */
  run(inputs: Tensors): Promise<Tensors>;
}

/** What all kernels of a lane share. */
export type KernelContext<Manifest extends AnyManifest = BundleManifest> = {
  readonly manifest: Manifest;
  readonly device: Device;
  /** @throws {RangeError} If the bundle has no graph of that name */
  graph(name: string): Graph;
};

/** A step as its kernel sees it. */
export type KernelStep = {
  readonly position: number;
  readonly inputs: readonly Tensors[];
  readonly pictures: readonly VideoFrame[];
  readonly options: object;
  readonly state: RunState;
};

/** The work of one stage inside a lane. A pure function of its step: all that lasts is in `step.state`. */
export type Kernel<Manifest extends AnyManifest = BundleManifest> = (
  step: KernelStep,
  context: KernelContext<Manifest>,
) => Promise<Tensors>;

/** Every kernel by its name. */
export type Kernels<Manifest extends AnyManifest = BundleManifest> = Readonly<
  Record<string, Kernel<Manifest>>
>;
