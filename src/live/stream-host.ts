import type { StreamReport } from './stream-report.js';
import type { StreamSettings } from './stream-settings.js';

/** How a peer takes part: `duplex` sends pictures and hears their sound, `publish` only sends, `listen` only hears. */
export type PeerRole = 'duplex' | 'publish' | 'listen';

/** What a peer that wants to take part sends. */
export type Offer = {
  /** Name of the stream: 1 to 64 letters, digits, `-`, `_` or `.`. */
  readonly stream: string;
  readonly role: PeerRole;
  /** The offer, as it came in. */
  readonly sdp: string;
  /** For `duplex` and `publish`: what differs from the defaults. */
  readonly settings?: Partial<StreamSettings>;
  /** For `duplex` and `publish`: which bundle makes the sound; absent for the server's default. */
  readonly bundle?: string;
};

/** A connection that was agreed to. */
export type AgreedPeer = {
  /** Unguessable; names the session in its address. */
  readonly sessionId: string;
  /** The answer, with all candidates. */
  readonly sdp: string;
};

/** A bundle that streams may use. */
export type BundleReport = {
  readonly name: string;
  readonly version: string;
  readonly mode: 'causal' | 'window';
  readonly isDefault: boolean;
  /** Words that a prompt may use as they are; empty if the bundle takes no prompt. */
  readonly promptWords: readonly string[];
  /** Whether a prompt may be any text. */
  readonly readsFreeText: boolean;
  readonly steps: { readonly default: number; readonly max: number };
  /** From a picture's capture to the departure of its sound. Unit: ms. */
  readonly delayMs: number;
};

/** What the HTTP server needs of the live engine; tests put a fake in its place. */
export interface StreamHost {
  /**
   * Takes a peer in, if it can.
   * @throws {Refusal} If the offer, the stream's name or state, or the machine's load does not allow it
   */
  agree(offer: Offer): Promise<AgreedPeer>;
  /**
   * Ends a connection that was agreed to under this stream's name.
   * @returns Whether there was one
   */
  end(stream: string, sessionId: string): Promise<boolean>;
  /** Whether a session of that number stands under this stream's name. */
  hasSession(stream: string, sessionId: string): boolean;
  /** How all streams do. */
  streams(): readonly StreamReport[];
  /**
   * Changes a running stream from its next hop on.
   * @throws {Refusal} 404, if there is no such stream; 422, if the bundle does not take a value or understands nothing of the prompt
   */
  change(stream: string, settings: Partial<StreamSettings>): Promise<StreamReport>;
  /** The bundles that streams may use. */
  bundles(): Promise<readonly BundleReport[]>;
  /** Fades all sound out, closes all peers, ends lanes. Idempotent. */
  close(): Promise<void>;
}
