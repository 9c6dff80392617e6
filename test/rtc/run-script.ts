import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a process ended, and what it said. */
export type Ended = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** Folder of the built library, as an address for `import`. */
export const DIST = new URL('../../dist/', import.meta.url).href;

/** Runs a module's text in a process of its own, with what it is to read on its standard input. */
export function runScript(text: string, input = ''): Promise<Ended> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '--eval', text], { cwd: root });
  const timer = setTimeout(() => child.kill('SIGKILL'), 55_000);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (said: string) => (stdout += said));
  child.stderr.setEncoding('utf8').on('data', (said: string) => (stderr += said));
  // A process that dies early does not read on; how it ended says so.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}
