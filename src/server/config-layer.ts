import { Ajv, type ErrorObject } from 'ajv';
import { LivefoleyError } from '../stream/errors.js';
import { CONFIG_PROPERTIES, isList, type ConfigDocument } from './server-config.js';

/** Settings from one place, not yet checked. */
export type ConfigLayer = {
  readonly values: Readonly<Record<string, unknown>>;
  /** What a person calls a key there: `--port`, `LIVEFOLEY_PORT`, `'port' in server.json`. */
  readonly nameOf: (key: string) => string;
};

const ajv = new Ajv({ coerceTypes: true, strict: true, keywords: ['valueName'] });
const validate = ajv.compile<ConfigDocument>({
  type: 'object',
  additionalProperties: false,
  properties: CONFIG_PROPERTIES,
});

const SHOWN_CHARACTERS = 60;

/**
 * Holds a layer against the schema, and turns texts into what they mean.
 * @throws {LivefoleyError} Place `usage`: one sentence that names the place, what it must be, and what it is
 */
export function checkLayer({ values, nameOf }: ConfigLayer): ConfigDocument {
  const document = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, unfolded(key, value)]),
  );
  if (!validate(document)) throw misfit(validate.errors?.[0], { values, nameOf });
  // Ajv takes a text such as 1e400 for a number, and holds no bounds against it.
  const infinite = Object.entries(document).find(([, value]) => value === Infinity || value === -Infinity);
  if (infinite) throw misfit({ instancePath: `/${infinite[0]}` }, { values, nameOf });
  const { token, tokenFile } = document;
  if (token === undefined || tokenFile === undefined) return document;
  throw new LivefoleyError(
    'usage',
    `Cannot use both ${nameOf('token')} and ${nameOf('tokenFile')}: give one of them`,
  );
}

/** A list may be one text with commas, or several of them. */
function unfolded(key: string, value: unknown): unknown {
  if (!isList(key)) return value;
  const parts = Array.isArray(value) ? (value as unknown[]) : [value];
  return parts.flatMap((part) =>
    typeof part === 'string'
      ? part
          .split(',')
          .map((each) => each.trim())
          .filter((each) => each !== '')
      : [part],
  );
}

function misfit(error: Partial<ErrorObject> | undefined, { values, nameOf }: ConfigLayer): LivefoleyError {
  const params: Readonly<Record<string, unknown>> = error?.params ?? {};
  const unknown = params['additionalProperty'];
  if (typeof unknown === 'string') {
    const known = Object.keys(CONFIG_PROPERTIES).map(nameOf).join(', ');
    return new LivefoleyError('usage', `Cannot use ${nameOf(unknown)}: it must be one of ${known}`);
  }
  const key = error?.instancePath?.split('/')[1] ?? '';
  if (key === '') return new LivefoleyError('usage', `Cannot use ${nameOf('')}: it must be an object`);
  return new LivefoleyError(
    'usage',
    `Cannot use ${nameOf(key)}: it must ${requirement(key, error)}, received ${shown(key, values[key])}`,
  );
}

function requirement(key: string, error: Partial<ErrorObject> | undefined): string {
  const said = REQUIREMENTS[key];
  if (said !== undefined) return said;
  const schema: { readonly [name: string]: unknown } = CONFIG_PROPERTIES[key as keyof ConfigDocument];
  if (schema['enum'] !== undefined) return `be one of ${(schema['enum'] as string[]).join(', ')}`;
  const { type, minimum, maximum } = schema;
  if (type === 'integer') return `be a whole number from ${String(minimum)} to ${String(maximum)}`;
  if (type === 'number') return `be a number from ${String(minimum)} to ${String(maximum)}`;
  return error?.keyword === 'minLength' ? 'not be empty' : 'be a text of at most 4096 characters';
}

const REQUIREMENTS: Readonly<Record<string, string>> = {
  token: 'have 16 to 512 visible characters and no space',
  allowOrigin: 'hold origins such as https://studio.example, without a path',
  allowHost: 'hold names such as studio.local, without a port',
  publicUrl: 'be an address such as https://foley.example',
  udpPorts: 'be two ports such as 50000-50100',
};

/** A token is not for the screen. */
function shown(key: string, value: unknown): string {
  if (key === 'token') return typeof value === 'string' ? `${value.length} characters` : `a ${typeof value}`;
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}...`;
}
