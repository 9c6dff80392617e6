import { parentPort } from 'node:worker_threads';
import { squeeze, type SqueezeJob } from './squeeze-job.js';

// A thread of its own: one job in, one result out. WebRTC must not be loaded here, for a thread that used it takes the
// process with it when it ends.
parentPort?.on('message', (job: SqueezeJob) => {
  const result = squeeze(job);
  const buffers = result.echo ? [result.rgb.buffer, result.echo.data.buffer] : [result.rgb.buffer];
  parentPort?.postMessage(result, buffers);
});
