import { Counter, Gauge, type Registry } from 'prom-client';
import type { Quantiles, StreamReport, StreamState } from '../live/stream-report.js';

const STATES: readonly StreamState[] = ['waiting', 'live', 'frozen', 'lost'];

type Figure = {
  readonly name: string;
  readonly help: string;
  readonly kind: 'gauge' | 'counter';
  readonly read: (report: StreamReport) => number;
};

const FIGURES: readonly Figure[] = [
  { name: 'listeners', help: 'Peers that hear it.', kind: 'gauge', read: (stream) => stream.listeners },
  {
    name: 'duration_seconds',
    help: 'How long it runs.',
    kind: 'gauge',
    read: (stream) => stream.durationSeconds,
  },
  {
    name: 'delay_seconds',
    help: 'Picture captured to sound sent.',
    kind: 'gauge',
    read: ({ delayMs }) => delayMs.total / 1000,
  },
  {
    name: 'hop_budget_seconds',
    help: 'What a hop may cost.',
    kind: 'gauge',
    read: ({ hopBudgetMs }) => hopBudgetMs / 1000,
  },
  { name: 'steps', help: 'Steps of the flow in force.', kind: 'gauge', read: (stream) => stream.stepsNow },
  {
    name: 'pictures_per_second',
    help: 'Pictures that come.',
    kind: 'gauge',
    read: ({ picture }) => picture.framesPerSecond,
  },
  { name: 'level_rms_db', help: 'Sound handed out, dBFS.', kind: 'gauge', read: ({ level }) => level.rmsDb },
  {
    name: 'deadline_misses_total',
    help: 'Hops that were late.',
    kind: 'counter',
    read: (stream) => stream.deadlineMisses,
  },
  {
    name: 'underruns_total',
    help: 'Gaps in the sound.',
    kind: 'counter',
    read: (stream) => stream.underruns,
  },
  {
    name: 'underrun_seconds_total',
    help: 'Sound that was missing.',
    kind: 'counter',
    read: ({ underrunMs }) => underrunMs / 1000,
  },
  {
    name: 'steps_changes_total',
    help: 'Changes of the steps.',
    kind: 'counter',
    read: (stream) => stream.stepsChanges,
  },
  {
    name: 'lane_restarts_total',
    help: 'Lanes that died under it.',
    kind: 'counter',
    read: (stream) => stream.laneRestarts,
  },
  {
    name: 'dropped_pictures_total',
    help: 'Pictures dropped.',
    kind: 'counter',
    read: ({ picture }) => picture.droppedFrames,
  },
];

/**
 * Adds the figures of streams, labelled with their names, to a registry.
 * @returns Shows these streams from now on, and none that ended. Names come from clients: at most `maxStreams` are shown
 */
export function addStreamMetrics(
  registry: Registry,
  maxStreams: number,
): (reports: readonly StreamReport[]) => void {
  const registers = [registry];
  const figures = FIGURES.map((figure) => ({ figure, metric: createMetric(figure, registry) }));
  const count = new Gauge({
    name: 'livefoley_streams',
    help: 'Streams now, by state.',
    labelNames: ['state'],
    registers,
  });
  const sessions = new Gauge({ name: 'livefoley_listeners', help: 'Listeners of all streams.', registers });
  const compute = new Gauge({
    name: 'livefoley_stream_hop_compute_seconds',
    help: 'Computing of a hop over the last minute.',
    labelNames: ['stream', 'quantile'],
    registers,
  });
  return (all) => {
    const reports = all.slice(0, maxStreams);
    for (const state of STATES) count.set({ state }, all.filter((each) => each.state === state).length);
    sessions.set(all.reduce((sum, { listeners }) => sum + listeners, 0));
    for (const { figure, metric } of figures) {
      metric.reset();
      for (const report of reports) metric.inc({ stream: report.name }, finite(figure, report));
    }
    compute.reset();
    for (const { name, computeMs } of reports) showQuantiles(compute, name, computeMs);
  };
}

function createMetric({ name, help, kind }: Figure, registry: Registry): Gauge | Counter {
  const options = { name: `livefoley_stream_${name}`, help, labelNames: ['stream'], registers: [registry] };
  return kind === 'gauge' ? new Gauge(options) : new Counter(options);
}

function finite({ kind, read }: Figure, report: StreamReport): number {
  const value = read(report);
  if (!Number.isFinite(value)) return 0;
  return kind === 'counter' ? Math.max(0, value) : value;
}

function showQuantiles(gauge: Gauge, stream: string, { p50, p95, p99 }: Quantiles): void {
  for (const [quantile, ms] of [
    ['0.5', p50],
    ['0.95', p95],
    ['0.99', p99],
  ] as const) {
    if (Number.isFinite(ms)) gauge.set({ stream, quantile }, ms / 1000);
  }
}
