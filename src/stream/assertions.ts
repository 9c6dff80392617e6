/**
 * Checks an option that counts or measures something.
 * @throws {TypeError | RangeError} If `value` is not an integer of at least 1
 */
export function assertPositiveInteger(value: unknown, name: string): asserts value is number {
  assertInteger(value, name);
  if (value < 1) throw new RangeError(`${name} must be a positive integer, received ${value}`);
}

/**
 * Checks a position or a seed.
 * @throws {TypeError | RangeError} If `value` is not an integer of at least 0
 */
export function assertNonNegativeInteger(value: unknown, name: string): asserts value is number {
  assertInteger(value, name);
  if (value < 0) throw new RangeError(`${name} must be an integer of at least 0, received ${value}`);
}

/**
 * Checks an option with bounds, both included.
 * @throws {TypeError | RangeError} If `value` is not a number within [low, high]
 */
export function assertInRange(
  value: unknown,
  name: string,
  range: readonly [low: number, high: number],
): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, received ${describe(value)}`);
  if (!(value >= range[0] && value <= range[1])) {
    throw new RangeError(`${name} must lie between ${range[0]} and ${range[1]}, received ${value}`);
  }
}

function assertInteger(value: unknown, name: string): asserts value is number {
  if (typeof value !== 'number')
    throw new TypeError(`${name} must be an integer, received ${describe(value)}`);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name} must be an integer, received ${value}`);
}

function describe(value: unknown): string {
  return typeof value === 'string' ? `the string '${value}'` : `a value of type ${typeof value}`;
}
