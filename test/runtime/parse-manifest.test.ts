import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseManifest } from '../../src/runtime/parse-manifest.js';
import { LivefoleyError } from '../../src/stream/errors.js';
import { BUNDLES, manifestText, mutate, MUTATIONS, refusal } from './bundle-fixture.js';

const NAMES = ['conformance', 'conformance-window', 'text'];

test('the schema itself is a valid JSON Schema, which parseManifest() takes for granted', () => {
  const schema = JSON.parse(readFileSync(join(BUNDLES, '..', 'bundle.schema.json'), 'utf8')) as object;
  expect(new Ajv2020().validateSchema(schema)).toBe(true);
});

test.each(NAMES)('parseManifest() accepts %s and changes nothing', (name) => {
  const text = manifestText(name);
  expect(parseManifest(text, name)).toEqual(JSON.parse(text));
});

describe('parseManifest() names the field of', () => {
  test.each(MUTATIONS)('$says', async (mutation) => {
    const broken = mutate(JSON.parse(manifestText(mutation.bundle)), mutation);
    const error = await refusal(() => parseManifest(JSON.stringify(broken), mutation.bundle));
    const start = `Bundle '${mutation.bundle}': bundle.json, ${mutation.field} must `;
    expect(error.message.slice(0, start.length)).toBe(start);
    expect(error.message).toMatch(/, received .+$/);
    expect(error.message).not.toContain('\n');
  });
});

test.each(['', '{', 'nonsense', '{"schema": NaN}', '\ufeff{}', '{"a":\n\n}'])(
  'parseManifest() refuses what is not JSON: %j',
  async (text) => {
    const error = await refusal(() => parseManifest(text, 'x'));
    expect(error.message).toMatch(/^Bundle 'x': bundle\.json must be JSON: .+$/);
  },
);

test('parseManifest() refuses a number too large to be one', async () => {
  const text = manifestText('conformance').replace('"timeShift": 1.5', '"timeShift": 1e999');
  const error = await refusal(() => parseManifest(text, 'conformance'));
  expect(error.message).toContain('bundle.json, flow.timeShift must ');
});

/** Every place in a document, as a path. */
function placesOf(value: unknown): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [[], ...entries.flatMap(([key, entry]) => placesOf(entry).map((path) => [key, ...path]))];
}

test('parseManifest() throws nothing but LivefoleyError, whatever is changed', () => {
  const documents = NAMES.map((name) => ({ name, document: JSON.parse(manifestText(name)) as unknown }));
  const places = documents.map(({ document }) => placesOf(document));
  const likely = fc.constantFrom<unknown>(
    ...[0, 1, 2, 7, -1, 0.5, 1e9, 2 ** 53, 'none', 'cat-time', 'diffusion', 'window', 'causal'],
    ...['map', 'constructor', '__proto__', 'toString', 'hasOwnProperty', '', {}, [], null, true],
  );
  const change = fc.record({
    place: fc.nat(),
    value: fc.oneof(likely, fc.jsonValue()),
    remove: fc.boolean(),
    rename: fc.option(fc.constantFrom('__proto__', 'constructor', 'toString', 'valueOf', 'x', 'map')),
  });
  fc.assert(
    fc.property(
      fc.nat(NAMES.length - 1),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      (which, changes) => {
        const { name, document } = documents[which]!;
        let broken = document;
        for (const { place, value, remove, rename } of changes) {
          const path = places[which]![place % places[which]!.length]!;
          const renamed = rename === null || path.length === 0 ? path : [...path.slice(0, -1), rename];
          try {
            broken = mutate(broken, { path: renamed, value, remove: remove && renamed.length > 0 });
          } catch {
            // An earlier change took the place away; the others stand.
          }
        }
        try {
          parseManifest(JSON.stringify(broken) ?? '', name);
        } catch (error) {
          if (!(error instanceof LivefoleyError) || error.place !== 'bundle' || error.message.includes('\n'))
            throw error;
        }
      },
    ),
    { numRuns: 1500 },
  );
});

test('parseManifest() throws nothing but LivefoleyError for any text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(() => parseManifest(text, 'x')).toThrow(LivefoleyError);
    }),
  );
});
