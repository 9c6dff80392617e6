/** What can go wrong, as causes; `explain` puts each into words. */
export type Failure =
  | { readonly kind: 'no-webrtc' }
  | { readonly kind: 'insecure' }
  | { readonly kind: 'denied'; readonly what: 'camera' | 'screen' }
  | { readonly kind: 'no-camera' }
  | { readonly kind: 'camera-busy' }
  | { readonly kind: 'no-screen-capture' }
  | { readonly kind: 'file-unplayable'; readonly name: string }
  | { readonly kind: 'no-file' }
  | { readonly kind: 'no-demo' }
  | { readonly kind: 'source-ended' }
  | { readonly kind: 'token'; readonly wasGiven: boolean }
  | { readonly kind: 'full'; readonly retrySeconds: number; readonly detail: string }
  | { readonly kind: 'not-live'; readonly stream: string; readonly retrySeconds: number }
  | { readonly kind: 'offer-refused'; readonly detail: string }
  | { readonly kind: 'name-taken'; readonly stream: string }
  | { readonly kind: 'setting-refused'; readonly detail: string }
  | { readonly kind: 'server-gone' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'given-up'; readonly tries: number }
  | { readonly kind: 'unexpected'; readonly detail: string };

/** A failure in words: what happened, and what the person can do. */
export type Explanation = {
  readonly title: string;
  readonly advice: string;
  /** What a button offers, if a press can help. */
  readonly action?: 'try-again' | 'enter-token' | 'new-name';
};

/** Carries a failure through promises. */
export class FailureError extends Error {
  override readonly name = 'FailureError';
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(explain(failure).title, options);
    this.failure = failure;
  }
}

/** The failure that an error means. */
export function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  return { kind: 'unexpected', detail: error instanceof Error ? error.message : String(error) };
}

/** Why a camera or a screen could not be had, from the name of the browser's error. */
export function captureFailure(errorName: string, what: 'camera' | 'screen', detail: string): Failure {
  switch (errorName) {
    case 'NotAllowedError':
    case 'SecurityError':
      return { kind: 'denied', what };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return what === 'camera' ? { kind: 'no-camera' } : { kind: 'no-screen-capture' };
    case 'NotReadableError':
    case 'AbortError':
      return what === 'camera' ? { kind: 'camera-busy' } : { kind: 'denied', what };
    case 'NotSupportedError':
      return what === 'camera' ? { kind: 'no-camera' } : { kind: 'no-screen-capture' };
    default:
      return { kind: 'unexpected', detail };
  }
}

/** What an answer of the server that is no success means for an offer. */
export type Refused = {
  readonly status: number;
  readonly detail: string;
  readonly retrySeconds: number | undefined;
  readonly hasToken: boolean;
  readonly stream: string;
  readonly role: 'duplex' | 'listen' | 'settings';
};

export function refusalFailure(refused: Refused): Failure {
  const { status, detail, stream, role } = refused;
  const retrySeconds = refused.retrySeconds ?? 5;
  switch (status) {
    case 401:
    case 403:
      return { kind: 'token', wasGiven: refused.hasToken };
    case 404:
      return role === 'listen' ? { kind: 'not-live', stream, retrySeconds } : { kind: 'unexpected', detail };
    case 409:
      return role === 'listen' ? { kind: 'not-live', stream, retrySeconds } : { kind: 'name-taken', stream };
    case 400:
    case 406:
    case 415:
    case 422:
      return role === 'settings' ? { kind: 'setting-refused', detail } : { kind: 'offer-refused', detail };
    case 429:
    case 503:
      return { kind: 'full', retrySeconds, detail };
    case 502:
    case 504:
      return { kind: 'server-gone' };
    default:
      return { kind: 'unexpected', detail: detail || `The server answered ${status}` };
  }
}

/** Whether trying again by itself can help. */
export function passes(failure: Failure): boolean {
  return ['full', 'not-live', 'server-gone', 'lost'].includes(failure.kind);
}

export function explain(failure: Failure): Explanation {
  switch (failure.kind) {
    case 'no-webrtc':
      return {
        title: 'This browser cannot send pictures live',
        advice: 'WebRTC is missing or switched off. A current Chrome, Edge, Firefox or Safari has it.',
      };
    case 'insecure':
      return {
        title: 'The browser keeps camera and screen from this page',
        advice:
          'It came over plain http from another machine. Open it by https, or on the server itself by http://localhost. A file and the demo clip work as they are.',
      };
    case 'denied':
      return failure.what === 'camera'
        ? {
            title: 'The camera was not allowed',
            advice: 'Allow it for this page in the browser’s address bar, then start again.',
            action: 'try-again',
          }
        : {
            title: 'No screen was shared',
            advice: 'The choice was closed, or the system does not let this browser record the screen.',
            action: 'try-again',
          };
    case 'no-camera':
      return {
        title: 'No camera was found',
        advice: 'Plug one in and start again, or choose a screen, a file or the demo clip.',
        action: 'try-again',
      };
    case 'camera-busy':
      return {
        title: 'The camera is in use',
        advice: 'Another program holds it. Close that program, then start again.',
        action: 'try-again',
      };
    case 'no-screen-capture':
      return {
        title: 'Screens cannot be shared from this device',
        advice: 'Phones and tablets do not offer it. Choose the camera, a file or the demo clip.',
      };
    case 'no-file':
      return { title: 'No file is chosen', advice: 'Choose a video, or drop one on the picture.' };
    case 'file-unplayable':
      return {
        title: `“${failure.name}” does not play here`,
        advice: 'This browser cannot decode it. MP4 with H.264 and WebM play almost everywhere.',
      };
    case 'no-demo':
      return {
        title: 'The demo clip did not load',
        advice: 'The server has none, or did not answer. A file of your own works the same way.',
        action: 'try-again',
      };
    case 'source-ended':
      return {
        title: 'The source has ended',
        advice: 'Sharing was stopped, or the camera was taken away. Start again whenever you like.',
      };
    case 'token':
      return failure.wasGiven
        ? {
            title: 'The server did not accept this token',
            advice: 'Check it against the one the server was started with.',
            action: 'enter-token',
          }
        : {
            title: 'This server asks for a token',
            advice: 'Whoever started the server has it. It stays in this tab only.',
            action: 'enter-token',
          };
    case 'full':
      return {
        title: 'The server is full',
        advice: failure.detail || 'It has no room for another stream without spoiling the others.',
        action: 'try-again',
      };
    case 'not-live':
      return {
        title: `“${failure.stream}” is not live yet`,
        advice: 'This page stays here and joins as soon as it is.',
        action: 'try-again',
      };
    case 'offer-refused':
      return {
        title: 'The server cannot take this picture',
        advice: failure.detail || 'It takes VP8, VP9 and AV1, and this browser offered none of them.',
      };
    case 'name-taken':
      return {
        title: `“${failure.stream}” is already live`,
        advice: 'Someone else, or another tab, uses this stream’s name. Take another one.',
        action: 'new-name',
      };
    case 'setting-refused':
      return { title: 'That setting was not taken', advice: failure.detail };
    case 'server-gone':
      return {
        title: 'The server does not answer',
        advice: 'It may be starting again, or the network is down.',
        action: 'try-again',
      };
    case 'lost':
      return { title: 'Connection lost', advice: 'The picture no longer reaches the server.' };
    case 'given-up':
      return {
        title: 'The connection did not come back',
        advice: `Tried ${failure.tries} times. Look whether the server still runs, then try again.`,
        action: 'try-again',
      };
    case 'unexpected':
      return { title: 'Something went wrong', advice: failure.detail, action: 'try-again' };
  }
}
