import uPlot from 'uplot';
import type { HopReport, StreamReport } from '../../src/live/stream-report.js';
import { node, setText } from './element.js';

const SHOWN_MS = 60_000;
const LATE = '#d8432f';

/** What each chunk of sound cost against what it may cost. */
export class ComputeChart {
  readonly #host = node('compute-chart');
  #hops: readonly HopReport[] = [];
  #budgetMs = 0;
  #plot: uPlot | undefined;

  constructor() {
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#host);
    this.#summarise(undefined);
  }

  add(report: StreamReport): void {
    const newestMs = this.#hops.at(-1)?.atMs ?? -Infinity;
    // A stream that was begun anew counts from its own start.
    const isAnew = report.recentHops.length > 0 && report.recentHops.at(-1)!.atMs < newestMs;
    const known = isAnew ? [] : this.#hops;
    const lastMs = known.at(-1)?.atMs ?? -Infinity;
    const hops = [...known, ...report.recentHops.filter(({ atMs }) => atMs > lastMs)];
    const fromMs = (hops.at(-1)?.atMs ?? 0) - SHOWN_MS;
    this.#hops = hops.filter(({ atMs }) => atMs >= fromMs);
    this.#budgetMs = report.hopBudgetMs;
    this.#plot ??= new uPlot(this.#options(), this.#data(), this.#host);
    this.#plot.setData(this.#data());
    this.#summarise(report);
  }

  clear(): void {
    this.#hops = [];
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#summarise(undefined);
  }

  /** Takes over the colours of the page. */
  recolour(): void {
    this.#plot?.destroy();
    this.#plot = this.#plot && new uPlot(this.#options(), this.#data(), this.#host);
  }

  #summarise(report: StreamReport | undefined): void {
    const words = report
      ? `half within ${ms(report.computeMs.p50)}, 99 of 100 within ${ms(report.computeMs.p99)}; the deadline is ${ms(report.hopBudgetMs)}`
      : 'against the deadline';
    setText(node('compute-summary'), words);
    this.#host.setAttribute('aria-label', report ? `Chunk times: ${words}` : 'No chunk computed yet');
  }

  #data(): uPlot.AlignedData {
    const newestMs = this.#hops.at(-1)?.atMs ?? 0;
    return [
      this.#hops.map(({ atMs }) => (atMs - newestMs) / 1000),
      this.#hops.map(({ computeMs }) => computeMs),
      this.#hops.map(({ computeMs, slackMs }) => (slackMs < 0 ? computeMs : null)),
      this.#hops.map(() => this.#budgetMs),
    ];
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(120, this.#host.clientWidth), height: Math.max(120, this.#host.clientHeight) };
  }

  #options(): uPlot.Options {
    const styles = getComputedStyle(this.#host);
    const axis = {
      stroke: styles.color,
      font: `11px ${styles.fontFamily}`,
      ticks: { show: false },
      border: { show: false },
    };
    const grid = { stroke: styles.borderTopColor, width: 1 };
    return {
      ...this.#size(),
      padding: [10, 18, 0, 0],
      hooks: { draw: [nameDeadline] },
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: { time: false, range: (_, lowest) => [Math.min(-10, lowest), 0] },
        y: { range: (_plot, _lowest, highest) => [0, Math.max(this.#budgetMs * 1.25, highest * 1.05)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 26,
          gap: 8,
          values: (_, at) => at.map(agoWords),
        },
        { ...axis, grid, size: 52, values: (_, at) => at.map(ms) },
      ],
      series: [
        {},
        { stroke: styles.outlineColor, width: 1.5, points: { show: false } },
        { stroke: LATE, width: 0, points: { show: true, size: 5, fill: LATE } },
        { stroke: LATE, width: 1, dash: [5, 4], points: { show: false } },
      ],
    };
  }
}

function ms(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** Nothing at the left edge, where the other axis has its nought. */
function agoWords(seconds: number, index: number): string {
  if (index === 0) return '';
  return seconds === 0 ? 'now' : `−${-seconds} s`;
}

/** Writes over the line what it is. */
function nameDeadline(plot: uPlot): void {
  const budgetMs = plot.data[3]?.at(-1);
  if (typeof budgetMs !== 'number') return;
  const { ctx: context, bbox } = plot;
  context.save();
  context.fillStyle = LATE;
  context.textAlign = 'right';
  context.textBaseline = 'bottom';
  context.font = `${11 * devicePixelRatio}px ${getComputedStyle(plot.root).fontFamily}`;
  const above = 3 * devicePixelRatio;
  context.fillText('deadline', bbox.left + bbox.width, plot.valToPos(budgetMs, 'y', true) - above);
  context.restore();
}
