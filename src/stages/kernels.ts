import type { Kernels } from '../runtime/kernel.js';
import { decodeKernel } from './decode-kernel.js';
import { encodeKernel } from './encode-kernel.js';
import { fuseKernel } from './fuse-kernel.js';
import { generateKernel } from './generate-kernel.js';
import { mapKernel, rememberKernel } from './map-kernel.js';

/** What every lane can do. */
export const KERNELS: Kernels = {
  encode: encodeKernel,
  fuse: fuseKernel,
  remember: rememberKernel,
  map: mapKernel,
  generate: generateKernel,
  decode: decodeKernel,
};
