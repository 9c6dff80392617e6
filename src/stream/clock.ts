/** A source of time; a stage that needs time takes one of these, so that tests can hold it. */
export interface Clock {
  /** Milliseconds from an arbitrary start, never going back. */
  nowMs(): number;
  /** Resolves at `nowMs() >= atMs`, or as soon as the signal aborts; never rejects. May be late, never early. */
  waitUntilMs(atMs: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  waitUntilMs: (atMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      let timer: NodeJS.Timeout;
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const arm = (): void =>
        void (timer = setTimeout(fire, Math.max(0, Math.ceil(atMs - performance.now()))));
      // Timers count whole milliseconds from the start of their turn, so one may fire a little too soon.
      const fire = (): void => (performance.now() < atMs ? arm() : done());
      signal?.addEventListener('abort', done, { once: true });
      arm();
    }),
};
