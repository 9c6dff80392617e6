/** Rows of 8-bit samples without padding, in a larger array from `at` on. */
export type Plane = {
  readonly data: Uint8Array;
  readonly at: number;
  readonly columns: number;
  readonly rows: number;
  /** How far the picture reaches, where the last sample stands for less than a whole one. Unit: samples. */
  readonly width: number;
  readonly height: number;
};

/**
 * Squeezes or stretches one plane: each sample is the mean of the area that it covers.
 *
 * Shape: `out` takes `columns * rows` samples from 0 on. Unit: as the plane's, not rounded.
 * Allocates: once a call, two rows and the spans.
 */
export function meanPlane(
  plane: Plane,
  size: { readonly columns: number; readonly rows: number },
  out: Float32Array,
): void {
  const across = spansOf(plane.columns, plane.width, size.columns);
  const down = spansOf(plane.rows, plane.height, size.rows);
  const sums = new Float64Array(plane.columns);
  for (let y = 0; y < size.rows; y += 1) {
    addRows(plane, rowsAt(down, y), sums);
    meanRow(sums, across, out.subarray(y * size.columns, (y + 1) * size.columns));
  }
}

/** For each target sample the source samples that it covers, how much of the first and last, and one over the sum. */
type Spans = {
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly firstWeight: Float64Array;
  readonly lastWeight: Float64Array;
  readonly share: number;
};

function spansOf(sourceCount: number, extent: number, targetCount: number): Spans {
  const spans = {
    first: new Int32Array(targetCount),
    last: new Int32Array(targetCount),
    firstWeight: new Float64Array(targetCount),
    lastWeight: new Float64Array(targetCount),
    share: targetCount / extent,
  };
  for (let i = 0; i < targetCount; i += 1) {
    const start = (i * extent) / targetCount;
    const end = ((i + 1) * extent) / targetCount;
    const first = Math.min(sourceCount - 1, Math.floor(start));
    const last = Math.max(first, Math.min(sourceCount - 1, Math.ceil(end) - 1));
    spans.first[i] = first;
    spans.last[i] = last;
    spans.firstWeight[i] = last === first ? end - start : first + 1 - start;
    spans.lastWeight[i] = end - last;
  }
  return spans;
}

/** The rows under one target row, and what part each has in its mean. */
type Rows = { first: number; last: number; firstShare: number; share: number; lastShare: number };

function rowsAt({ first, last, firstWeight, lastWeight, share }: Spans, y: number): Rows {
  return {
    first: first[y]!,
    last: last[y]!,
    firstShare: firstWeight[y]! * share,
    share,
    lastShare: lastWeight[y]! * share,
  };
}

function addRows({ data, at, columns }: Plane, rows: Rows, sums: Float64Array): void {
  const { first, last, firstShare, share, lastShare } = rows;
  const top = at + first * columns;
  for (let x = 0; x < columns; x += 1) sums[x] = data[top + x]! * firstShare;
  let row = first + 1;
  // Two whole rows at a time halve the traffic with `sums`.
  for (; row + 1 < last; row += 2) {
    const upper = at + row * columns;
    const lower = upper + columns;
    for (let x = 0; x < columns; x += 1) sums[x] = sums[x]! + (data[upper + x]! + data[lower + x]!) * share;
  }
  for (; row <= last; row += 1) {
    const part = row === last ? lastShare : share;
    const from = at + row * columns;
    for (let x = 0; x < columns; x += 1) sums[x] = sums[x]! + data[from + x]! * part;
  }
}

function meanRow(sums: Float64Array, across: Spans, out: Float32Array): void {
  const { first, last, firstWeight, lastWeight, share } = across;
  for (let x = 0; x < out.length; x += 1) {
    const from = first[x]!;
    const to = last[x]!;
    let sum = sums[from]! * firstWeight[x]!;
    for (let column = from + 1; column < to; column += 1) sum += sums[column]!;
    if (to > from) sum += sums[to]! * lastWeight[x]!;
    out[x] = sum * share;
  }
}
