import fc from 'fast-check';
import { AIORTC_OFFER, CHROMIUM_OFFER, OBS_OFFER, withLine } from './offers.js';

const SEEDS = [
  CHROMIUM_OFFER,
  withLine(OBS_OFFER, 'a=rtpmap:96 H264/90000', 'a=rtpmap:96 VP8/90000'),
  AIORTC_OFFER,
];

const ODD_TEXTS = [
  '',
  ' ',
  '-1',
  '0',
  '65536',
  '4294967296',
  '99999999999999999999',
  'a=',
  ':',
  ';;=;',
  '\0',
  'é',
  '%n%s',
  '../',
  '*',
];

type Mutation = (lines: string[]) => string[];

const at = fc.nat(2_000);

const dropped: fc.Arbitrary<Mutation> = at.map(
  (i) => (lines) => lines.filter((_, k) => k !== i % lines.length),
);
const doubled: fc.Arbitrary<Mutation> = at.map((i) => (lines) => {
  const k = i % lines.length;
  return [...lines.slice(0, k), lines[k]!, ...lines.slice(k)];
});
const swapped: fc.Arbitrary<Mutation> = fc.tuple(at, at).map(([i, j]) => (lines) => {
  const out = [...lines];
  const [a, b] = [i % out.length, j % out.length];
  [out[a], out[b]] = [out[b]!, out[a]!];
  return out;
});
const spoilt: fc.Arbitrary<Mutation> = fc
  .tuple(at, at, fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ maxLength: 20 })), fc.nat(8))
  .map(([i, j, text, length]) => (lines) => {
    const k = i % lines.length;
    const line = lines[k]!;
    const from = j % (line.length + 1);
    return lines.map((each, n) => (n === k ? line.slice(0, from) + text + line.slice(from + length) : each));
  });
const renumbered: fc.Arbitrary<Mutation> = fc
  .tuple(at, fc.constantFrom('0', '1', '127', '128', '-5', '99999', '4294967297'))
  .map(([i, number]) => (lines) => {
    const k = i % lines.length;
    return lines.map((line, n) => (n === k ? line.replace(/\d+/, number) : line));
  });

/** Offers of real peers with a few lines lost, doubled, moved, spoilt or renumbered. */
export const mutatedOffers: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.array(fc.oneof(dropped, doubled, swapped, spoilt, renumbered), { minLength: 1, maxLength: 6 }),
    fc.constantFrom('\r\n', '\n'),
  )
  .map(([offer, mutations, end]) => {
    const lines = offer.trimEnd().split('\r\n');
    return (
      mutations.reduce((each, mutate) => (each.length === 0 ? each : mutate(each)), lines).join(end) + end
    );
  });
