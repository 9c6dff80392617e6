import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readOffer } from '../../src/rtc/read-offer.js';
import { Refusal } from '../../src/rtc/refusal.js';
import { mutatedOffers } from './offer-mutations.js';
import { DIST, runScript } from './run-script.js';

const MAKE_SOURCES = `
  import { RtcSoundSink } from '${DIST}rtc/rtc-sound-sink.js';
  import { RtcPictureSink } from '${DIST}rtc/rtc-picture-sink.js';
  const sound = new RtcSoundSink();
  const picture = new RtcPictureSink();
  sound.push([new Float32Array(480)]);
  const close = () => { sound.close(); picture.close(); };
`;

describe('loadWrtc()', () => {
  test.each([
    ['by itself', 'close();', 0],
    ['by itself with an exit code', 'process.exitCode = 3; close();', 3],
    ['by process.exit()', 'process.exit(5);', 5],
    [
      'by process.exit(), which an exit listener overrules',
      `process.on('exit', () => { process.exitCode = 6; }); process.exit(5);`,
      6,
    ],
  ])('lets the process end %s', async (_, how, code) => {
    const ended = await runScript(`${MAKE_SOURCES} process.on('exit', () => console.log('bye')); ${how}`);
    expect(ended).toMatchObject({ code, signal: null, stdout: 'bye\n' });
  });

  test.each([
    ['an error', `setTimeout(() => { throw new Error('oh dear'); }, 1);`],
    ['a rejection', `Promise.reject(new Error('oh dear'));`],
  ])('keeps what %s says', async (_, how) => {
    const ended = await runScript(`${MAKE_SOURCES} ${how}`);
    expect(ended).toMatchObject({ code: 1, signal: null });
    expect(ended.stderr).toContain('Error: oh dear');
  });

  test('is not called by an import of the library', async () => {
    const ended = await runScript(`
      import '${DIST}index.js';
      import '${DIST}rtc/rtc-peer.js';
      import '${DIST}rtc/rtc-source.js';
      console.log(process.report.getReport().sharedObjects.filter((name) => name.includes('wrtc')).length);
    `);
    expect(ended).toMatchObject({ code: 0, stdout: '0\n' });
  });
});

describe('RtcPeer.answer()', () => {
  test('survives whatever offer passes the first look', async () => {
    const offers = fc.sample(mutatedOffers, 2_500).filter(isTaken).slice(0, 180);
    expect(offers.length).toBeGreaterThan(100);
    const ended = await runScript(
      `
      import { RtcPeer } from '${DIST}rtc/rtc-peer.js';
      import { RtcSoundSink } from '${DIST}rtc/rtc-sound-sink.js';
      import { systemClock } from '${DIST}stream/clock.js';
      let text = '';
      for await (const part of process.stdin) text += part;
      const counts = { taken: 0, refused: 0 };
      const sound = new RtcSoundSink();
      for (const sdp of JSON.parse(text)) {
        try {
          const peer = await RtcPeer.answer({ role: 'duplex', sdp, clock: systemClock, allowLoopback: true, sound });
          counts.taken += 1;
          sound.push([new Float32Array(480)]);
          peer.close();
        } catch (error) {
          if (error.name !== 'Refusal') throw error;
          counts.refused += 1;
        }
      }
      sound.close();
      console.log(JSON.stringify(counts));
      `,
      JSON.stringify(offers),
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    const counts = JSON.parse(ended.stdout) as { taken: number; refused: number };
    expect(counts.taken + counts.refused).toBe(offers.length);
    expect(counts.taken).toBeGreaterThan(offers.length / 3);
  });
});

function isTaken(sdp: string): boolean {
  try {
    readOffer(sdp, 'duplex');
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
