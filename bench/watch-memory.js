import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { drawFrames } from './drawn-frames.js';

const SAMPLES_A_MINUTE = 20;

/**
 * Resident memory of this process and the lanes along one long input, computed as fast as it goes: the lowest of
 * 20 samples of each minute of wall time, and how much the last minute's lies above that of the second (the first
 * minute warms up).
 *
 * @param {import('livefoley').Engine} engine
 * @param {number} minutes Wall time
 */
export async function watchMemory(engine, minutes) {
  const stop = new AbortController();
  const session = engine.score(drawFrames(engine.bundle.picture, Infinity), { seed: 1, signal: stop.signal });
  /** @type {number[]} */
  const samples = [];
  const timer = setInterval(() => samples.push(residentMb(engine)), 60_000 / SAMPLES_A_MINUTE);
  const endMs = performance.now() + minutes * 60_000;
  let blocks = 0;
  for await (const _ of session.blocks) {
    blocks += 1;
    if (performance.now() > endMs) break;
  }
  clearInterval(timer);
  /** @type {number[]} */
  const lowestMb = [];
  for (let i = 0; i + SAMPLES_A_MINUTE <= samples.length + 1; i += SAMPLES_A_MINUTE) {
    lowestMb.push(Math.min(...samples.slice(i, i + SAMPLES_A_MINUTE)));
  }
  const baseline = lowestMb[Math.min(1, lowestMb.length - 1)] ?? Number.NaN;
  return {
    minutes,
    soundHours: blocks / 360_000,
    lowestMb,
    growthMb: (lowestMb.at(-1) ?? Number.NaN) - baseline,
  };
}

/** @param {import('livefoley').Engine} engine Unit: MB; NaN where the platform does not say. */
function residentMb(engine) {
  const lanes = engine.lanePids.reduce((sum, pid) => sum + residentOf(pid), 0);
  return (process.memoryUsage.rss() + lanes) / 1e6;
}

/** @param {number} pid @returns {number} Bytes */
function residentOf(pid) {
  if (platform() === 'linux') return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  if (platform() === 'win32') {
    const command = `(Get-Process -Id ${pid}).WorkingSet64`;
    return Number(execFileSync('powershell', ['-NoProfile', '-Command', command], { encoding: 'utf8' }));
  }
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;
}
