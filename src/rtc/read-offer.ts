import { parse, type MediaDescription } from 'sdp-transform';
import { checkPictureCodecs, checkSoundCodecs, opusPayloadOf } from './offer-codecs.js';
import { checkTransport } from './offer-transport.js';
import { Refusal } from './refusal.js';
import { splitSdp, type SdpSections } from './sdp-lines.js';
import type { MediaDirection } from './wrtc-types.js';

/** How a peer takes part: `duplex` sends pictures and hears their sound, `publish` only sends, `listen` only hears. */
export type OfferRole = 'duplex' | 'publish' | 'listen';

/** What a peer offers, seen from the peer. */
export type OfferSummary = {
  readonly sendsVideo: boolean;
  readonly sendsAudio: boolean;
  readonly wantsVideo: boolean;
  readonly wantsAudio: boolean;
  /** It asks for stereo, and will decode it. */
  readonly wantsStereo: boolean;
  /** It says that its own sound may be stereo. */
  readonly sendsStereo: boolean;
  /** Candidates it has named; without any, ICE finds it by the checks that it sends. */
  readonly candidateCount: number;
  /** The lines of the offer, for those that rewrite it. */
  readonly sections: SdpSections;
};

/**
 * Reads an offer with suspicion, before libwebrtc sees any of it.
 * @throws {Refusal} 400, if it is malformed; 422, if it is well-formed and not what this role needs or we take
 */
export function readOffer(sdp: string, role: OfferRole): OfferSummary {
  const sections = splitSdp(sdp);
  const media = parseMedia(sdp, sections);
  const { audio, video } = tracksOf(media);
  checkTransport(sections);
  const summary = {
    sendsVideo: sends(video),
    sendsAudio: sends(audio),
    wantsVideo: receives(video),
    wantsAudio: receives(audio),
    wantsStereo: opusParameter(audio, 'stereo') === '1',
    sendsStereo: opusParameter(audio, 'sprop-stereo') === '1',
    candidateCount: media.reduce((sum, section) => sum + (section.candidates?.length ?? 0), 0),
    sections,
  };
  checkRole(summary, role);
  if (video && directionOf(video) !== 'inactive') checkPictureCodecs(video);
  if (audio && directionOf(audio) !== 'inactive') checkSoundCodecs(audio);
  return summary;
}

function parseMedia(sdp: string, { media }: SdpSections): MediaDescription[] {
  let parsed: MediaDescription[];
  try {
    parsed = parse(sdp).media.map(asTyped);
  } catch (error) {
    throw new Refusal(400, 'Cannot read the offer: it must be a session description (RFC 8866)', {
      cause: error,
    });
  }
  for (const [i, section] of media.entries()) {
    if (!M_LINE.test(section[0]!) || !parsed[i]) {
      throw new Refusal(
        400,
        `Cannot read the offer: each m= line must be as in RFC 8866, received '${section[0]!.slice(0, 80)}'`,
      );
    }
    checkMediaLine(section[0]!, parsed[i]);
  }
  return parsed;
}

/** The parser makes a number of any text that looks like one, as in `a=rtpmap:111 48000/2`, whatever its types say. */
function asTyped(section: MediaDescription): MediaDescription {
  return {
    ...section,
    rtp: section.rtp.map((each) => ({ ...each, codec: String(each.codec as unknown) })),
    fmtp: section.fmtp.map((each) => ({ ...each, config: String(each.config as unknown) })),
  };
}

const M_LINE = /^m=[a-z]{1,16} \d{1,5} [A-Z/]{3,32}( [\w.+-]{1,32}){1,128}$/;

function checkMediaLine(line: string, section: MediaDescription): void {
  if (section.type !== 'audio' && section.type !== 'video') {
    throw new Refusal(
      422,
      `Cannot take the offer: only audio and video are taken, offered was ${section.type}`,
    );
  }
  if (!/^(UDP\/TLS\/)?RTP\/SAVPF$/.test(section.protocol)) {
    throw new Refusal(
      422,
      `Cannot take the offer: UDP/TLS/RTP/SAVPF is taken, offered was ${section.protocol}`,
    );
  }
  const payloads = line.split(' ').slice(3).map(Number);
  if (payloads.some((payload) => !Number.isInteger(payload) || payload > 127)) {
    throw new Refusal(400, `Cannot read the offer: payload types must be 0 to 127, received '${line}'`);
  }
  const strangers = [...section.rtp, ...section.fmtp].filter(({ payload }) => !payloads.includes(payload));
  if (strangers.length > 0 || new Set(payloads).size < payloads.length) {
    throw new Refusal(400, 'Cannot read the offer: each codec must be named once by its m= line');
  }
}

function tracksOf(media: readonly MediaDescription[]): {
  audio: MediaDescription | undefined;
  video: MediaDescription | undefined;
} {
  const [audio, secondAudio] = media.filter((section) => section.type === 'audio');
  const [video, secondVideo] = media.filter((section) => section.type === 'video');
  if (secondAudio ?? secondVideo) {
    throw new Refusal(
      422,
      `Cannot take the offer: one audio and one video are taken, received ${media.length} m= lines`,
    );
  }
  return { audio, video };
}

function checkRole(summary: Omit<OfferSummary, 'sections'>, role: OfferRole): void {
  const { sendsVideo, wantsAudio } = summary;
  if (role !== 'listen' && !sendsVideo) {
    throw new Refusal(422, `Cannot take the offer: to ${role}, it must send video, and it sends none`);
  }
  if (role !== 'publish' && !wantsAudio) {
    throw new Refusal(422, `Cannot take the offer: to ${role}, it must receive audio, and it asks for none`);
  }
}

function directionOf(section: MediaDescription): MediaDirection {
  // A port of 0 says that the section is not used, but where it only rides along in the bundle.
  if (section.port === 0 && !section.bundleOnly) return 'inactive';
  return section.direction ?? 'sendrecv';
}

function sends(section: MediaDescription | undefined): boolean {
  return section !== undefined && /^send/.test(directionOf(section));
}

function receives(section: MediaDescription | undefined): boolean {
  return section !== undefined && /recv/.test(directionOf(section));
}

function opusParameter(section: MediaDescription | undefined, name: string): string | undefined {
  const payload = section && opusPayloadOf(section);
  const config = section?.fmtp.find((each) => each.payload === payload)?.config ?? '';
  const pairs = config.split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([key]) => key === name)?.[1];
}
