/** What a lane process starts. */
import { serveLane } from './runtime/serve-lane.js';
import { KERNELS } from './stages/kernels.js';

serveLane(KERNELS);
