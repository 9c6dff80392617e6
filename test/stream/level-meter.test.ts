import { expect, test } from 'vitest';
import { LevelMeter } from '../../src/stream/level-meter.js';

function blockOf(amplitude: number): Float32Array {
  return Float32Array.from({ length: 480 }, (_, i) => amplitude * Math.sin((2 * Math.PI * i) / 48));
}

test('LevelMeter.level is that of the loudest channel over the last second, and nothing of what was before', () => {
  const meter = new LevelMeter();
  expect(meter.level).toEqual({ rmsDb: -120, peakDb: -120 });
  for (let block = 0; block < 100; block += 1) meter.add([blockOf(0.01), blockOf(0.5)]);
  expect(meter.level.peakDb).toBeCloseTo(-6.02, 1);
  expect(meter.level.rmsDb).toBeCloseTo(-9.03, 1);
  for (let block = 0; block < 50; block += 1) meter.add([new Float32Array(480)]);
  expect(meter.level.peakDb).toBeCloseTo(-6.02, 1);
  expect(meter.level.rmsDb).toBeCloseTo(-12.04, 1);
  for (let block = 0; block < 50; block += 1) meter.add([new Float32Array(480)]);
  expect(meter.level).toEqual({ rmsDb: -120, peakDb: -120 });
});
