import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import type { AudioBlock } from '../src/stream/audio-block.js';
import { BundleCopies } from './runtime/bundle-fixture.js';
import { clipOf, collect, joined, OwnSoundSource, Studio } from './session-fixture.js';
import { CountedSource } from './stream/frames.js';

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn();
}

describe('Session demand', () => {
  it.each(['conformance', 'conformance-window'])(
    '%s: hops whose sound waits for the own sound still count as under way: the ring never overflows',
    async (name) => {
      const studio = await Studio.load(name);
      const frames = clipOf({ seconds: 4 });
      const own = new OwnSoundSource({ frames: 4 * 48_000 });
      async function* late(): AsyncGenerator<AudioBlock> {
        // Until nothing more is asked for, as while a decoder starts.
        let pulls = -1;
        while (pulls !== source.pulls) {
          pulls = source.pulls;
          await turns(20);
        }
        yield* own;
      }
      const source = new CountedSource(frames);
      const session = studio.session(source, { ownSound: { blocks: late(), channelCount: 1 } }, 2);
      const [sound] = joined(await collect(session.blocks, () => turns(3)));
      expect(sound).toEqual(await studio.sound(frames, { ownSound: { blocks: own, channelCount: 1 } }, 2));
    },
  );

  it('a start long after its anchor is reached on one lane: hops before what is mixed are done with when computed', async () => {
    await using copies = await BundleCopies.create();
    await copies.edit('conformance', (manifest) => {
      (manifest['anchor'] as { everyPoints: number }).everyPoints = 300;
    });
    const studio = await Studio.load(copies.path('conformance'));
    const frames = clipOf({ seconds: 9 });
    const whole = await studio.sound(frames);
    const span = await studio.sound(frames, { startPosition: 8 * 48_000 });
    expect(span).toEqual(whole.subarray(8 * 48_000));
  });
});
