import { captureFailure, FailureError } from './failures.js';

export const SOURCE_KINDS = ['screen', 'window', 'camera', 'file', 'demo'] as const;

export type SourceKind = (typeof SOURCE_KINDS)[number];

/** A picture that is on its way. Whoever opened it calls `close()`; `onEnd` is told when it ends by itself. */
export type Source = {
  readonly kind: SourceKind;
  /** Plays the picture, without its sound. */
  readonly video: HTMLVideoElement;
  readonly picture: MediaStreamTrack;
  /** Its own sound, where it has one. */
  readonly sound: MediaStreamTrack | undefined;
  readonly onEnd: (listener: () => void) => void;
  readonly close: () => void;
};

/** What belongs to a share of the screen and TypeScript's list of names does not know yet. */
type ScreenOptions = DisplayMediaStreamOptions & {
  readonly systemAudio?: 'include' | 'exclude';
  readonly selfBrowserSurface?: 'include' | 'exclude';
  readonly surfaceSwitching?: 'include' | 'exclude';
};
type SoundConstraints = MediaTrackConstraints & {
  readonly suppressLocalAudioPlayback?: boolean;
  readonly restrictOwnAudio?: boolean;
};
type CapturableVideo = HTMLVideoElement & {
  readonly captureStream?: () => MediaStream;
  readonly mozCaptureStream?: () => MediaStream;
};

const PICTURE = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 30, max: 30 } };

/** Which sources this browser and this page can have; a reason for each that they cannot. */
export function missingSources(): ReadonlyMap<SourceKind, 'insecure' | 'no-screen-capture' | 'no-capture'> {
  const missing = new Map<SourceKind, 'insecure' | 'no-screen-capture' | 'no-capture'>();
  // Absent from insecure pages, whatever the type says.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) missing.set('camera', 'insecure');
  if (typeof devices?.getDisplayMedia !== 'function') {
    const reason = devices === undefined ? 'insecure' : 'no-screen-capture';
    missing.set('screen', reason).set('window', reason);
  }
  const { captureStream, mozCaptureStream } = HTMLVideoElement.prototype as CapturableVideo;
  if (!captureStream && !mozCaptureStream) missing.set('file', 'no-capture').set('demo', 'no-capture');
  return missing;
}

/**
 * Opens a source: asks the person where the browser demands it.
 * @throws {FailureError} If there is no such source, or it was not allowed
 */
export async function openSource(kind: SourceKind, file: File | undefined): Promise<Source> {
  switch (kind) {
    case 'screen':
    case 'window':
      return ofStream(kind, await shareScreen(kind));
    case 'camera':
      return ofStream(kind, await openCamera());
    case 'file':
      if (file === undefined) throw new FailureError({ kind: 'no-file' });
      return ofFile(kind, URL.createObjectURL(file), { kind: 'file-unplayable', name: file.name });
    case 'demo':
      return ofFile(kind, '/demo.mp4', { kind: 'no-demo' });
  }
}

async function openCamera(): Promise<MediaStream> {
  if (missingSources().has('camera')) throw new FailureError({ kind: 'insecure' });
  try {
    // No microphone: it would hear our own sound from the loudspeaker.
    return await navigator.mediaDevices.getUserMedia({ video: PICTURE, audio: false });
  } catch (error) {
    throw captureError(error, 'camera');
  }
}

async function shareScreen(kind: 'screen' | 'window'): Promise<MediaStream> {
  const missing = missingSources().get(kind);
  if (missing) throw new FailureError({ kind: missing === 'insecure' ? 'insecure' : 'no-screen-capture' });
  // The sound of the whole system holds ours too, unless the browser can leave this page's out.
  const canLeaveOut = 'restrictOwnAudio' in navigator.mediaDevices.getSupportedConstraints();
  const sound: SoundConstraints = {
    suppressLocalAudioPlayback: true,
    restrictOwnAudio: true,
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
  };
  const options: ScreenOptions = {
    video: { ...PICTURE, displaySurface: kind === 'screen' ? 'monitor' : 'window' },
    audio: sound,
    systemAudio: canLeaveOut ? 'include' : 'exclude',
    selfBrowserSurface: 'exclude',
    surfaceSwitching: 'include',
  };
  try {
    return await navigator.mediaDevices.getDisplayMedia(options);
  } catch (error) {
    throw captureError(error, 'screen');
  }
}

function captureError(error: unknown, what: 'camera' | 'screen'): FailureError {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return new FailureError(captureFailure(name, what, message), { cause: error });
}

async function ofStream(kind: SourceKind, stream: MediaStream): Promise<Source> {
  const video = silentVideo();
  video.srcObject = stream;
  await video.play().catch(() => undefined);
  const picture = stream.getVideoTracks()[0]!;
  return {
    kind,
    video,
    picture,
    sound: stream.getAudioTracks()[0],
    onEnd: (listener) => picture.addEventListener('ended', listener),
    close: () => {
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
    },
  };
}

async function ofFile(
  kind: SourceKind,
  address: string,
  failure: ConstructorParameters<typeof FailureError>[0],
): Promise<Source> {
  const video: CapturableVideo = silentVideo();
  video.loop = true;
  video.src = address;
  try {
    await video.play();
  } catch (error) {
    throw new FailureError(failure, { cause: error });
  }
  const stream = video.captureStream?.() ?? video.mozCaptureStream?.();
  const picture = stream?.getVideoTracks()[0] ?? (stream && (await firstPicture(stream)));
  if (!stream || !picture) throw new FailureError(failure);
  return {
    kind,
    video,
    picture,
    sound: stream.getAudioTracks()[0],
    // It plays in a loop.
    onEnd: () => undefined,
    close: () => {
      for (const track of stream.getTracks()) track.stop();
      video.pause();
      video.removeAttribute('src');
      video.load();
      URL.revokeObjectURL(address);
    },
  };
}

/** The tracks of a playing file may come a moment late. */
async function firstPicture(stream: MediaStream): Promise<MediaStreamTrack | undefined> {
  await new Promise((resolve) => {
    stream.addEventListener('addtrack', resolve, { once: true });
    setTimeout(resolve, 2000);
  });
  return stream.getVideoTracks()[0];
}

function silentVideo(): HTMLVideoElement {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  return video;
}
