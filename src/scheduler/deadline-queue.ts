import { assertPositiveInteger } from '../stream/assertions.js';

type Waiting = {
  readonly deadlineMs: number;
  readonly order: number;
  readonly resolve: (turn: Turn) => void;
};

/** Leave to compute one hop. */
export type Turn = {
  /** The hop is done, or given up: the next may go. Idempotent. */
  readonly end: () => void;
};

/**
 * Gives the sessions of one lane their turns, a hop at a time: of those that wait, the one whose deadline is earliest;
 * of equal deadlines the one that asked first. Nothing is taken back once given. Knows neither models nor time.
 * Based on: earliest deadline first, Liu and Layland 1973.
 */
export class DeadlineQueue {
  readonly #atOnce: number;
  readonly #waiting: Waiting[] = [];
  #underWay = 0;
  #order = 0;

  /** @throws {TypeError | RangeError} If `atOnce`, the hops that may be under way together, is not a positive integer */
  constructor(atOnce: number) {
    assertPositiveInteger(atOnce, 'atOnce');
    this.#atOnce = atOnce;
  }

  /** Turns given and not ended. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Hops that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when the hop due by then may be computed; with undefined, if the signal aborts before. */
  take(deadlineMs: number, signal?: AbortSignal): Promise<Turn | undefined> {
    if (signal?.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const waiting: Waiting = {
        deadlineMs,
        order: this.#order++,
        resolve: (turn) => {
          signal?.removeEventListener('abort', leave);
          resolve(turn);
        },
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(undefined);
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
      this.#giveTurns();
    });
  }

  #giveTurns(): void {
    while (this.#underWay < this.#atOnce && this.#waiting.length > 0) {
      const next = this.#waiting.reduce((first, each) => (isBefore(each, first) ? each : first));
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#underWay += 1;
      next.resolve(this.#turn());
    }
  }

  #turn(): Turn {
    let isOver = false;
    return {
      end: () => {
        if (isOver) return;
        isOver = true;
        this.#underWay -= 1;
        this.#giveTurns();
      },
    };
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.deadlineMs === b.deadlineMs ? a.order < b.order : a.deadlineMs < b.deadlineMs;
}
