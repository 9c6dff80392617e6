/** Where a lane computes. */
export type Device = 'cpu' | 'webgpu' | 'cuda';

/** What a person may ask for: a device, or the best one that passes its probe. */
export type DeviceChoice = Device | 'auto';

/** Every device, the most wanted first. */
export const DEVICES: readonly Device[] = ['cuda', 'webgpu', 'cpu'];

/** GPUs run the unrolled and GPU variants of a bundle's graphs. */
export function isGpu(device: Device): boolean {
  return device !== 'cpu';
}
