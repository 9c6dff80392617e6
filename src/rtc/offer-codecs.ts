import type { MediaDescription } from 'sdp-transform';
import { Refusal } from './refusal.js';

/** Picture codecs that we can decode and encode, in the order in which we name them. */
export const PICTURE_CODECS = ['VP8', 'VP9', 'AV1'] as const;

/**
 * The codecs that an `m=` section offers, by name, without what only goes along with a codec.
 */
export function codecNamesOf(section: MediaDescription): string[] {
  const names = section.rtp.map(({ codec }) => codec);
  return [...new Set(names)].filter((name) => !/^(rtx|red|ulpfec|flexfec.*|telephone-event|CN)$/i.test(name));
}

/**
 * Checks that pictures can be understood.
 * @throws {Refusal} 422, for the whole offer: a refused `m=` line alone would look like success to the sender
 */
export function checkPictureCodecs(section: MediaDescription): void {
  const names = codecNamesOf(section);
  if (names.some((name) => PICTURE_CODECS.some((known) => known === name.toUpperCase()))) return;
  throw new Refusal(
    422,
    `Cannot take the pictures: ${PICTURE_CODECS.join(', ')} are taken, offered was ${listOf(names)}`,
  );
}

/**
 * Checks that sound can be understood.
 * @throws {Refusal} 422, if Opus at 48 kHz is not offered
 */
export function checkSoundCodecs(section: MediaDescription): void {
  if (opusPayloadOf(section) !== undefined) return;
  throw new Refusal(
    422,
    `Cannot agree on sound: Opus at 48 kHz is taken, offered was ${listOf(codecNamesOf(section))}`,
  );
}

/** The payload type of the first Opus that a section offers. */
export function opusPayloadOf(section: MediaDescription): number | undefined {
  return section.rtp.find(({ codec, rate }) => codec.toLowerCase() === 'opus' && rate === 48_000)?.payload;
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.slice(0, 12).join(', ').slice(0, 200);
}
