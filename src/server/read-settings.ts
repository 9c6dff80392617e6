import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { StreamSettings } from '../live/stream-settings.js';
import { HttpProblem } from './http-problem.js';

const SETTINGS = {
  seed: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  prompt: { type: 'string', maxLength: 500 },
  gainDb: { type: 'number', minimum: -60, maximum: 24 },
  mix: { type: 'string', enum: ['under', 'replace'] },
  isDucking: { type: 'boolean' },
  steps: { type: 'integer', minimum: 1, maximum: 50 },
} as const satisfies Record<keyof StreamSettings, object>;

const BUNDLE = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
} as const;

/** What the address of a new stream may ask for. */
export type StreamQuery = Partial<StreamSettings> & { readonly bundle?: string };

const isChange = objectOf<Partial<StreamSettings>>(new Ajv(), SETTINGS);
// In an address all is text.
const isQuery = objectOf<StreamQuery>(new Ajv({ coerceTypes: true }), { ...SETTINGS, bundle: BUNDLE });
const isNoQuery = objectOf<object>(new Ajv(), {});

/**
 * Reads the settings of a change: a JSON object with some of them.
 * @throws {HttpProblem} 400, naming the setting and what it must be
 */
export function readChange(text: unknown): Partial<StreamSettings> {
  return checked(isChange, parse(text), 'setting');
}

/**
 * Reads what the address of a new stream asks for.
 * @throws {HttpProblem} 400, naming the parameter and what it must be
 */
export function readQuery(query: unknown): StreamQuery {
  return checked(isQuery, { ...(query as object) }, 'parameter');
}

/**
 * Listeners set nothing.
 * @throws {HttpProblem} 400, if their address has a parameter
 */
export function assertNoQuery(query: unknown): void {
  checked(isNoQuery, { ...(query as object) }, 'parameter');
}

function objectOf<Value>(ajv: Ajv, properties: object): ValidateFunction<Value> {
  return ajv.compile<Value>({ type: 'object', additionalProperties: false, properties });
}

function parse(text: unknown): unknown {
  try {
    return JSON.parse(typeof text === 'string' ? text : '');
  } catch (error) {
    throw new HttpProblem(400, 'Cannot read the settings: the body must be a JSON object', { cause: error });
  }
}

function checked<Value>(validate: ValidateFunction<Value>, value: unknown, what: string): Value {
  if (!validate(value)) throw new HttpProblem(400, misfit(validate.errors?.[0], what));
  // Ajv takes a text such as 1e400 for a number, and holds no bounds against it.
  const infinite = Object.entries(value as object).find(
    ([, each]) => each === Infinity || each === -Infinity,
  );
  if (!infinite) return value;
  throw new HttpProblem(400, `Cannot use the ${what} '${infinite[0]}': it must be finite`);
}

function misfit(error: ErrorObject | undefined, what: string): string {
  const params: Readonly<Record<string, unknown>> = error?.params ?? {};
  const unknown = params['additionalProperty'];
  if (typeof unknown === 'string')
    return `Cannot use the ${what} '${shortened(unknown)}': there is none of that name here`;
  const name = error?.instancePath.split('/')[1];
  if (name === undefined) return 'Cannot read the settings: the body must be a JSON object';
  const choices = Array.isArray(params['allowedValues']) ? `: ${params['allowedValues'].join(', ')}` : '';
  return `Cannot use the ${what} '${name}': it ${error?.message ?? 'does not fit'}${choices}`;
}

function shortened(text: string): string {
  return text.replace(/[^ -~]/g, '?').slice(0, 60);
}
