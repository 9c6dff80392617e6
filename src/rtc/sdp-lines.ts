import { Refusal } from './refusal.js';

/** Bytes, lines and characters a line that an offer may have; real ones stay below a fifth of each. */
export const SDP_LIMITS = {
  bytes: 65_536,
  lines: 1_500,
  lineCharacters: 1_024,
  sections: 8,
  candidates: 64,
  extensions: 64,
  codecs: 128,
} as const;

/** Lines of a session description: those before the first `m=`, then each `m=` with what follows it. */
export type SdpSections = {
  readonly session: readonly string[];
  readonly media: readonly (readonly string[])[];
};

/**
 * Cuts a description into lines and sections, and refuses what no honest peer sends.
 * @throws {Refusal} 400, if it is too long, holds control characters, or is not made of `x=value` lines
 */
export function splitSdp(sdp: string): SdpSections {
  require(typeof sdp === 'string' && sdp.length > 0, 'it must be text, received nothing');
  const bytes = Buffer.byteLength(sdp);
  require(bytes <= SDP_LIMITS.bytes, `it may have ${SDP_LIMITS.bytes} bytes, received ${bytes}`);
  const lines = sdp.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  require(lines.length <=
    SDP_LIMITS.lines, `it may have ${SDP_LIMITS.lines} lines, received ${lines.length}`);
  lines.forEach(checkLine);
  require(lines[0] === 'v=0', `it must begin with v=0, received '${lines[0]}'`);
  const starts = lines.flatMap((line, i) => (line.startsWith('m=') ? [i] : []));
  require(starts.length > 0, 'it must offer media, received no m= line');
  require(starts.length <=
    SDP_LIMITS.sections, `it may have ${SDP_LIMITS.sections} m= lines, received ${starts.length}`);
  const session = lines.slice(0, starts[0]);
  const media = starts.map((start, i) => lines.slice(start, starts[i + 1]));
  for (const section of [session, ...media]) checkCounts(section);
  return { session, media };
}

/** The text of sections again, as standards want it: each line ended by CR LF. */
export function joinSdp({ session, media }: SdpSections): string {
  return [...session, ...media.flat()].map((line) => `${line}\r\n`).join('');
}

/** What stands after `a=name:` in the lines that are so named. */
export function valuesOf(lines: readonly string[], name: string): string[] {
  const prefix = `a=${name}:`;
  return lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
}

function checkLine(line: string, i: number): void {
  require(line.length <=
    SDP_LIMITS.lineCharacters, `a line may have ${SDP_LIMITS.lineCharacters} characters, line ${i + 1} has ${line.length}`);
  // ASCII alone: what else a name could hold is of no use to us, and libwebrtc's parser need not see it.
  require(/^[ -~]*$/.test(line), `it must be printable ASCII, line ${i + 1} is not`);
  require(/^[a-z]=/.test(line), `each line must be x=value, line ${i + 1} is '${line.slice(0, 40)}'`);
}

function checkCounts(lines: readonly string[]): void {
  const limits = [
    ['candidate', SDP_LIMITS.candidates],
    ['extmap', SDP_LIMITS.extensions],
    ['rtpmap', SDP_LIMITS.codecs],
    ['fmtp', SDP_LIMITS.codecs],
    ['ssrc', SDP_LIMITS.codecs],
  ] as const;
  for (const [name, limit] of limits) {
    const count = valuesOf(lines, name).length;
    require(count <= limit, `a section may have ${limit} a=${name} lines, received ${count}`);
  }
}

function require(condition: boolean, problem: string): void {
  if (!condition) throw new Refusal(400, `Cannot read the offer: ${problem}`);
}
