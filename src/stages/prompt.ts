import type { BundleManifest } from '../runtime/bundle-manifest.js';
import { LivefoleyError } from '../stream/errors.js';

/** A prompt as the flow takes it. */
export type ReadPrompt = {
  /** Shape: [prompt.width], 1 where a word of the vocabulary occurs. */
  readonly vector: Float32Array;
  /** Words of the text that the bundle does not know. */
  readonly unknownWords: readonly string[];
};

/**
 * Reads a text as a bag of the bundle's words.
 * @throws {LivefoleyError} Place `usage`, if the bundle takes no prompt or knows none of the words
 */
export function readPrompt(text: string, manifest: BundleManifest): ReadPrompt {
  const { prompt, name } = manifest;
  if (!prompt) throw new LivefoleyError('usage', `Cannot use a prompt: bundle '${name}' takes none`);
  const words = text.toLowerCase().match(/[\p{L}-]+/gu) ?? [];
  const vector = new Float32Array(prompt.width);
  const unknownWords: string[] = [];
  for (const word of words) {
    const at = prompt.vocabulary.indexOf(word);
    if (at >= 0) vector[at] = 1;
    else unknownWords.push(word);
  }
  if (unknownWords.length === words.length) {
    throw new LivefoleyError(
      'usage',
      `Cannot use the prompt '${text}': bundle '${name}' knows the words ${prompt.vocabulary.join(', ')}`,
    );
  }
  return { vector, unknownWords };
}
