import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadBundle, loadTextBundle } from '../src/runtime/bundle.js';
import type { BundleManifest } from '../src/runtime/bundle-manifest.js';
import { LivefoleyError } from '../src/stream/errors.js';
import { hasTextBundle, TextReader } from '../src/text-reader.js';
import { BundleCopies } from './runtime/bundle-fixture.js';
import { manifestOf } from './stages/fakes.js';

type Golden = { readonly text: string; readonly unknown: string[]; readonly prompt: Record<string, number> };

const GOLDEN = JSON.parse(
  readFileSync(new URL('../models/tests/text_golden.json', import.meta.url), 'utf8'),
) as readonly Golden[];

let live: BundleManifest;
let reader: TextReader;
beforeAll(async () => {
  live = (await loadBundle('live')).manifest;
  reader = new TextReader(live);
});
afterAll(() => reader.close());

/** The words that a prompt means, with how much. */
function wordsOf(vector: Float32Array): Record<string, number> {
  const entries = live.prompt!.vocabulary.map((word, i) => [word, vector[i]!] as const);
  return Object.fromEntries(entries.filter(([, share]) => share > 0));
}

describe('TextReader', () => {
  test('reads words of the vocabulary as they are, without a process', async () => {
    const alone = new TextReader(live, 'no such bundle');
    const prompt = await alone.read('Metal, rain!');
    expect(wordsOf(prompt.vector)).toEqual({ metal: 1, rain: 1 });
    expect(wordsOf((await alone.read('')).vector)).toEqual({});
    await alone.close();
  });

  test('gives every text the prompt that the lab gives it', async () => {
    for (const { text, unknown, prompt } of GOLDEN) {
      if (text === '') continue;
      if (Object.keys(prompt).length === 0) {
        await expect(reader.read(text), text).rejects.toThrow(
          /^Cannot use the prompt '[^]*': bundle 'live' knows the words impact, .*, animal; nothing in the text is near one of them$/,
        );
        continue;
      }
      const { vector, unknownWords } = await reader.read(text);
      const said: readonly string[] = text.toLowerCase().match(/[\p{L}-]+/gu) ?? [];
      live.prompt!.vocabulary.forEach((word, i) => {
        const expected = said.includes(word) ? 1 : (prompt[word] ?? 0);
        expect(vector[i], `${word} in ${text}`).toBeCloseTo(expected, 2);
      });
      if (said.some((word) => !live.prompt!.vocabulary.includes(word))) expect(unknownWords).toEqual(unknown);
    }
  });

  test('answers in the order of the questions, the same each time', async () => {
    const answers: string[] = [];
    const ask = async (text: string): Promise<Float32Array> => {
      const { vector } = await reader.read(text);
      answers.push(text);
      return vector;
    };
    const [first, , again] = await Promise.all([ask('an iron gate'), ask('rain'), ask('an iron gate')]);
    expect(answers).toEqual(['an iron gate', 'rain', 'an iron gate']);
    expect(again).toEqual(first);
  });

  test('gives words in the order of any vocabulary, and takes words that it does not know itself as they are', async () => {
    const other = new TextReader(
      manifestOf({ prompt: { width: 3, vocabulary: ['gong', 'glass', 'metal'] } }),
    );
    expect([...(await other.read('a gong and a wine bottle')).vector]).toEqual([1, 1, 0]);
    await other.close();
  });

  test('refuses any text where the bundle takes no prompt', async () => {
    const none = new TextReader(manifestOf());
    await expect(none.read('a steel door')).rejects.toThrow("Cannot use a prompt: bundle 'fake' takes none");
  });

  test('names a damaged text bundle, and reads again once it is whole; closed it reads nothing new', async () => {
    await using copies = await BundleCopies.create(['text']);
    const words = readFileSync(copies.path('text', 'words.txt'));
    await writeFile(copies.path('text', 'words.txt'), words.subarray(1));
    const copy = new TextReader(live, copies.path('text'));
    await expect(copy.read('a steel door')).rejects.toThrow(
      /^Bundle 'text': words\.txt must have the \d+ bytes/,
    );
    await writeFile(copies.path('text', 'words.txt'), words);
    expect(wordsOf((await copy.read('a steel door')).vector)).toHaveProperty('metal', 1);
    await copy.close();
    await copy.close();
    await expect(copy.read('a steel door')).rejects.toThrow(LivefoleyError);
    await rm(copies.path('text'), { recursive: true });
  });
});

test('loadBundle() refuses the text bundle, and loadTextBundle() one that makes sound', async () => {
  expect(await hasTextBundle()).toBe(true);
  await expect(loadBundle('text')).rejects.toThrow("Cannot make sound with bundle 'text': it reads prompts");
  await expect(loadTextBundle('conformance')).rejects.toThrow(
    "Cannot read prompts with bundle 'conformance': it makes sound",
  );
});
