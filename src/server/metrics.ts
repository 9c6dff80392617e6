import { Counter, Gauge, Registry } from 'prom-client';
import type { LiveMetrics } from '../live/live-metrics.js';
import type { StreamHost } from '../live/stream-host.js';
import { EventLoopMonitor } from './event-loop-delay.js';
import { StageHistogram } from './stage-histogram.js';
import { addStreamMetrics } from './stream-metrics.js';

/** What `/metrics` gives: figures of the process, the streams and, where the engine counts them, its stages. */
export class ServerMetrics {
  readonly #registry = new Registry();
  readonly #eventLoop = new EventLoopMonitor();
  readonly #refresh: readonly (() => void)[];

  constructor(host: StreamHost, options: { readonly maxStreams: number; readonly live?: () => LiveMetrics }) {
    const { maxStreams, live } = options;
    const showStreams = addStreamMetrics(this.#registry, maxStreams);
    this.#refresh = [
      () => showStreams(host.streams()),
      addProcess(this.#registry, this.#eventLoop),
      ...(live === undefined ? [] : [addLive(this.#registry, live)]),
    ];
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The figures of now, in Prometheus' text format. */
  async text(): Promise<string> {
    for (const refresh of this.#refresh) refresh();
    return this.#registry.metrics();
  }

  close(): void {
    this.#eventLoop.close();
  }
}

function addProcess(registry: Registry, eventLoop: EventLoopMonitor): () => void {
  const registers = [registry];
  const delay = new Gauge({
    name: 'livefoley_event_loop_delay_seconds',
    help: 'How late the event loop came to its timers.',
    labelNames: ['quantile'],
    registers,
  });
  const memory = new Gauge({
    name: 'livefoley_memory_bytes',
    help: 'Memory of the main process.',
    labelNames: ['kind'],
    registers,
  });
  const cpu = new Counter({
    name: 'livefoley_cpu_seconds_total',
    help: 'CPU time of the main process.',
    registers,
  });
  const uptime = new Gauge({
    name: 'livefoley_uptime_seconds',
    help: 'How long the process runs.',
    registers,
  });
  return () => {
    const { p50, p99, max } = eventLoop.read();
    for (const [quantile, ms] of [
      ['0.5', p50],
      ['0.99', p99],
      ['1', max],
    ] as const)
      delay.set({ quantile }, ms / 1000);
    for (const [kind, bytes] of Object.entries<number>({ ...process.memoryUsage() }))
      memory.set({ kind }, bytes);
    const { user, system } = process.cpuUsage();
    cpu.reset();
    cpu.inc((user + system) / 1e6);
    uptime.set(process.uptime());
  };
}

function addLive(registry: Registry, live: () => LiveMetrics): () => void {
  const registers = [registry];
  registry.registerMetric(
    new StageHistogram(
      { name: 'livefoley_stage_compute_seconds', help: 'Computing of a hop by stage.', label: 'stage' },
      () => live().stageTimes,
    ),
  );
  registry.registerMetric(
    new StageHistogram(
      { name: 'livefoley_lateness_seconds', help: 'How late it was done.', label: 'what' },
      () => new Map([['pacer', live().pacerLateness]]),
    ),
  );
  const drops = new Counter({
    name: 'livefoley_queue_drops_total',
    help: 'What bounded queues dropped.',
    labelNames: ['queue'],
    registers,
  });
  const peers = new Gauge({ name: 'livefoley_sessions', help: 'Peers that stand.', registers });
  return () => {
    const { queueDrops, peers: count } = live();
    drops.reset();
    for (const [queue, dropped] of queueDrops) drops.inc({ queue }, dropped);
    peers.set(count);
  };
}
