import { readFileSync } from 'node:fs';
import { LivefoleyError } from '../stream/errors.js';
import { checkLayer, type ConfigLayer } from './config-layer.js';
import { isLoopback } from './loopback.js';
import {
  CONFIG_PROPERTIES,
  flagOf,
  SERVER_DEFAULTS,
  type ConfigDocument,
  type ServerConfig,
} from './server-config.js';

const PREFIX = 'LIVEFOLEY_';
/** Variables of our own tests. */
const TEST_PREFIX = 'LIVEFOLEY_TEST_';
const FILE_VARIABLE = 'LIVEFOLEY_CONFIG';

const KEYS = Object.keys(CONFIG_PROPERTIES) as (keyof ConfigDocument)[];

/**
 * Reads the set-up from everywhere: flags go before environment, environment before the file, the file before
 * defaults. The token, or the file that holds it, is taken from the first place that names either.
 *
 * @param sources `flags` by their keys (`maxSessions`), `config` being the file's path; `env`, for example `process.env`
 * @throws {LivefoleyError} Place `usage` for what cannot be used; `input` for a file that cannot be read
 */
export function readServerConfig(sources: {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}): ServerConfig {
  const { config: flaggedFile, ...flags } = sources.flags;
  const file = flaggedFile ?? sources.env[FILE_VARIABLE];
  const layers = [
    checkLayer({ values: flags, nameOf: flagOf }),
    checkLayer({ values: fromEnvironment(sources.env), nameOf: variableOf }),
    ...(typeof file === 'string' && file !== '' ? [checkLayer(fromFile(file))] : []),
  ];
  const merged = Object.assign({}, ...[...layers].reverse().map(withoutToken)) as Omit<
    ConfigDocument,
    TokenKey
  >;
  const { udpPorts, ...rest } = merged;
  const token = findToken(layers);
  const config = {
    ...SERVER_DEFAULTS,
    ...rest,
    ...(rest.publicUrl === undefined ? {} : { publicUrl: rest.publicUrl.replace(/\/+$/, '') }),
    ...(token === undefined ? {} : { token }),
    ...(udpPorts === undefined ? {} : { udpPorts: parsePorts(udpPorts) }),
  };
  assertGuarded(config);
  return config;
}

function variableOf(key: string): string {
  if (!Object.hasOwn(CONFIG_PROPERTIES, key)) return key;
  return PREFIX + key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** A variable that is ours and unknown is a typing error, and kept under its own name so that it is refused. */
function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || name.startsWith(TEST_PREFIX) || name === FILE_VARIABLE) continue;
    if (value === undefined || value === '') continue;
    values[KEYS.find((key) => variableOf(key) === name) ?? name] = value;
  }
  return values;
}

function fromFile(path: string): ConfigLayer {
  const text = readText(path, 'the configuration');
  const nameOf = (key: string): string => (key === '' ? `the configuration ${path}` : `'${key}' in ${path}`);
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error);
    throw new LivefoleyError('usage', `Cannot use ${nameOf('')}: it must be JSON: ${reason}`, {
      cause: error,
    });
  }
  if (typeof values === 'object' && values !== null && !Array.isArray(values))
    return { values: values as Record<string, unknown>, nameOf };
  throw new LivefoleyError('usage', `Cannot use ${nameOf('')}: it must be one JSON object`);
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LivefoleyError('input', `Cannot read ${what} ${path}: ${reason}`, { cause: error });
  }
}

type TokenKey = 'token' | 'tokenFile';

function withoutToken(layer: ConfigDocument): Omit<ConfigDocument, TokenKey> {
  const rest: { -readonly [Key in keyof ConfigDocument]: ConfigDocument[Key] } = { ...layer };
  delete rest.token;
  delete rest.tokenFile;
  return rest;
}

function findToken(layers: readonly ConfigDocument[]): string | undefined {
  const first = layers.find(({ token, tokenFile }) => token !== undefined || tokenFile !== undefined);
  if (first?.tokenFile === undefined) return first?.token;
  const nameOf = (): string => `the token in ${first.tokenFile ?? ''}`;
  return checkLayer({ values: { token: readText(first.tokenFile, 'the token file').trim() }, nameOf }).token;
}

function parsePorts(text: string): { min: number; max: number } {
  const [min = 0, max = 0] = text.split('-').map(Number);
  if (min >= 1 && min <= max && max <= 65_535) return { min, max };
  throw new LivefoleyError(
    'usage',
    `Cannot use the UDP ports ${text}: the first must be at least 1, the second at least the first and at most 65535`,
  );
}

/** Without a token nobody but this machine may ask. */
function assertGuarded({ host, token }: ServerConfig): void {
  if (token !== undefined || isLoopback(host)) return;
  throw new LivefoleyError(
    'usage',
    `Cannot listen on ${host} without a token: others could reach it; give --token-file FILE (16 characters or more), ` +
      'or listen on 127.0.0.1',
  );
}
