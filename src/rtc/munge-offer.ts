import { formatParameterOf, payloadsOf, withFormatParameters } from './format-parameters.js';
import { isUsableCandidate } from './offer-transport.js';
import type { OfferSummary } from './read-offer.js';
import { joinSdp } from './sdp-lines.js';

/** What our encoder may spend on the sound. Unit: bit/s. */
export const SOUND_BITRATE = 128_000;

/** How much sound one packet carries: 10 ms less delay than the default for 20 kbit/s of headers. Unit: ms. */
const PACKET_MS = 10;

/**
 * The offer as libwebrtc is to see it: only lines that we know, and in the peer's name what our own encoder shall
 * do, for that is where it looks. Stereo stays as the peer asked: one that did not ask would decode mono anyway.
 */
export function mungeOffer({ sections, wantsAudio }: OfferSummary): string {
  const media = sections.media.map((section) => {
    const known = section.filter(isKnown);
    return wantsAudio && section[0]!.startsWith('m=audio ') ? withSoundSettings(known) : known;
  });
  return joinSdp({ session: sections.session.filter(isKnown), media });
}

/** Attributes that mean something to us. A name stands for the whole of what precedes a colon. */
const KNOWN_ATTRIBUTES = new Set(
  `group msid-semantic extmap-allow-mixed ice-ufrag ice-pwd ice-options ice-lite fingerprint setup mid extmap sendrecv
  sendonly recvonly inactive msid rtcp-mux rtcp-rsize rtpmap rtcp-fb fmtp ssrc ssrc-group bundle-only ptime maxptime
  end-of-candidates`.split(/\s+/),
);

function isKnown(line: string): boolean {
  if (!line.startsWith('a=')) return /^[vostmcb]=/.test(line);
  const name = /^a=([\w-]+)/.exec(line)?.[1] ?? '';
  // A name to be looked up (mDNS) and TCP would only cost time: such a peer is found by the checks that it sends.
  return name === 'candidate' ? isUsableCandidate(line) : KNOWN_ATTRIBUTES.has(name);
}

function withSoundSettings(section: readonly string[]): string[] {
  const untimed = section.filter((line) => !/^a=(max)?ptime:/.test(line));
  const tuned = payloadsOf(untimed, ['opus']).reduce<string[]>((lines, payload) => {
    const asked = Number(formatParameterOf(lines, payload, 'maxaveragebitrate') ?? SOUND_BITRATE);
    const bitrate = asked >= LOWEST_BITRATE ? Math.min(asked, SOUND_BITRATE) : SOUND_BITRATE;
    return withFormatParameters(lines, payload, {
      ptime: PACKET_MS,
      minptime: PACKET_MS,
      maxaveragebitrate: bitrate,
      usedtx: 0,
    });
  }, untimed);
  return [...tuned, `a=ptime:${PACKET_MS}`];
}

/** Opus is not defined below. Unit: bit/s. Based on: RFC 7587, section 6.1. */
const LOWEST_BITRATE = 6_000;
