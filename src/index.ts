export type { BundleSummary } from './bundle-summary.js';
export { createEngine, Engine, type EngineOptions } from './engine.js';
export { createStreamHost, type StreamHostOptions } from './live/create-stream-host.js';
export type { LiveHost } from './live/live-host.js';
export type { LiveLog } from './live/live-log.js';
export type { LiveMetrics, TimeBins } from './live/live-metrics.js';
export { createRtcSink, type PlayTiming, type RtcSink } from './live/rtc-sink.js';
export type { AgreedPeer, BundleReport, Offer, PeerRole, StreamHost } from './live/stream-host.js';
export type { HopReport, Quantiles, StreamReport, StreamState } from './live/stream-report.js';
export type { StreamSettings } from './live/stream-settings.js';
export {
  listInputProtocols,
  locateFfmpeg,
  type Ffmpeg,
  type LocateFfmpegOptions,
} from './media/locate-ffmpeg.js';
export { inspectMedia, type MediaInfo } from './media/media-info.js';
export { readAudioBlocks, type ReadAudioOptions } from './media/read-audio.js';
export { readVideoFrames, type ReadVideoOptions } from './media/read-video.js';
export { openSoundWriter, type SoundWriter, type SoundWriterOptions } from './media/write-sound.js';
export type { PeerStats } from './rtc/peer-stats.js';
export type { OfferRole, OfferSummary } from './rtc/read-offer.js';
export { Refusal, type RefusalStatus } from './rtc/refusal.js';
export { RtcPeer, type PeerState, type RtcPeerOptions } from './rtc/rtc-peer.js';
export {
  createRtcSource,
  type EchoFrame,
  type RtcSource,
  type RtcSourceCounts,
  type RtcSourceOptions,
} from './rtc/rtc-source.js';
export type { PictureSize } from './rtc/squeeze-i420.js';
export type { WrtcStream, WrtcTrack } from './rtc/wrtc-types.js';
export type { Device, DeviceChoice } from './runtime/device.js';
export type { StepTiming } from './runtime/lane.js';
export type { DeviceProbe } from './runtime/probe-device.js';
export type { HopTimes, SessionMetric } from './session-metrics.js';
export { Session } from './session.js';
export type { LiveOptions, OwnSound, SessionOptions } from './session-options.js';
export type { NeededFrom } from './session-span.js';
export type { Prompt } from './stages/prompt.js';
export { frameCountOf, type AudioBlock } from './stream/audio-block.js';
export { systemClock, type Clock } from './stream/clock.js';
export type { FadeLaw } from './stream/crossfade.js';
export type { DuckingOptions } from './stream/duck-level.js';
export { LivefoleyError, type FailurePlace } from './stream/errors.js';
export { MEDIA_RATE, positionAtSeconds, secondsAt } from './stream/media-clock.js';
export type { PlayoutCounts } from './stream/playout.js';
export type { Seam } from './stream/segment-joiner.js';
export type { PixelFormat, VideoFrame } from './stream/video-frame.js';
