import { test } from 'vitest';
import { bearSlowLane } from './slow-lane.js';

test.each([
  { name: 'an hour of one stream', streams: 1, seconds: 3_600, slow: { baseMs: 12, stepMs: 32 } },
  { name: 'half an hour of three', streams: 3, seconds: 1_800, slow: { baseMs: 6, stepMs: 12 } },
])(
  'LiveSound: $name on a lane that is slow now and then: no underrun, no drift, hops under way bounded',
  bearSlowLane,
  600_000,
);
