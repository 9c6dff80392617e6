import { testSlowLane } from './slow-lane.js';

testSlowLane([
  { name: 'an hour of one stream', streams: 1, seconds: 3_600 },
  { name: 'half an hour of three', streams: 3, seconds: 1_800 },
]);
