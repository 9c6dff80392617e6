const WORD = /[a-z\u00c0-\u024f]+(?:-[a-z\u00c0-\u024f]+)*/g;
const SHORTEST_STEM = 3;

/** A text as the rows of the words that it holds. */
export type TextRows = {
  /** Rows of known words, as often as they occur, in the text's order. */
  readonly rows: readonly number[];
  /** Words without a row. */
  readonly unknownWords: readonly string[];
};

/**
 * Reads a text as known words; a word with hyphens that is not known whole counts as its parts.
 *
 * The same as models/foleylab/text/words.py; `models/tests/text_golden.json` holds the two against each other.
 */
export function readTextRows(text: string, table: ReadonlyMap<string, number>): TextRows {
  const rows: number[] = [];
  const unknownWords: string[] = [];
  for (const word of text.toLowerCase().match(WORD) ?? []) {
    const row = findRow(word, table);
    const found = row === undefined ? word.split('-').map((part) => findRow(part, table)) : [row];
    const known = found.filter((each) => each !== undefined);
    rows.push(...known);
    if (known.length === 0) unknownWords.push(word);
  }
  return { rows, unknownWords };
}

/** The row of the word, or of the first of its stems that is known. */
function findRow(word: string, table: ReadonlyMap<string, number>): number | undefined {
  for (const stem of stemsOf(word)) {
    const row = table.get(stem);
    if (row !== undefined) return row;
  }
  return undefined;
}

/** The word, then what it may be a form of: plurals, -ed, -ing; the likeliest first. */
function stemsOf(word: string): string[] {
  const stems: string[] = [];
  if (word.endsWith('ies')) stems.push(`${word.slice(0, -3)}y`);
  if (word.endsWith('es')) stems.push(word.slice(0, -2));
  if (word.endsWith('s')) stems.push(word.slice(0, -1));
  for (const ending of ['ing', 'ed']) {
    if (!word.endsWith(ending)) continue;
    const stem = word.slice(0, -ending.length);
    stems.push(stem, `${stem}e`);
    if (stem.length > 1 && stem.at(-1) === stem.at(-2)) stems.push(stem.slice(0, -1));
  }
  return [word, ...stems.filter((stem) => stem.length >= SHORTEST_STEM)];
}
