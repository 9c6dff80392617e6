/** What a running server's processes and its /metrics say, and how two readings differ. */
import { readFileSync } from 'node:fs';
import { quantile } from './quantiles.js';

const TICKS_A_SECOND = 100;

/**
 * @typedef {object} Reading
 * @property {number} atMs
 * @property {number} serverCpuSeconds
 * @property {number} laneCpuSeconds NaN where the platform does not say
 * @property {number} serverMb
 * @property {number} lanesMb
 * @property {ReadonlyMap<string, number>} metrics By name and labels, as they stand in the text
 */

/**
 * @param {import('../test/e2e/start-server.js').RunningServer} server
 * @returns {Promise<Reading>}
 */
export async function readServer(server) {
  const text = await (await server.fetch('/metrics')).text();
  const metrics = new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(
        (line) =>
          /** @type {const} */ ([line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
      ),
  );
  const lanes = server.lanePids().map(processOf);
  return {
    atMs: performance.now(),
    serverCpuSeconds: metrics.get('livefoley_cpu_seconds_total') ?? Number.NaN,
    laneCpuSeconds: lanes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    serverMb: (metrics.get('livefoley_memory_bytes{kind="rss"}') ?? Number.NaN) / 1e6,
    lanesMb: lanes.reduce((sum, { residentMb }) => sum + residentMb, 0),
    metrics,
  };
}

/**
 * CPU seconds a second between two readings.
 * @param {Reading} from
 * @param {Reading} to
 */
export function cpuBetween(from, to) {
  const seconds = (to.atMs - from.atMs) / 1000;
  return {
    server: (to.serverCpuSeconds - from.serverCpuSeconds) / seconds,
    lanes: (to.laneCpuSeconds - from.laneCpuSeconds) / seconds,
  };
}

/**
 * Quantiles of how late the pacer was between two readings: the upper bound of the bin that holds each. Unit: ms.
 * @param {Reading} from
 * @param {Reading} to
 */
export function pacerLatenessBetween(from, to) {
  const bins = [...to.metrics]
    .filter(([name]) => name.startsWith('livefoley_lateness_seconds_bucket') && name.includes('pacer'))
    .map(([name, count]) => ({
      boundMs: 1000 * Number(/le="([^"]+)"/.exec(name)?.[1]?.replace('+Inf', 'Infinity')),
      count: count - (from.metrics.get(name) ?? 0),
    }))
    .sort((a, b) => a.boundMs - b.boundMs);
  const total = bins.at(-1)?.count ?? 0;
  /** @param {number} share */
  const at = (share) => bins.find(({ count }) => count >= share * total)?.boundMs ?? Number.NaN;
  return { p50AtMost: at(0.5), p99AtMost: at(0.99), blocks: total };
}

/** How late the event loop lately was. Unit: ms. @param {Reading} reading */
export function eventLoopDelayMs({ metrics }) {
  return 1000 * (metrics.get('livefoley_event_loop_delay_seconds{quantile="0.99"}') ?? Number.NaN);
}

/** @param {readonly number[]} values */
export function spread(values) {
  return {
    p50: rounded(quantile(values, 0.5)),
    p95: rounded(quantile(values, 0.95)),
    p99: rounded(quantile(values, 0.99)),
    count: values.length,
  };
}

/** To a tenth. @param {number} value */
export function rounded(value) {
  return Math.round(10 * value) / 10;
}

/** @param {number} pid */
function processOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND,
      residentMb: (pages * 4096) / 1e6,
    };
  } catch {
    return { cpuSeconds: Number.NaN, residentMb: Number.NaN }; // It has ended since.
  }
}
