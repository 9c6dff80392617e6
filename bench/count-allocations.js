/**
 * Counts, in this process, the typed arrays made and the samples copied while sound flows, by standing in for
 * `Float32Array`. What happens in lanes is not seen; PCM arrives from them once a hop.
 *
 * @param {() => Promise<{ blocks: number }>} work
 */
export async function countAllocations(work) {
  const Original = globalThis.Float32Array;
  const counts = { arrays: 0, arrayBytes: 0, copiedSamples: 0 };
  const set = Original.prototype.set;
  /** @this {Float32Array} @param {ArrayLike<number>} source @param {number} [offset] */
  Original.prototype.set = function (source, offset) {
    counts.copiedSamples += source.length;
    set.call(this, source, offset);
  };
  globalThis.Float32Array = new Proxy(Original, {
    construct(target, args, newTarget) {
      const made = Reflect.construct(
        target,
        args,
        newTarget === globalThis.Float32Array ? target : newTarget,
      );
      if (typeof args[0] === 'number') {
        counts.arrays += 1;
        counts.arrayBytes += made.byteLength;
      }
      return made;
    },
  });
  try {
    const { blocks } = await work();
    return {
      arraysPerBlock: counts.arrays / blocks,
      arrayBytesPerBlock: counts.arrayBytes / blocks,
      copiesPerSample: counts.copiedSamples / (blocks * 480),
    };
  } finally {
    globalThis.Float32Array = Original;
    Original.prototype.set = set;
  }
}
