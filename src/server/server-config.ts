import type { DeviceChoice } from '../runtime/device.js';
import { DEVICES } from '../runtime/device.js';

/** How a server is set up. */
export type ServerConfig = {
  /** Address to listen on. Default 127.0.0.1; any that others can reach needs a token. */
  readonly host: string;
  /** 0 to 65535; 0 takes a free one. Default 8080. */
  readonly port: number;
  /** What clients must show as `Authorization: Bearer`; absent where none is asked. */
  readonly token?: string;
  /** Absent for the engine's default. */
  readonly bundle?: string;
  /** Streams at once, 1 to 1,000. Default 8. */
  readonly maxSessions: number;
  /** Processes that compute, 1 to 64; absent for as many as fit the machine. */
  readonly lanes?: number;
  readonly device: DeviceChoice;
  /** Held back on top of what the bundle needs, 0 to 10,000. Unit: ms. Default 0. */
  readonly delayMs: number;
  /** Origins of other pages that may use this server. Default none; with a token, and none named, all. */
  readonly allowOrigin: readonly string[];
  /** Names under which a loopback server is reached besides its own. */
  readonly allowHost: readonly string[];
  /** Under what address others reach the server, without a slash at its end: for links. */
  readonly publicUrl?: string;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** UDP ports that media may use; absent for any. */
  readonly udpPorts?: { readonly min: number; readonly max: number };
  /** How long the place of a sender that vanished is kept, 1 to 3,600. Unit: seconds. Default 30. */
  readonly lostSeconds: number;
  /** How long a new sender may take until its first picture, 1 to 3,600. Unit: seconds. Default 30. */
  readonly firstPictureSeconds: number;
  /** How long a picture may stay frozen before its stream is ended, 1 to 86,400. Unit: seconds. Default 600. */
  readonly idleSeconds: number;
  /** Requests that change something, a minute and client; absent for 120, or 6,000 on loopback. */
  readonly requestsPerMinute?: number;
};

/** What flags, environment and file may say: `ServerConfig`, with `tokenFile` and `udpPorts` as text. */
export type ConfigDocument = Partial<Omit<ServerConfig, 'udpPorts'>> & {
  readonly tokenFile?: string;
  readonly udpPorts?: string;
};

/** What holds where nothing is said. */
export const SERVER_DEFAULTS = Object.freeze({
  host: '127.0.0.1',
  port: 8080,
  maxSessions: 8,
  device: 'auto',
  delayMs: 0,
  allowOrigin: [],
  allowHost: [],
  logLevel: 'warn',
  lostSeconds: 30,
  firstPictureSeconds: 30,
  idleSeconds: 600,
} as const satisfies Partial<ServerConfig>);

const TEXT = { type: 'string', minLength: 1, maxLength: 4_096 } as const;
const SECONDS = { type: 'integer', minimum: 1, maximum: 3_600 } as const;

/** The one schema of flags, environment and file; descriptions are the help's, `valueName` what it calls a value. */
export const CONFIG_PROPERTIES = {
  host: { ...TEXT, valueName: 'address', description: 'address to listen on' },
  port: {
    type: 'integer',
    minimum: 0,
    maximum: 65_535,
    valueName: 'n',
    description: 'port; 0 takes a free one',
  },
  token: {
    type: 'string',
    pattern: '^[\\x21-\\x7e]{16,512}$',
    valueName: 'text',
    description: 'what clients must show (better in a file: other users see flags)',
  },
  tokenFile: { ...TEXT, valueName: 'file', description: 'a file that holds the token' },
  bundle: { ...TEXT, valueName: 'name', description: 'the system that makes the sound' },
  maxSessions: {
    type: 'integer',
    minimum: 1,
    maximum: 1_000,
    valueName: 'n',
    description: 'streams at once',
  },
  lanes: { type: 'integer', minimum: 1, maximum: 64, valueName: 'n', description: 'processes that compute' },
  device: { type: 'string', enum: ['auto', ...DEVICES], valueName: 'where', description: 'what computes' },
  delayMs: { type: 'number', minimum: 0, maximum: 10_000, valueName: 'ms', description: 'extra reserve' },
  allowOrigin: {
    type: 'array',
    items: { type: 'string', pattern: '^https?://[^/\\s]{1,256}$' },
    maxItems: 64,
    valueName: 'origins',
    description: 'other pages that may use this server, such as https://studio.example',
  },
  allowHost: {
    type: 'array',
    items: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,253}$|^\\[[0-9A-Fa-f:]+\\]$' },
    maxItems: 64,
    valueName: 'names',
    description: 'further names under which a loopback server is reached',
  },
  publicUrl: {
    type: 'string',
    pattern: '^https?://[^/?#\\s]{1,256}(/[^?#\\s]*)?$',
    valueName: 'url',
    description: 'under what address others reach it, for links',
  },
  logLevel: {
    type: 'string',
    enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    valueName: 'level',
    description: 'what is logged to standard error',
  },
  udpPorts: {
    type: 'string',
    pattern: '^\\d{1,5}-\\d{1,5}$',
    valueName: 'min-max',
    description: 'ports that media may use',
  },
  lostSeconds: { ...SECONDS, valueName: 's', description: "how long a vanished sender's place is kept" },
  firstPictureSeconds: {
    ...SECONDS,
    valueName: 's',
    description: 'how long a new sender may send no picture',
  },
  idleSeconds: {
    ...SECONDS,
    maximum: 86_400,
    valueName: 's',
    description: 'how long a picture may be frozen',
  },
  requestsPerMinute: {
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000,
    valueName: 'n',
    description: 'requests that change something, a client (default: 120, on loopback 6000)',
  },
} as const satisfies Record<keyof ConfigDocument, object>;

/** Whether an option takes several values. */
export function isList(key: string): boolean {
  return (
    Object.hasOwn(CONFIG_PROPERTIES, key) && CONFIG_PROPERTIES[key as keyof ConfigDocument].type === 'array'
  );
}

/** The flag of a key: `maxSessions` is `--max-sessions`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
