/** What a lane process that reads prompts starts. */
import { serveTextLane } from './runtime/serve-lane.js';
import { TEXT_KERNELS } from './stages/read-text-kernel.js';

serveTextLane(TEXT_KERNELS);
