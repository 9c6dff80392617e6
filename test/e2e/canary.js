/**
 * Tells when the machine itself stands still: a process that does nothing but sleep 5 ms at a time, and notes when it
 * is woken far too late; and, on Linux, when the host has given a core of this virtual machine to others ("steal" in
 * /proc/stat), which a sleeper on another core does not feel. Run as a process it prints its stalls, a line of JSON
 * each; `startCanary()` reads them.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SLEEP_MS = 5;
const STALL_MS = 50;
const LOOK_MS = 100;
/** In one look, of one core or of all together. Unit: ticks of 10 ms. */
const STOLEN_TICKS = 3;
/** The eighth number of the first line: user, nice, system, idle, iowait, irq, softirq, steal. */
const STEAL = /^cpu +(?:\d+ ){7}(\d+)/;

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
    /** Stops the process for so long, as a machine would; POSIX. @param {number} ms */
    pause: (ms) => {
      child.kill('SIGSTOP');
      setTimeout(() => child.kill('SIGCONT'), ms);
    },
    stop: () => child.kill(),
  };
}

function watch() {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let look = { atMs: performance.now(), ticks: stolenTicks() };
  for (let lastMs = performance.now(); ;) {
    Atomics.wait(cell, 0, 0, SLEEP_MS);
    const nowMs = performance.now();
    if (nowMs - lastMs > STALL_MS) tell(lastMs, nowMs);
    lastMs = nowMs;
    if (nowMs - look.atMs < LOOK_MS) continue;
    const ticks = stolenTicks();
    if (ticks - look.ticks >= STOLEN_TICKS) tell(look.atMs, nowMs);
    look = { atMs: nowMs, ticks };
  }
}

/** At once: the loop lets nothing else happen. @param {number} fromMs @param {number} toMs */
function tell(fromMs, toMs) {
  const stall = { fromMs: performance.timeOrigin + fromMs, toMs: performance.timeOrigin + toMs };
  writeSync(1, `${JSON.stringify(stall)}\n`);
}

/** What the host has taken since it began, where it says so. */
function stolenTicks() {
  return process.platform === 'linux' ? stolenTicksIn(readFileSync('/proc/stat', 'utf8')) : 0;
}

/** Of all cores, in the text of /proc/stat (proc(5)). Unit: ticks of 10 ms. @param {string} stat */
export function stolenTicksIn(stat) {
  return Number(STEAL.exec(stat)?.[1] ?? 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) watch();
