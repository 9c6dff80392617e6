import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { fieldPath, type ManifestProblem } from './manifest-problem.js';

// The same two folders up from src/runtime and from dist/runtime.
const SCHEMA_FILE = new URL('../../models/bundle.schema.json', import.meta.url);

/** That the schema itself is sound is tested; to check and to optimise it here would take longer than all its use. */
const OPTIONS = {
  strictTypes: false,
  meta: false,
  validateSchema: false,
  code: { optimize: false },
} as const;

let validator: ValidateFunction | undefined;

/** Where a document breaks `models/bundle.schema.json`; the first place, or `undefined`. */
export function findSchemaProblem(document: unknown): ManifestProblem | undefined {
  validator ??= new Ajv2020(OPTIONS).compile(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as object);
  if (validator(document)) return undefined;
  const error = validator.errors?.[0];
  if (!error) return { field: fieldPath(), requirement: 'match the schema', received: document };
  return describeError(error, document);
}

function describeError(error: ErrorObject, document: unknown): ManifestProblem {
  const keys = keysOf(error.instancePath, document);
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.propertyName !== undefined) {
    const field = fieldPath(...keys, error.propertyName);
    return {
      field,
      requirement: `have a name that matches ${String(params['pattern'])}`,
      received: error.propertyName,
    };
  }
  switch (error.keyword) {
    case 'required':
      return at([...keys, String(params['missingProperty'])], 'be there', document);
    case 'additionalProperties':
      return at(
        [...keys, String(params['additionalProperty'])],
        'be absent, as the schema does not know it',
        document,
      );
    case 'const':
      return at(keys, `be ${JSON.stringify(params['allowedValue'])}`, document);
    case 'enum':
      return at(keys, `be one of ${(params['allowedValues'] as unknown[]).join(', ')}`, document);
    case 'pattern':
      return at(keys, `match ${String(params['pattern'])}`, document);
    case 'type':
      return at(keys, `be of type ${String(params['type'])}`, document);
    case 'not':
      return at(keys, 'be absent here', document);
    default:
      return at(keys, (error.message ?? 'match the schema').replace(/^must /, ''), document);
  }
}

function at(keys: readonly (string | number)[], requirement: string, document: unknown): ManifestProblem {
  let received = document;
  for (const key of keys) {
    const isThere = typeof received === 'object' && received !== null && Object.hasOwn(received, key);
    received = isThere ? (received as Record<string | number, unknown>)[key] : undefined;
  }
  return { field: fieldPath(...keys), requirement, received };
}

/** The keys of a JSON pointer, numbers where they index an array. */
function keysOf(pointer: string, document: unknown): (string | number)[] {
  let value = document;
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const key = Array.isArray(value) ? Number(name) : name;
      value = (value as Record<string | number, unknown>)[key];
      return key;
    });
}
