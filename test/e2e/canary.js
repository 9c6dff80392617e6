/**
 * Tells when the machine itself stands still: a process that does nothing but sleep 5 ms at a time, and notes when it
 * is woken far too late. Run as a process it prints its stalls, a line of JSON each; `startCanary()` reads them.
 */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SLEEP_MS = 5;
const STALL_MS = 50;

/** @typedef {{ readonly fromMs: number, readonly toMs: number }} Stall Unit: ms since 1970. */

/** Starts it. */
export function startCanary() {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  /** @type {Stall[]} */
  const stalls = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ part) => {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) stalls.push(JSON.parse(line));
  });
  return {
    stalls,
    /**
     * Stalls that touch a span. Unit: ms since 1970.
     * @param {number} fromMs
     * @param {number} toMs
     */
    within: (fromMs, toMs) => stalls.filter((stall) => stall.toMs >= fromMs && stall.fromMs <= toMs),
    stop: () => child.kill(),
  };
}

function watch() {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let lastMs = performance.now(); ;) {
    Atomics.wait(cell, 0, 0, SLEEP_MS);
    const nowMs = performance.now();
    if (nowMs - lastMs > STALL_MS) {
      const toMs = performance.timeOrigin + nowMs;
      // At once: this loop lets nothing else happen.
      writeSync(1, `${JSON.stringify({ fromMs: toMs - (nowMs - lastMs), toMs })}\n`);
    }
    lastMs = nowMs;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) watch();
