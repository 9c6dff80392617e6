import { expect, test } from 'vitest';
import {
  captureFailure,
  explain,
  FailureError,
  failureOf,
  passes,
  refusalFailure,
  type Failure,
} from '../../web/src/failures.js';
import {
  isLoopback,
  isStreamName,
  listenedStream,
  listenerAddress,
  newStreamName,
} from '../../web/src/listener-address.js';
import { knownPrompt, toggleWord, unknownWords } from '../../web/src/prompt-words.js';
import { clockWords, stateWords } from '../../web/src/state-words.js';

const FAILURES: readonly Failure[] = [
  { kind: 'no-webrtc' },
  { kind: 'insecure' },
  { kind: 'denied', what: 'camera' },
  { kind: 'denied', what: 'screen' },
  { kind: 'no-camera' },
  { kind: 'camera-busy' },
  { kind: 'no-screen-capture' },
  { kind: 'file-unplayable', name: 'a.avi' },
  { kind: 'no-file' },
  { kind: 'no-demo' },
  { kind: 'source-ended' },
  { kind: 'token', wasGiven: false },
  { kind: 'token', wasGiven: true },
  { kind: 'full', retrySeconds: 5, detail: '' },
  { kind: 'not-live', stream: 'oak-1', retrySeconds: 5 },
  { kind: 'offer-refused', detail: '' },
  { kind: 'name-taken', stream: 'oak-1' },
  { kind: 'setting-refused', detail: 'Cannot take the steps: at most 8' },
  { kind: 'server-gone' },
  { kind: 'lost' },
  { kind: 'given-up', tries: 12 },
  { kind: 'unexpected', detail: 'The server answered 500' },
];

test('explain() has a title and an advice of its own for each failure', () => {
  const titles = FAILURES.map((failure) => explain(failure).title);
  expect(new Set(titles).size).toBe(FAILURES.length);
  for (const failure of FAILURES) {
    const { title, advice } = explain(failure);
    expect(title).toMatch(/^[“A-Z].*[^.]$/);
    expect(advice).toMatch(/^[A-Z]/);
  }
});

test('refusalFailure() tells what each status means to a sender, a listener and a setting', () => {
  const refused = {
    detail: 'why',
    retrySeconds: 7,
    hasToken: false,
    stream: 'oak-1',
    role: 'duplex',
  } as const;
  const kinds = (role: 'duplex' | 'listen' | 'settings') =>
    [400, 401, 404, 409, 422, 429, 500, 503, 504].map(
      (status) => refusalFailure({ ...refused, role, status }).kind,
    );
  expect(kinds('duplex').join(' ')).toBe(
    'offer-refused token unexpected name-taken offer-refused full unexpected full server-gone',
  );
  expect(kinds('listen').join(' ')).toBe(
    'offer-refused token not-live not-live offer-refused full unexpected full server-gone',
  );
  expect(kinds('settings')[4]).toBe('setting-refused');
  expect(refusalFailure({ ...refused, status: 503 })).toEqual({
    kind: 'full',
    retrySeconds: 7,
    detail: 'why',
  });
  expect(refusalFailure({ ...refused, status: 401, hasToken: true })).toEqual({
    kind: 'token',
    wasGiven: true,
  });
});

test('captureFailure() goes by the name of the browser’s error', () => {
  expect(captureFailure('NotAllowedError', 'screen', '')).toEqual({ kind: 'denied', what: 'screen' });
  expect(captureFailure('NotFoundError', 'camera', '')).toEqual({ kind: 'no-camera' });
  expect(captureFailure('NotReadableError', 'camera', '')).toEqual({ kind: 'camera-busy' });
  expect(captureFailure('NotSupportedError', 'screen', '')).toEqual({ kind: 'no-screen-capture' });
  expect(captureFailure('Whatever', 'camera', 'so')).toEqual({ kind: 'unexpected', detail: 'so' });
});

test('failureOf() and passes(): only what can pass by itself is tried again by itself', () => {
  expect(failureOf(new FailureError({ kind: 'lost' }))).toEqual({ kind: 'lost' });
  expect(failureOf(new TypeError('so'))).toEqual({ kind: 'unexpected', detail: 'so' });
  expect(FAILURES.filter(passes).map(({ kind }) => kind)).toEqual([
    'full',
    'not-live',
    'server-gone',
    'lost',
  ]);
});

test('prompt words are read as the server reads them, and only those it knows are sent', () => {
  const vocabulary = ['wood', 'rain', 'footstep'];
  expect(unknownWords('Wood, RAIN and and snow', vocabulary)).toEqual(['and', 'snow']);
  expect(knownPrompt('Wood, rain wood and snow', vocabulary)).toBe('wood rain');
  expect(toggleWord('wood rain', 'rain')).toBe('wood');
  expect(toggleWord('Wood,', 'rain')).toBe('wood rain');
});

test('listeners’ addresses: what is written is read back, and what is no name is not', () => {
  const name = newStreamName(() => 41);
  expect(isStreamName(name)).toBe(true);
  expect(listenedStream(new URL(listenerAddress('https://a.b', name)).search)).toBe(name);
  for (const search of ['', '?listen=', '?listen=a%20b', `?listen=${'a'.repeat(65)}`, '?listen=%3Cb%3E']) {
    expect(listenedStream(search)).toBeUndefined();
  }
});

test('isLoopback() knows the names of this computer', () => {
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]', 'a.localhost'])
    expect(isLoopback(host)).toBe(true);
  for (const host of ['192.168.1.4', 'studio.local', '127.0.0.1.example.org'])
    expect(isLoopback(host)).toBe(false);
});

test('stateWords() and clockWords() are short', () => {
  expect(stateWords({ state: 'live', stream: 'frozen' })).toEqual({
    words: 'Picture stands still',
    tone: 'busy',
  });
  expect(stateWords({ state: 'waiting', failure: { kind: 'lost' } }).words).toBe('Reconnecting');
  expect([7, 750, 3723].map(clockWords)).toEqual(['0:07', '12:30', '1:02:03']);
});
