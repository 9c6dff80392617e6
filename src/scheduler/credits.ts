import { Subject, type Observable } from 'rxjs';
import { assertPositiveInteger } from '../stream/assertions.js';

export type CreditsOptions = {
  /** Audio frames a hop adds to the ring. */
  readonly hopFrames: number;
  /** What the ring holds. Unit: audio frames. */
  readonly capacityFrames: number;
  /** Hops that may be under way at once. */
  readonly maxHops: number;
};

/**
 * Demand: as many hops may be under way as fit into the ring beside what it holds, and never more than `maxHops`.
 * Each credit is the number of the hop it is for. Knows neither time nor models.
 */
export class Credits {
  readonly credits$: Observable<number>;
  readonly #hops$ = new Subject<number>();
  readonly #options: CreditsOptions;
  #nextHop: number;
  #settledHop: number;
  #highWater = 0;
  #levelFrames = 0;
  #granting = false;
  #ended = false;

  /** @throws {TypeError | RangeError} If an option is not a positive integer, or no hop fits into the ring */
  constructor(options: CreditsOptions, firstHop: number) {
    assertPositiveInteger(options.hopFrames, 'hopFrames');
    assertPositiveInteger(options.capacityFrames, 'capacityFrames');
    assertPositiveInteger(options.maxHops, 'maxHops');
    if (options.capacityFrames < options.hopFrames) {
      throw new RangeError(
        `capacityFrames must hold a hop of ${options.hopFrames}, received ${options.capacityFrames}`,
      );
    }
    this.#options = options;
    this.#nextHop = firstHop;
    this.#settledHop = firstHop;
    this.credits$ = this.#hops$.asObservable();
  }

  /** Hops granted and not settled. */
  get underWay(): number {
    return this.#nextHop - this.#settledHop;
  }

  /** The most that were ever under way. */
  get highWater(): number {
    return this.#highWater;
  }

  /** Grants what the ring's level allows. */
  grant(levelFrames: number): void {
    this.#levelFrames = levelFrames;
    // A hop can be settled while its credit is still being handed out; the outer call then goes on, by the new level.
    if (this.#granting) return;
    this.#granting = true;
    try {
      while (this.#mayGrant()) {
        const hop = this.#nextHop++;
        this.#highWater = Math.max(this.#highWater, this.underWay);
        this.#hops$.next(hop);
      }
    } finally {
      this.#granting = false;
    }
  }

  /** The hops before this one have reached the ring, or had no sound. */
  settleUpTo(hop: number): void {
    this.#settledHop = Math.max(this.#settledHop, Math.min(hop, this.#nextHop));
  }

  /** No more credits. */
  end(): void {
    this.#ended = true;
    this.#hops$.complete();
  }

  #mayGrant(): boolean {
    const { hopFrames, capacityFrames, maxHops } = this.#options;
    if (this.#ended || this.underWay >= maxHops) return false;
    return this.#levelFrames + (this.underWay + 1) * hopFrames <= capacityFrames;
  }
}
