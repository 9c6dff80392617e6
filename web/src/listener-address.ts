const NAME = /^[\w.-]{1,64}$/;
const WORDS = [
  'amber',
  'birch',
  'brass',
  'cedar',
  'chalk',
  'clay',
  'copper',
  'felt',
  'flint',
  'gravel',
  'linen',
  'oak',
];

/** Whether the server takes this as a stream's name. */
export function isStreamName(name: string): boolean {
  return NAME.test(name);
}

/** A name that is likely free: `copper-4821`. `chance` gives 16 random bits. */
export function newStreamName(chance: () => number): string {
  const word = WORDS[chance() % WORDS.length]!;
  return `${word}-${String(chance() % 10_000).padStart(4, '0')}`;
}

/** Where listeners go. */
export function listenerAddress(origin: string, stream: string): string {
  return `${origin}/?listen=${encodeURIComponent(stream)}`;
}

/** The stream that an address's query asks to hear. */
export function listenedStream(search: string): string | undefined {
  const name = new URLSearchParams(search).get('listen');
  return name !== null && isStreamName(name) ? name : undefined;
}

/** Whether a host's name means the computer itself, so that no other can reach it. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(hostname);
}
