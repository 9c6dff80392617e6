import { assertPositiveInteger } from '../stream/assertions.js';

export type StepGovernorOptions = {
  /** The most steps, and what it begins with. */
  readonly maxSteps: number;
  /** A hop's length: what one may cost in the long run. Unit: ms. */
  readonly hopMs: number;
  /** A hop that is ready so long before its deadline is in no danger. Unit: ms. */
  readonly safeSlackMs: number;
};

/** How one hop went. */
export type HopOutcome = {
  /** Time left to its deadline when it was ready; negative if it was missed. Unit: ms. */
  readonly slackMs: number;
  /** What its computing took. Unit: ms. */
  readonly computeMs: number;
  /** The part of that which a step of the flow takes. Unit: ms. */
  readonly stepMs: number;
};

/** A change of steps, and why. */
export type StepChange = { readonly from: number; readonly to: number; readonly forecastSlackMs: number };

/** Hops that are looked back at: long enough to see a trend, short enough to act before a deadline is missed. */
const RECENT_HOPS = 4;

/** Hops that must pass before the effect of a change can be told. */
const SETTLE_HOPS = 3;

/** Hops without danger after which a step is tried again; doubled each time that it had to be taken back. */
const CALM_HOPS = 50;
const MAX_CALM_HOPS = 800;

/** A share of the hop that computing may fill with one step more. */
const BUSY_SHARE = 0.7;

/**
 * Decides the flow's steps of one session from how its hops go: fewer as soon as the forecast for the next hop comes
 * near its deadline, more again only after a long calm (hysteresis). Pure: the same outcomes give the same decisions.
 */
export class StepGovernor {
  #options: StepGovernorOptions;
  #steps: number;
  #recent: HopOutcome[] = [];
  #hopsSinceChange = 0;
  #calmHops = 0;
  #neededCalm = CALM_HOPS;
  #wasRaised = false;
  #changes = 0;

  /** @throws {TypeError | RangeError} If `maxSteps` is not a positive integer */
  constructor(options: StepGovernorOptions) {
    assertPositiveInteger(options.maxSteps, 'maxSteps');
    this.#options = options;
    this.#steps = options.maxSteps;
  }

  /** Steps for the hops from now on. */
  get steps(): number {
    return this.#steps;
  }

  /** How often the machine's load changed them. */
  get changes(): number {
    return this.#changes;
  }

  /** The person wants another number of steps at most: in force at once, and not counted as a change. */
  setMaxSteps(maxSteps: number): void {
    assertPositiveInteger(maxSteps, 'maxSteps');
    const isDegraded = this.#steps < this.#options.maxSteps;
    this.#options = { ...this.#options, maxSteps };
    this.#steps = isDegraded ? Math.min(this.#steps, maxSteps) : maxSteps;
    this.#recent = [];
  }

  /** Takes in how a hop went. Returns the change that follows from it, if any. */
  observe(outcome: HopOutcome): StepChange | undefined {
    this.#recent = [...this.#recent, outcome].slice(-RECENT_HOPS);
    this.#hopsSinceChange += 1;
    const forecastSlackMs = forecastOf(this.#recent);
    const isInDanger = forecastSlackMs < this.#options.safeSlackMs / 2;
    this.#calmHops = isInDanger ? 0 : this.#calmHops + 1;
    if (isInDanger) return this.#lower(forecastSlackMs);
    return this.#calmHops >= this.#neededCalm ? this.#raise(outcome, forecastSlackMs) : undefined;
  }

  #lower(forecastSlackMs: number): StepChange | undefined {
    if (this.#steps === 1 || this.#hopsSinceChange < SETTLE_HOPS) return undefined;
    if (this.#wasRaised) this.#neededCalm = Math.min(MAX_CALM_HOPS, 2 * this.#neededCalm);
    this.#wasRaised = false;
    return this.#change(this.#steps - 1, forecastSlackMs);
  }

  #raise({ computeMs, stepMs }: HopOutcome, forecastSlackMs: number): StepChange | undefined {
    const { maxSteps, hopMs, safeSlackMs } = this.#options;
    if (this.#steps >= maxSteps) {
      // It has held: what was learned of this machine's load is forgotten slowly.
      this.#neededCalm = Math.max(CALM_HOPS, this.#neededCalm / 2);
      this.#wasRaised = false;
      this.#calmHops = 0;
      return undefined;
    }
    if (forecastSlackMs - stepMs < safeSlackMs || computeMs + stepMs > BUSY_SHARE * hopMs) return undefined;
    this.#wasRaised = true;
    return this.#change(this.#steps + 1, forecastSlackMs);
  }

  #change(to: number, forecastSlackMs: number): StepChange {
    const change = { from: this.#steps, to, forecastSlackMs };
    this.#steps = to;
    this.#changes += 1;
    this.#hopsSinceChange = 0;
    this.#calmHops = 0;
    this.#recent = [];
    return change;
  }
}

/**
 * The least slack of the recent hops, less what it shrank from the older half of them to the newer: the next one's, at
 * worst. One slow hop is no trend.
 */
function forecastOf(recent: readonly HopOutcome[]): number {
  const slacks = recent.map(({ slackMs }) => slackMs);
  const half = Math.floor(slacks.length / 2);
  const fall = half === 0 ? 0 : mean(slacks.slice(0, half)) - mean(slacks.slice(-half));
  return Math.min(...slacks) - Math.max(0, fall);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
