/** The words of a prompt as the server reads them. */
export function wordsOf(prompt: string): readonly string[] {
  return prompt.toLowerCase().match(/[\p{L}-]+/gu) ?? [];
}

/** The words that a bundle does not know. */
export function unknownWords(prompt: string, vocabulary: readonly string[]): readonly string[] {
  return [...new Set(wordsOf(prompt))].filter((word) => !vocabulary.includes(word));
}

/** The prompt with a word added, or taken out where it is in. */
export function toggleWord(prompt: string, word: string): string {
  const words = wordsOf(prompt);
  if (words.includes(word)) return words.filter((other) => other !== word).join(' ');
  return [...words, word].join(' ');
}

/** What a server without free text is told: the words it knows, so that a half-typed word refuses nothing. */
export function knownPrompt(prompt: string, vocabulary: readonly string[]): string {
  return [...new Set(wordsOf(prompt))].filter((word) => vocabulary.includes(word)).join(' ');
}
