import { createRequire } from 'node:module';
import { LivefoleyError } from '../stream/errors.js';
import { leaveAtOnce } from './leave-at-once.js';
import type { Wrtc } from './wrtc-types.js';

let loaded: Wrtc | undefined;

/**
 * The WebRTC library, loaded when it is first asked for. Only the main thread of a process may do so: a worker that
 * used it takes the whole process with it when it ends.
 * @throws {LivefoleyError} Place `environment`, if there is no build of it for this system
 */
export function loadWrtc(): Wrtc {
  if (loaded) return loaded;
  try {
    loaded = createRequire(import.meta.url)('@roamhq/wrtc') as Wrtc;
  } catch (error) {
    throw new LivefoleyError(
      'environment',
      `Cannot use WebRTC: @roamhq/wrtc needs a build for this system, and has none for ${process.platform}-${process.arch}` +
        ' (there is none for Alpine); take Linux with glibc 2.34 or newer, macOS or Windows, and install with optional dependencies',
      { cause: error },
    );
  }
  leaveAtOnce();
  return loaded;
}
