import { describe, expect, test } from 'vitest';
import { promptOf, readWords, type Prompt } from '../../src/stages/prompt.js';
import { LivefoleyError } from '../../src/stream/errors.js';
import { manifestOf } from './fakes.js';

const manifest = manifestOf({ prompt: { width: 3, vocabulary: ['rain', 'metal', 'straßen-bahn'] } });

describe('readWords()', () => {
  test.each([
    ['rain', [1, 0, 0], []],
    ['Metal, RAIN! metal', [1, 1, 0], []],
    ['heavy rain on a roof', [1, 0, 0], ['heavy', 'on', 'a', 'roof']],
    ['Straßen-Bahn', [0, 0, 1], []],
    ['purple', [0, 0, 0], ['purple']],
  ])('reads %j as a bag of words', (text, vector, unknownWords) => {
    const read = readWords(text, manifest);
    expect([...read.vector]).toEqual(vector);
    expect(read).toMatchObject({ text, unknownWords });
  });

  test('refuses any prompt where the bundle takes none', () => {
    expect(() => readWords('rain', manifestOf())).toThrow("Cannot use a prompt: bundle 'fake' takes none");
  });
});

describe('promptOf()', () => {
  test('reads a text, takes what was read as it is, and an empty text as none', () => {
    expect([...promptOf('metal', manifest)!.vector]).toEqual([0, 1, 0]);
    const read: Prompt = { text: 'a can', vector: Float32Array.of(0, 0.5, 0), unknownWords: [] };
    expect(promptOf(read, manifest)).toBe(read);
    expect(promptOf('', manifest)).toBeUndefined();
    expect(promptOf({ ...read, text: '' }, manifest)).toBeUndefined();
    // Without a prompt nothing is asked of the bundle.
    expect(promptOf('', manifestOf())).toBeUndefined();
  });

  test.each(['purple', '...', '42'])(
    'refuses %j, in which it knows no word, and names those it knows',
    (text) => {
      expect(() => promptOf(text, manifest)).toThrow(
        new LivefoleyError(
          'usage',
          `Cannot use the prompt '${text}': bundle 'fake' knows the words rain, metal, straßen-bahn; Engine.readPrompt() reads other words`,
        ),
      );
    },
  );

  test('refuses what was read for another vocabulary', () => {
    const prompt: Prompt = { text: 'a can', vector: Float32Array.of(0, 1), unknownWords: [] };
    expect(() => promptOf(prompt, manifest)).toThrow(RangeError);
  });
});
