import { describe, expect, test } from 'vitest';
import { readPrompt } from '../../src/stages/prompt.js';
import { LivefoleyError } from '../../src/stream/errors.js';
import { manifestOf } from './fakes.js';

const manifest = manifestOf({ prompt: { width: 3, vocabulary: ['rain', 'metal', 'straßen-bahn'] } });

describe('readPrompt()', () => {
  test.each([
    ['rain', [1, 0, 0], []],
    ['Metal, RAIN! metal', [1, 1, 0], []],
    ['heavy rain on a roof', [1, 0, 0], ['heavy', 'on', 'a', 'roof']],
    ['Straßen-Bahn', [0, 0, 1], []],
  ])('reads %j as a bag of words', (text, vector, unknownWords) => {
    const read = readPrompt(text, manifest);
    expect([...read.vector]).toEqual(vector);
    expect(read.unknownWords).toEqual(unknownWords);
  });

  test.each(['purple', '', '...', '42'])(
    'refuses %j, in which it knows no word, and names those it knows',
    (text) => {
      expect(() => readPrompt(text, manifest)).toThrow(
        new LivefoleyError(
          'usage',
          `Cannot use the prompt '${text}': bundle 'fake' knows the words rain, metal, straßen-bahn`,
        ),
      );
    },
  );

  test('refuses any prompt where the bundle takes none', () => {
    expect(() => readPrompt('rain', manifestOf())).toThrow("Cannot use a prompt: bundle 'fake' takes none");
  });
});
