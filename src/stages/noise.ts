// Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Which noise is drawn: each purpose has its own, independent stream. */
export type NoiseStream = 'latents' | 'tokens';

const STREAM_NUMBERS: Readonly<Record<NoiseStream, number>> = { latents: 0, tokens: 1 };

export type NoiseOptions = {
  /** Integer of at least 0. */
  readonly seed: number;
  /** The first grid point drawn; may be negative. */
  readonly firstPoint: number;
  /** Values per grid point. */
  readonly width: number;
  readonly stream?: NoiseStream;
};

/**
 * Fills `out` with standard normal values that depend on nothing but seed, grid point, element and stream: the
 * same point has the same noise in any window, run, lane or order.
 *
 * Shape: `out` is [points, width], row-major. Allocates: nothing per value.
 * Based on: Philox4x32-10 with key (seed low, seed high) and counter (element / 4, point low, point high, stream);
 * Box-Muller on the words taken two by two.
 */
export function drawNoise(out: Float32Array, options: NoiseOptions): void {
  const { seed, firstPoint, width, stream = 'latents' } = options;
  const words = new Uint32Array(4);
  const key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0] as const;
  const points = out.length / width;
  for (let p = 0; p < points; p += 1) {
    const point = firstPoint + p;
    const high = Math.floor(point / 2 ** 32) >>> 0;
    for (let element = 0; element < width; element += 4) {
      words[0] = element / 4;
      words[1] = point >>> 0;
      words[2] = high;
      words[3] = STREAM_NUMBERS[stream];
      philox(words, key);
      writeNormals(words, { out, at: p * width + element, count: Math.min(4, width - element) });
    }
  }
}

/**
 * One block of Philox4x32-10, in place. Exported for its known answers.
 * Shape: `counter` holds 4 words. Allocates: nothing.
 */
export function philox(counter: Uint32Array, key: readonly [number, number]): void {
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round += 1) {
    const c0 = counter[0]!;
    const c2 = counter[2]!;
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    counter[0] = high1 ^ counter[1]! ^ k0;
    counter[2] = high0 ^ counter[3]! ^ k1;
    counter[1] = Math.imul(MULTIPLIER_1, c2);
    counter[3] = Math.imul(MULTIPLIER_0, c0);
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
}

/** The upper 32 bits of the product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const middle2 = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(middle2 / 0x10000)) >>> 0;
}

function writeNormals(words: Uint32Array, target: { out: Float32Array; at: number; count: number }): void {
  const { out, at, count } = target;
  for (let pair = 0; pair < count; pair += 2) {
    const radius = Math.sqrt(-2 * Math.log((words[pair]! + 1) / 2 ** 32));
    const angle = (2 * Math.PI * words[pair + 1]!) / 2 ** 32;
    out[at + pair] = radius * Math.cos(angle);
    if (pair + 1 < count) out[at + pair + 1] = radius * Math.sin(angle);
  }
}
