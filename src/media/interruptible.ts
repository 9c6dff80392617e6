/**
 * An async iterable whose `return()` takes effect at once, also while a `next()` is pending: a plain async generator
 * would first wait for the data that may never come. Each iteration starts `generate` anew; its signal is aborted by
 * `return()` and by the outer signal. After an outer abort `next()` rejects with the signal's reason.
 */
export function interruptible<T>(
  generate: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
  outer: AbortSignal | undefined,
): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<T, void, undefined> {
      const stop = new AbortController();
      const stopWithOuter = () => stop.abort(outer?.reason);
      if (outer?.aborted === true) stopWithOuter();
      else outer?.addEventListener('abort', stopWithOuter, { once: true });
      const frames = generate(stop.signal);
      const release = () => outer?.removeEventListener('abort', stopWithOuter);
      return {
        async next() {
          const result = await frames.next().catch((error: unknown) => {
            release();
            throw outer?.aborted === true ? outer.reason : error;
          });
          if (outer?.aborted === true) throw outer.reason;
          if (result.done === true) release();
          return result;
        },
        async return() {
          release();
          stop.abort();
          // What the generator says about being stopped interests nobody who has left.
          await frames.return(undefined).catch(() => undefined);
          return { done: true, value: undefined };
        },
      };
    },
  };
}
