import type { BundleManifest } from '../runtime/bundle-manifest.js';
import { LivefoleyError } from '../stream/errors.js';

/** A text as a bundle's flow takes it. Made by `Engine.readPrompt()`. */
export type Prompt = {
  readonly text: string;
  /** How much each word of the bundle's vocabulary is meant, 0 to 1. Shape: [prompt.width]. Never written to. */
  readonly vector: Float32Array;
  /** Words of the text that had no effect, as nothing is known of them. */
  readonly unknownWords: readonly string[];
};

/**
 * The prompt that was given, read if it is a text; `undefined` without one.
 * @throws {LivefoleyError} Place `usage`, if the bundle takes no prompt or knows none of a text's words
 * @throws {RangeError} If the prompt was read for another vocabulary
 */
export function promptOf(given: string | Prompt, manifest: BundleManifest): Prompt | undefined {
  if (typeof given !== 'string') {
    if (given.text === '') return undefined;
    const width = vocabularyOf(manifest).length;
    if (given.vector.length === width) return given;
    throw new RangeError(
      `Cannot use the prompt '${given.text}': its vector must have ${width} entries, received ${given.vector.length}`,
    );
  }
  if (given === '') return undefined;
  const prompt = readWords(given, manifest);
  if (isEmpty(prompt)) throw notUnderstood(given, manifest, 'Engine.readPrompt() reads other words');
  return prompt;
}

/**
 * Reads a text as a bag of the bundle's words.
 * @throws {LivefoleyError} Place `usage`, if the bundle takes no prompt
 */
export function readWords(text: string, manifest: BundleManifest): Prompt {
  const vocabulary = vocabularyOf(manifest);
  const vector = new Float32Array(vocabulary.length);
  const unknownWords: string[] = [];
  for (const word of text.toLowerCase().match(/[\p{L}-]+/gu) ?? []) {
    const at = vocabulary.indexOf(word);
    if (at >= 0) vector[at] = 1;
    else unknownWords.push(word);
  }
  return { text, vector, unknownWords };
}

/** Whether nothing of it means a word of the vocabulary. */
export function isEmpty({ vector }: Prompt): boolean {
  return vector.every((each) => each === 0);
}

/** The error about a text in which nothing is understood; `remedy` says what would help. */
export function notUnderstood(
  text: string,
  { name, prompt }: BundleManifest,
  remedy: string,
): LivefoleyError {
  const words = prompt?.vocabulary.join(', ') ?? '';
  return new LivefoleyError(
    'usage',
    `Cannot use the prompt '${text}': bundle '${name}' knows the words ${words}; ${remedy}`,
  );
}

function vocabularyOf({ prompt, name }: BundleManifest): readonly string[] {
  if (prompt) return prompt.vocabulary;
  throw new LivefoleyError('usage', `Cannot use a prompt: bundle '${name}' takes none`);
}
