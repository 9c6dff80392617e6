import type { Clock } from '../stream/clock.js';
import { candidateCountOf, mungeLocalAnswer, mungeSentAnswer } from './munge-answer.js';
import { mungeOffer } from './munge-offer.js';
import type { OfferRole, OfferSummary } from './read-offer.js';
import { Refusal } from './refusal.js';
import { joinSdp, splitSdp } from './sdp-lines.js';
import type { WrtcPeerConnection, WrtcStream, WrtcTrack } from './wrtc-types.js';

/** Gathering asks no server, so it takes milliseconds; an interface that hangs must not hold the answer. Unit: ms. */
const GATHERING_LIMIT_MS = 2_000;

export type Negotiation = {
  readonly offer: OfferSummary;
  readonly role: OfferRole;
  readonly clock: Clock;
  readonly allowLoopback: boolean;
  readonly sound: { readonly track: WrtcTrack; readonly stream: WrtcStream } | undefined;
  readonly picture: WrtcTrack | undefined;
};

/**
 * Takes an offer to a fresh connection's answer, with all candidates in it.
 * @throws {Refusal} 422, if libwebrtc does not take what we have read; 503, if no address of ours may be named
 */
export async function negotiate(connection: WrtcPeerConnection, options: Negotiation): Promise<string> {
  const { offer, clock, allowLoopback } = options;
  try {
    await connection.setRemoteDescription({ type: 'offer', sdp: mungeOffer(offer) });
    attach(connection, options);
    const answer = splitSdp((await connection.createAnswer()).sdp);
    await connection.setLocalDescription({ type: 'answer', sdp: joinSdp(mungeLocalAnswer(answer, offer)) });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Refusal(422, `Cannot take the offer: WebRTC does not accept it: ${said.slice(0, 200)}`, {
      cause: error,
    });
  }
  await gathered(connection, clock);
  const local = connection.localDescription;
  if (!local) throw new Refusal(503, 'Cannot agree on a connection: it was closed meanwhile');
  const sent = mungeSentAnswer(splitSdp(local.sdp), { offer, allowLoopback });
  if (sent.media.some(([line]) => /^m=\w+ 0 /.test(line!)))
    throw new Refusal(422, 'Cannot take the offer: WebRTC does not accept all of its media');
  if (candidateCountOf(sent) === 0) {
    throw new Refusal(
      503,
      'Cannot agree on a connection: it needs a network address or leave to use the loopback',
    );
  }
  return joinSdp(sent);
}

/** Adds what we send, in one stream so that a receiver plays it in sync, and closes the ways that are not wanted. */
function attach(connection: WrtcPeerConnection, options: Negotiation): void {
  const { offer, role, sound, picture } = options;
  if (sound) {
    if (offer.wantsAudio && role !== 'publish') connection.addTrack(sound.track, sound.stream);
    if (offer.wantsVideo && role !== 'publish' && picture) connection.addTrack(picture, sound.stream);
  }
  for (const transceiver of connection.getTransceivers()) {
    const isSending = transceiver.sender.track !== null;
    const isReceiving = role !== 'listen';
    if (isSending) transceiver.direction = isReceiving ? 'sendrecv' : 'sendonly';
    else transceiver.direction = isReceiving ? 'recvonly' : 'inactive';
  }
}

async function gathered(connection: WrtcPeerConnection, clock: Clock): Promise<void> {
  if (connection.iceGatheringState === 'complete') return;
  const done = new AbortController();
  connection.onicegatheringstatechange = () => {
    if (connection.iceGatheringState === 'complete') done.abort();
  };
  await clock.waitUntilMs(clock.nowMs() + GATHERING_LIMIT_MS, done.signal);
  connection.onicegatheringstatechange = null;
}
