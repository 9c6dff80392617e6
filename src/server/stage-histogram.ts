import { Histogram, type MetricObjectWithValues, type MetricValueWithName } from 'prom-client';
import { TIME_BINS_MS, type TimeBins } from '../live/live-metrics.js';

type Values = MetricObjectWithValues<MetricValueWithName<string>>;

/** A Prometheus histogram that shows times which were counted elsewhere, in seconds. */
export class StageHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #label: string;
  readonly #read: () => ReadonlyMap<string, TimeBins>;

  constructor(
    options: { readonly name: string; readonly help: string; readonly label: string },
    read: () => ReadonlyMap<string, TimeBins>,
  ) {
    const { name, help, label } = options;
    super({ name, help, labelNames: [label], registers: [] });
    this.#name = name;
    this.#help = help;
    this.#label = label;
    this.#read = read;
  }

  /** What the registry asks for its text. */
  getForPromString(): Promise<Values> {
    const values = [...this.#read()].flatMap(([key, bins]) => this.#values(this.#name, key, bins));
    return Promise.resolve({
      name: this.#name,
      help: this.#help,
      // Its package types an enum that it does not have.
      type: 'histogram' as unknown as Values['type'],
      aggregator: 'sum',
      collect: () => undefined,
      values,
    });
  }

  #values(name: string, key: string, bins: TimeBins): MetricValueWithName<string>[] {
    const labels = { [this.#label]: key };
    let total = 0;
    const buckets = Array.from(bins.counts, (count, i) => {
      total += count;
      const bound = TIME_BINS_MS[i];
      const le = bound === undefined ? '+Inf' : bound / 1000;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: bins.sumMs / 1000 },
      { metricName: `${name}_count`, labels, value: total },
    ];
  }
}
