/**
 * What we use of @roamhq/wrtc, as it behaves (measured); its own types lean on the DOM's, which Node does not have,
 * and are wrong in places.
 */

/** Sound or pictures that flow from a source, or from the other side. */
export type WrtcTrack = {
  readonly kind: 'audio' | 'video';
  readonly id: string;
  readonly readyState: 'live' | 'ended';
  stop(): void;
};

/** Tracks that belong together: a receiver plays those of one stream in sync. */
export type WrtcStream = {
  readonly id: string;
  addTrack(track: WrtcTrack): void;
  getTracks(): WrtcTrack[];
};

/** Which way media flows, seen from the side that says it. */
export type MediaDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export type WrtcTransceiver = {
  readonly mid: string | null;
  direction: MediaDirection | 'stopped';
  readonly currentDirection: MediaDirection | 'stopped' | null;
  readonly receiver: { readonly track: WrtcTrack };
  readonly sender: { readonly track: WrtcTrack | null };
};

export type WrtcDescription = { readonly type: 'offer' | 'answer'; readonly sdp: string };

export type WrtcConnectionState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';

export type WrtcPeerConnection = {
  readonly connectionState: WrtcConnectionState;
  readonly iceGatheringState: 'new' | 'gathering' | 'complete';
  readonly localDescription: WrtcDescription | null;
  onconnectionstatechange: (() => void) | null;
  onicegatheringstatechange: (() => void) | null;
  addTrack(track: WrtcTrack, ...streams: WrtcStream[]): unknown;
  addTransceiver(trackOrKind: WrtcTrack | 'audio' | 'video', init?: object): WrtcTransceiver;
  getTransceivers(): WrtcTransceiver[];
  createOffer(): Promise<WrtcDescription>;
  createAnswer(): Promise<WrtcDescription>;
  setLocalDescription(description: WrtcDescription): Promise<void>;
  setRemoteDescription(description: WrtcDescription): Promise<void>;
  getStats(): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>>;
  close(): void;
};

export type WrtcConfiguration = {
  readonly bundlePolicy: 'max-bundle' | 'balanced';
  readonly iceServers: readonly [];
  /** UDP ports to take, both included. */
  readonly portRange?: { readonly min: number; readonly max: number };
};

/**
 * 10 ms of sound. Shape: `samples` interleaved. The whole buffer under `samples` is taken, whatever its offset, and
 * copied before the call returns.
 */
export type WrtcSound = {
  readonly samples: Int16Array;
  readonly sampleRate: number;
  readonly bitsPerSample: 16;
  readonly channelCount: number;
  readonly numberOfFrames: number;
};

/** A picture: planes Y, U, V without padding; chroma planes have (width + 1) >> 1 by (height + 1) >> 1 samples. */
export type WrtcPicture = {
  readonly width: number;
  readonly height: number;
  /** Clockwise, still to be applied. Unit: degrees, a multiple of 90. Absent on pictures that we send. */
  readonly rotation?: number;
  readonly data: Uint8Array | Uint8ClampedArray;
};

export type WrtcAudioSource = { createTrack(): WrtcTrack; onData(sound: WrtcSound): void };
export type WrtcVideoSource = { createTrack(): WrtcTrack; onFrame(picture: WrtcPicture): void };
export type WrtcAudioSink = { ondata: ((sound: WrtcSound) => void) | null; stop(): void };
export type WrtcVideoSink = { onframe: ((event: { frame: WrtcPicture }) => void) | null; stop(): void };

export type Wrtc = {
  readonly RTCPeerConnection: new (configuration: WrtcConfiguration) => WrtcPeerConnection;
  readonly MediaStream: new () => WrtcStream;
  readonly nonstandard: {
    readonly RTCAudioSource: new () => WrtcAudioSource;
    readonly RTCVideoSource: new (init?: { readonly isScreencast?: boolean }) => WrtcVideoSource;
    readonly RTCAudioSink: new (track: WrtcTrack) => WrtcAudioSink;
    readonly RTCVideoSink: new (track: WrtcTrack) => WrtcVideoSink;
  };
};
