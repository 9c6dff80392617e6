import { isIP } from 'node:net';
import { Refusal } from './refusal.js';
import { valuesOf, type SdpSections } from './sdp-lines.js';

/**
 * Checks that a peer can be reached and authenticated: ICE credentials, a fingerprint, the DTLS role, and one
 * transport for all media.
 * @throws {Refusal} 400, if something is missing or misspelt; 422, if it is there and not what we take
 */
export function checkTransport({ session, media }: SdpSections): void {
  for (const section of media) {
    const value = (name: string): string | undefined =>
      valuesOf(section, name)[0] ?? valuesOf(session, name)[0];
    expectSpelling(value('ice-ufrag'), /^[A-Za-z0-9+/_=-]{4,256}$/, 'a=ice-ufrag of 4 to 256 characters');
    expectSpelling(value('ice-pwd'), /^[A-Za-z0-9+/_=-]{22,256}$/, 'a=ice-pwd of 22 to 256 characters');
    expectSpelling(value('fingerprint'), FINGERPRINT, 'a=fingerprint by SHA-256, 384 or 512');
    const setup = value('setup');
    expectSpelling(setup, /^(actpass|active|passive|holdconn)$/, 'a=setup');
    if (setup !== 'actpass' && setup !== 'active') {
      throw new Refusal(422, `Cannot take the offer: a=setup must be actpass or active, received ${setup}`);
    }
    if (!section.includes('a=rtcp-mux')) {
      throw new Refusal(422, 'Cannot take the offer: each m= section needs a=rtcp-mux, one has none');
    }
  }
  checkBundle({ session, media });
}

/** Whether this line names a candidate that we would try: UDP, an address and no name to look up. */
export function isUsableCandidate(line: string): boolean {
  const match = CANDIDATE.exec(line);
  return match !== null && isIP(match[1]!) !== 0;
}

const CANDIDATE =
  /^a=candidate:[A-Za-z0-9+/]{1,32} [12] udp \d{1,10} ([\d.a-f:]{2,45}) \d{1,5} typ (?:host|srflx|prflx|relay)(?: .*)?$/i;
const HEX = '[0-9A-Fa-f]{2}';
const FINGERPRINT = new RegExp(
  `^sha-(256 ${HEX}(:${HEX}){31}|384 ${HEX}(:${HEX}){47}|512 ${HEX}(:${HEX}){63})$`,
  'i',
);

function checkBundle({ session, media }: SdpSections): void {
  const mids = media.map((section) => valuesOf(section, 'mid')[0]);
  for (const mid of mids) expectSpelling(mid, /^[\w.+-]{1,32}$/, 'a=mid of 1 to 32 letters or digits');
  if (new Set(mids).size < mids.length) {
    throw new Refusal(400, 'Cannot read the offer: each a=mid must differ, two are the same');
  }
  const bundles = valuesOf(session, 'group').filter((group) => group.startsWith('BUNDLE '));
  if (bundles.length > 1) throw new Refusal(422, 'Cannot take the offer: one BUNDLE group is taken');
  const bundled = bundles[0]?.split(' ').slice(1) ?? [];
  if (new Set(bundled).size < bundled.length || bundled.some((mid) => !mids.includes(mid))) {
    throw new Refusal(400, 'Cannot read the offer: a=group:BUNDLE must name each section once');
  }
  if (media.length > 1 && bundled.length < mids.length) {
    throw new Refusal(422, 'Cannot take the offer: all media must be in one BUNDLE group (max-bundle)');
  }
}

function expectSpelling(value: string | undefined, pattern: RegExp, what: string): void {
  if (value === undefined) throw new Refusal(400, `Cannot read the offer: it needs ${what}, and has none`);
  if (!pattern.test(value)) {
    throw new Refusal(400, `Cannot read the offer: it needs ${what}, received '${value.slice(0, 80)}'`);
  }
}
