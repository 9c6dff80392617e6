import { waitBeforeTry } from './backoff.js';
import { FailureError, failureOf, passes, type Failure } from './failures.js';
import type { Peer } from './peer.js';

/** `waiting` tries again by itself at `untilMs` (of `performance.now()`). */
export type ConnectionState =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting' }
  | { readonly state: 'live'; readonly peer: Peer; readonly wasRegained: boolean }
  | {
      readonly state: 'waiting';
      readonly failure: Failure;
      readonly untilMs: number;
      readonly attempt: number;
    }
  | { readonly state: 'failed'; readonly failure: Failure };

export type ConnectionOptions = {
  readonly makePeer: (onLost: () => void) => Peer;
  readonly onState: (state: ConnectionState) => void;
};

/** Holds one peer connection to the server up: connects, and when it breaks waits and connects anew, until `stop()`. */
export class Connection {
  readonly #options: ConnectionOptions;
  #isStopped = false;
  #peer: Peer | undefined;
  /** Ends what is being waited for: a loss of the connection, or a pause. */
  #interrupt: () => void = () => undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Resolves when the connection is over: stopped, or failed for good. */
  async run(): Promise<void> {
    const { onState } = this.#options;
    let wasLive = false;
    for (let attempt = 1; !this.#isStopped; attempt += 1) {
      onState({ state: 'connecting' });
      const failure = await this.#once(() => {
        onState({ state: 'live', peer: this.#peer!, wasRegained: wasLive });
        wasLive = true;
        attempt = 0;
      });
      if (this.#isStopped) break;
      // After a loss the server may keep the name for a while for the one who vanished: us.
      const canPass = passes(failure) || (wasLive && failure.kind === 'name-taken');
      const waitMs = canPass ? pauseBefore(attempt + 1, failure) : undefined;
      if (waitMs === undefined) {
        const last: Failure = canPass ? { kind: 'given-up', tries: attempt } : failure;
        return void onState({ state: 'failed', failure: last });
      }
      onState({ state: 'waiting', failure, untilMs: performance.now() + waitMs, attempt: attempt + 1 });
      await this.#interrupted(waitMs);
    }
    onState({ state: 'idle' });
  }

  /** Says that the connection is of no use any more, whatever it says of itself: it is made anew. */
  lose(): void {
    if (this.#peer) this.#interrupt();
  }

  /** Does not wait for the next try any longer. */
  tryNow(): void {
    if (!this.#peer) this.#interrupt();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#interrupt();
    await this.#peer?.close();
  }

  /** One connection from its making to its loss; resolves to why it is no more. */
  async #once(onLive: () => void): Promise<Failure> {
    const peer = this.#options.makePeer(() => this.lose());
    this.#peer = peer;
    try {
      await peer.connect();
      if (this.#isStopped) return { kind: 'lost' };
      onLive();
      await this.#interrupted();
      return { kind: 'lost' };
    } catch (error) {
      return failureOf(error instanceof Error ? error : new FailureError({ kind: 'lost' }));
    } finally {
      this.#peer = undefined;
      void peer.close();
    }
  }

  #interrupted(withinMs?: number): Promise<void> {
    return new Promise((resolve) => {
      this.#interrupt = resolve;
      if (withinMs !== undefined) setTimeout(resolve, withinMs);
    });
  }
}

function pauseBefore(attempt: number, failure: Failure): number | undefined {
  if (failure.kind === 'full' || failure.kind === 'not-live') return 1000 * failure.retrySeconds;
  return waitBeforeTry(attempt, Math.random());
}
