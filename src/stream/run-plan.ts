/**
 * What a run does with a hop. `prime`: only the encoders' memory is filled. `warm`: the features are remembered,
 * nothing sounds. `body`: the hop sounds. `tail`: the hop after the run's end, heard while the next run fades in.
 */
export type RunRole = 'prime' | 'warm' | 'body' | 'tail';

/** One run's part in a hop. */
export type RunTask = {
  readonly run: number;
  readonly role: RunRole;
  /** The run's first body hop: its state starts here. */
  readonly isFirst: boolean;
  /** Nothing of this run comes after this hop. */
  readonly isLast: boolean;
};

export type RunPlanOptions = {
  /** Hops from one anchor to the next: a run's body. */
  readonly anchorHops: number;
  /** Hops of features a run has seen before its anchor. */
  readonly warmHops: number;
  /** Hops the encoders need before their features count. */
  readonly primeHops: number;
  /** Whether a run sounds one hop beyond its end, for the next to fade in over. */
  readonly hasTail: boolean;
  /** Whether the first run of the media, too, is warmed, with hops before the media's start. */
  readonly warmsBeforeStart: boolean;
};

/** The hops that must flow for a span to sound. */
export type HopSpan = { readonly firstHop: number; readonly firstRun: number };

/**
 * Divides endless media into runs that are computed independently of each other, from one anchor to the next.
 * Pure: the same hop always has the same tasks, so a span can be rendered alone, in pieces, or on several lanes.
 */
export class RunPlan {
  readonly #options: RunPlanOptions;

  constructor(options: RunPlanOptions) {
    this.#options = options;
  }

  /** Hops from one anchor to the next. */
  get anchorHops(): number {
    return this.#options.anchorHops;
  }

  /**
   * Where to begin so that everything from `hop` on sounds as in the whole: at a run's first hop one run earlier,
   * for its tail.
   */
  spanFrom(hop: number): HopSpan {
    const { anchorHops } = this.#options;
    const run = Math.floor(hop / anchorHops);
    const firstRun = Math.max(0, hop % anchorHops === 0 ? run - 1 : run);
    return { firstRun, firstHop: this.#leadInHop(firstRun) };
  }

  /** The tasks of a hop among the runs from `firstRun` on, oldest run first. */
  tasksAt(hop: number, firstRun: number): RunTask[] {
    const { anchorHops, warmHops, primeHops, hasTail } = this.#options;
    const oldest = Math.max(firstRun, Math.floor(hop / anchorHops) - 1);
    const newest = Math.max(firstRun, Math.floor((hop + warmHops + primeHops) / anchorHops));
    const tasks: RunTask[] = [];
    for (let run = oldest; run <= newest; run += 1) {
      const role = this.#roleOf(run, hop);
      if (!role) continue;
      const start = run * anchorHops;
      const lastHop = start + anchorHops - (hasTail ? 0 : 1);
      tasks.push({ run, role, isFirst: hop === start, isLast: hop === lastHop });
    }
    return tasks;
  }

  #roleOf(run: number, hop: number): RunRole | undefined {
    const { anchorHops, hasTail } = this.#options;
    const start = run * anchorHops;
    if (hop >= start + anchorHops) return hasTail && hop === start + anchorHops ? 'tail' : undefined;
    if (hop >= start) return 'body';
    if (hop >= start - this.#warmHopsOf(run)) return 'warm';
    return hop >= this.#leadInHop(run) ? 'prime' : undefined;
  }

  #warmHopsOf(run: number): number {
    const { anchorHops, warmHops, warmsBeforeStart } = this.#options;
    return warmsBeforeStart ? warmHops : Math.min(warmHops, run * anchorHops);
  }

  #leadInHop(run: number): number {
    return run * this.#options.anchorHops - this.#warmHopsOf(run) - this.#options.primeHops;
  }
}
