import { describe, expect, test } from 'vitest';
import {
  assertInRange,
  assertNonNegativeInteger,
  assertPositiveInteger,
} from '../../src/stream/assertions.js';

describe('assertPositiveInteger()', () => {
  test.each([1, 2, Number.MAX_SAFE_INTEGER])('accepts %s', (value) => {
    expect(() => assertPositiveInteger(value, 'hopFrames')).not.toThrow();
  });

  test.each([
    [0, 'hopFrames must be a positive integer, received 0'],
    [-1, 'hopFrames must be a positive integer, received -1'],
    [1.5, 'hopFrames must be an integer, received 1.5'],
    [NaN, 'hopFrames must be an integer, received NaN'],
    [Infinity, 'hopFrames must be an integer, received Infinity'],
    [2 ** 53, 'hopFrames must be an integer, received 9007199254740992'],
  ])('refuses %s as out of range and says so', (value, message) => {
    expect(() => assertPositiveInteger(value, 'hopFrames')).toThrow(new RangeError(message));
  });

  test.each([
    ['3', `hopFrames must be an integer, received the string '3'`],
    [undefined, 'hopFrames must be an integer, received a value of type undefined'],
    [3n, 'hopFrames must be an integer, received a value of type bigint'],
    [null, 'hopFrames must be an integer, received a value of type object'],
  ])('refuses %s as of the wrong type and says so', (value, message) => {
    expect(() => assertPositiveInteger(value, 'hopFrames')).toThrow(new TypeError(message));
  });
});

describe('assertNonNegativeInteger()', () => {
  test.each([0, 1, 480])('accepts %s', (value) => {
    expect(() => assertNonNegativeInteger(value, 'seed')).not.toThrow();
  });

  test.each([
    [-1, new RangeError('seed must be an integer of at least 0, received -1')],
    [1.5, new RangeError('seed must be an integer, received 1.5')],
    [NaN, new RangeError('seed must be an integer, received NaN')],
    ['0', new TypeError(`seed must be an integer, received the string '0'`)],
  ])('refuses %s', (value, error) => {
    expect(() => assertNonNegativeInteger(value, 'seed')).toThrow(error);
  });
});

describe('assertInRange()', () => {
  test.each([-60, -1, 0, 1.5, 24])('accepts %s within [-60, 24]', (value) => {
    expect(() => assertInRange(value, 'gainDb', [-60, 24])).not.toThrow();
  });

  test.each([
    [-60.001, new RangeError('gainDb must lie between -60 and 24, received -60.001')],
    [25, new RangeError('gainDb must lie between -60 and 24, received 25')],
    [NaN, new RangeError('gainDb must lie between -60 and 24, received NaN')],
    ['0', new TypeError(`gainDb must be a number, received the string '0'`)],
  ])('refuses %s', (value, error) => {
    expect(() => assertInRange(value, 'gainDb', [-60, 24])).toThrow(error);
  });
});
