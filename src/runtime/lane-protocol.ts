import type { FailurePlace } from '../stream/errors.js';
import type { VideoFrame } from '../stream/video-frame.js';
import type { Device } from './device.js';
import type { LaneSnapshot, StepTiming } from './lane.js';
import type { Tensors } from './tensors.js';

/** A step as it travels: handles are numbers, and `wants` says whether the result comes back. */
export type WireStep = {
  readonly id: number;
  readonly kernel: string;
  readonly key: string;
  readonly position: number;
  readonly reads: readonly number[];
  readonly pictures: readonly VideoFrame[];
  readonly options: object;
  readonly releases: readonly number[];
  readonly endsKey: boolean;
  readonly wants: boolean;
  /** It was done before, in a lane that died: its time has been reported. */
  readonly repeats?: boolean;
};

/** What is done in a lane, strictly in order. */
export type LaneOrder =
  | { readonly kind: 'step'; readonly step: WireStep }
  | { readonly kind: 'forget'; readonly keyPrefix: string; readonly values: readonly number[] }
  | { readonly kind: 'snapshot'; readonly id: number }
  | { readonly kind: 'restore'; readonly snapshot: LaneSnapshot };

/** From the owner to a lane process. */
export type ToLane =
  | {
      readonly kind: 'open';
      readonly bundle: string;
      readonly identity?: string | undefined;
      readonly device: Device;
    }
  | { readonly kind: 'orders'; readonly orders: readonly LaneOrder[] }
  | { readonly kind: 'close' };

/** From a lane process to its owner. */
export type FromLane =
  | { readonly kind: 'ready'; readonly loadMs: number }
  | { readonly kind: 'refused'; readonly place: FailurePlace; readonly message: string }
  | {
      readonly kind: 'result';
      readonly id: number;
      readonly value: Tensors;
      readonly timings: readonly StepTiming[];
    }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'snapshot'; readonly id: number; readonly snapshot: LaneSnapshot };
