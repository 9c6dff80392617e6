import type { StreamReport } from '../../src/live/stream-report.js';
import type { Failure } from './failures.js';

/** What the page as a whole is about. */
export type Situation =
  | { readonly state: 'idle' | 'opening' | 'connecting' | 'failed' }
  | { readonly state: 'waiting'; readonly failure: Failure }
  | { readonly state: 'live'; readonly stream: StreamReport['state'] | undefined };

export type StateWords = { readonly words: string; readonly tone: 'calm' | 'busy' | 'live' | 'bad' };

/** The situation in two or three words. */
export function stateWords(situation: Situation): StateWords {
  switch (situation.state) {
    case 'idle':
      return { words: 'Ready', tone: 'calm' };
    case 'opening':
      return { words: 'Opening the source', tone: 'busy' };
    case 'connecting':
      return { words: 'Connecting', tone: 'busy' };
    case 'failed':
      return { words: 'Stopped', tone: 'bad' };
    case 'waiting':
      return waitingWords(situation.failure);
    case 'live':
      return liveWords(situation.stream);
  }
}

function waitingWords({ kind }: Failure): StateWords {
  if (kind === 'full') return { words: 'Waiting for room', tone: 'busy' };
  if (kind === 'not-live') return { words: 'Waiting for the stream', tone: 'busy' };
  return { words: 'Reconnecting', tone: 'bad' };
}

function liveWords(stream: StreamReport['state'] | undefined): StateWords {
  switch (stream) {
    case undefined:
    case 'live':
      return { words: 'Live', tone: 'live' };
    case 'waiting':
      return { words: 'Waiting for the picture', tone: 'busy' };
    case 'frozen':
      return { words: 'Picture stands still', tone: 'busy' };
    case 'lost':
      return { words: 'Picture lost', tone: 'bad' };
  }
}

/** `0:07`, `12:30`, `1:02:03`. */
export function clockWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const tail = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}
