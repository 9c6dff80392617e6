/**
 * The lines of an `m=` section in which a payload type has these format parameters: written over what it had under
 * the same names, after all others.
 */
export function withFormatParameters(
  section: readonly string[],
  payload: number,
  parameters: Readonly<Record<string, string | number>>,
): string[] {
  const prefix = `a=fmtp:${payload} `;
  const before = section.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  const merged = new Map(before.flatMap((config) => pairsOf(config)));
  for (const [name, value] of Object.entries(parameters)) merged.set(name, String(value));
  const line =
    prefix + [...merged].map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join(';');
  const rest = section.filter((each) => !each.startsWith(prefix));
  const at = rest.findIndex((each) => each.startsWith(`a=rtpmap:${payload} `));
  return [...rest.slice(0, at + 1), line, ...rest.slice(at + 1)];
}

/** The payload types that a section gives to codecs of these names, which are compared without case. */
export function payloadsOf(section: readonly string[], names: readonly string[]): number[] {
  return section.flatMap((line) => {
    const match = /^a=rtpmap:(\d{1,3}) ([^/ ]+)\//.exec(line);
    const isMeant = match && names.some((name) => name.toLowerCase() === match[2]!.toLowerCase());
    return isMeant ? [Number(match[1])] : [];
  });
}

/** The value of one format parameter of a payload type. */
export function formatParameterOf(
  section: readonly string[],
  payload: number,
  name: string,
): string | undefined {
  const prefix = `a=fmtp:${payload} `;
  const configs = section.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  return configs.flatMap(pairsOf).find(([key]) => key === name)?.[1];
}

function pairsOf(config: string): [name: string, value: string][] {
  return config
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [name, value.join('=')];
    });
}
