import { payloadsOf, withFormatParameters } from './format-parameters.js';
import { PICTURE_CODECS } from './offer-codecs.js';
import type { OfferSummary } from './read-offer.js';
import type { SdpSections } from './sdp-lines.js';

/** Where browsers begin with their pictures, instead of ten seconds of 180 lines. Unit: kbit/s. */
const START_KILOBITS = 3_000;

/**
 * Our answer as we set it: asks for the sender's own sound in stereo where it has offered that.
 */
export function mungeLocalAnswer(sections: SdpSections, offer: OfferSummary): SdpSections {
  if (!offer.sendsAudio || !offer.sendsStereo) return sections;
  return mapMedia(sections, 'audio', (section) =>
    payloadsOf(section, ['opus']).reduce<string[]>(
      (lines, payload) => withFormatParameters(lines, payload, { stereo: 1 }),
      [...section],
    ),
  );
}

/**
 * Our answer as the peer sees it: with a start bitrate for pictures that we receive, and with our UDP candidates
 * alone, those of the loopback only where that is wanted.
 */
export function mungeSentAnswer(
  sections: SdpSections,
  options: { readonly offer: OfferSummary; readonly allowLoopback: boolean },
): SdpSections {
  const { offer, allowLoopback } = options;
  const begun = offer.sendsVideo ? mapMedia(sections, 'video', withStartBitrate) : sections;
  const media = begun.media.map((section) =>
    section
      .filter((line) => !line.startsWith('a=candidate:') || isOurs(line, allowLoopback))
      // The default address may be one that was left out; whoever does ICE does not read it.
      .map((line) => line.replace(/^c=IN .*$/, 'c=IN IP4 0.0.0.0').replace(/^(m=\w+) [1-9]\d* /, '$1 9 ')),
  );
  return { session: begun.session, media };
}

/** How many candidates a description names. */
export function candidateCountOf({ media }: SdpSections): number {
  return media.flat().filter((line) => line.startsWith('a=candidate:')).length;
}

function isOurs(candidate: string, allowLoopback: boolean): boolean {
  const [, , transport = '', , address = ''] = candidate.split(' ');
  if (transport.toLowerCase() !== 'udp') return false;
  return allowLoopback || !(address.startsWith('127.') || address === '::1');
}

function withStartBitrate(section: readonly string[]): string[] {
  return payloadsOf(section, PICTURE_CODECS).reduce<string[]>(
    (lines, payload) => withFormatParameters(lines, payload, { 'x-google-start-bitrate': START_KILOBITS }),
    [...section],
  );
}

function mapMedia(
  { session, media }: SdpSections,
  kind: 'audio' | 'video',
  change: (section: readonly string[]) => readonly string[],
): SdpSections {
  return {
    session,
    media: media.map((section) => (section[0]!.startsWith(`m=${kind} `) ? change(section) : section)),
  };
}
