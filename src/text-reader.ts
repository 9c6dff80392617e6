import { fileURLToPath } from 'node:url';
import { loadTextBundle, type Bundle } from './runtime/bundle.js';
import type { BundleManifest, TextManifest } from './runtime/bundle-manifest.js';
import { listBundles, TEXT_BUNDLE } from './runtime/find-bundle.js';
import { ProcessLane } from './runtime/process-lane.js';
import { isEmpty, notUnderstood, readWords, type Prompt } from './stages/prompt.js';
import type { ReadTextOptions } from './stages/read-text-kernel.js';
import { readTextRows } from './stages/text-words.js';
import { LivefoleyError } from './stream/errors.js';

// The same place from src/ and from dist/: child processes run what was built.
const TEXT_LANE_ENTRY = fileURLToPath(new URL('../dist/text-lane.js', import.meta.url));

/**
 * Reads texts as prompts of one bundle. Words of its vocabulary count as they are; a text with any other goes through
 * the text bundle, in a process of its own, which begins with the first such text: no stream waits for it.
 */
export class TextReader {
  readonly #manifest: BundleManifest;
  readonly #textBundle: string;
  #encoder: Promise<TextEncoding | undefined> | undefined;
  /** Answers come in the order of the questions, so that the last prompt that was asked for is the last that is set. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** @param textBundle The name of a bundle that ships with livefoley, or a path to a bundle's folder */
  constructor(manifest: BundleManifest, textBundle = TEXT_BUNDLE) {
    this.#manifest = manifest;
    this.#textBundle = textBundle;
  }

  /**
   * Reads a text.
   * @throws {LivefoleyError} Place `usage`, if the bundle takes no prompt, or nothing of the text is understood;
   * place `bundle`, if the text bundle is damaged
   */
  read(text: string): Promise<Prompt> {
    const prompt = this.#last.then(() => this.#read(text));
    this.#last = prompt.catch(() => undefined);
    return prompt;
  }

  /** Ends the process. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // Why it could not be started was told to whoever asked for it.
    await (await this.#encoder?.catch(() => undefined))?.lane.close();
  }

  async #read(text: string): Promise<Prompt> {
    const words = readWords(text, this.#manifest);
    if (text === '' || (words.unknownWords.length === 0 && !isEmpty(words))) return words;
    const encoder = await this.#encoding();
    if (!encoder && isEmpty(words)) {
      const remedy = `for other words put bundle '${TEXT_BUNDLE}', which ships with livefoley, back into its models/bundles`;
      throw notUnderstood(text, this.#manifest, remedy);
    }
    if (!encoder) return words;
    const prompt = await encoder.read(words, this.#manifest.prompt!.vocabulary);
    if (isEmpty(prompt)) throw notUnderstood(text, this.#manifest, 'nothing in the text is near one of them');
    return prompt;
  }

  #encoding(): Promise<TextEncoding | undefined> {
    if (this.#isClosed)
      return Promise.reject(new LivefoleyError('environment', 'Cannot read a prompt: the engine is closed'));
    if (this.#encoder) return this.#encoder;
    const encoder = this.#start();
    this.#encoder = encoder;
    // What failed is tried again with the next text.
    encoder.catch(() => (this.#encoder = undefined));
    return encoder;
  }

  async #start(): Promise<TextEncoding | undefined> {
    if (this.#textBundle === TEXT_BUNDLE && !(await hasTextBundle())) return undefined;
    const bundle = await loadTextBundle(this.#textBundle);
    const table = await loadWords(bundle);
    const lane = await ProcessLane.start({
      entry: TEXT_LANE_ENTRY,
      bundle: bundle.folder,
      identity: bundle.identity,
      device: 'cpu',
    });
    return new TextEncoding(bundle.manifest, table, lane);
  }
}

/** Whether the bundle that reads free text is there. */
export async function hasTextBundle(): Promise<boolean> {
  return (await listBundles()).some(({ name }) => name === TEXT_BUNDLE);
}

/** The text bundle at work. */
class TextEncoding {
  readonly lane: ProcessLane;
  readonly #vocabulary: readonly string[];
  readonly #table: ReadonlyMap<string, number>;
  #count = 0;

  constructor(manifest: TextManifest, table: ReadonlyMap<string, number>, lane: ProcessLane) {
    this.#vocabulary = manifest.text.vocabulary;
    this.#table = table;
    this.lane = lane;
  }

  /** What is meant beside what is said in the vocabulary's own words. */
  async read({ text, vector }: Prompt, vocabulary: readonly string[]): Promise<Prompt> {
    const { rows, unknownWords } = readTextRows(text, this.#table);
    this.#count += 1;
    const options: ReadTextOptions = { rows };
    const key = `text/${this.#count}`;
    const { value } = await this.lane.fetch({ kernel: 'readText', key, position: 0, options, endsKey: true });
    const meant = value['prompt']!;
    return {
      text,
      vector: vector.map((said, i) => Math.max(said, meant[this.#vocabulary.indexOf(vocabulary[i]!)] ?? 0)),
      unknownWords: unknownWords.filter((word) => !vocabulary.includes(word)),
    };
  }
}

async function loadWords(bundle: Bundle<TextManifest>): Promise<ReadonlyMap<string, number>> {
  const { file, count } = bundle.manifest.text.words;
  const lines = new TextDecoder().decode(await bundle.readFile(file)).split('\n');
  const table = new Map(lines.slice(0, -1).map((word, row) => [word, row]));
  if (table.size === count && lines.length === count + 1) return table;
  throw new LivefoleyError(
    'bundle',
    `Bundle '${bundle.manifest.name}': ${file} must hold the ${count} different words that bundle.json, text.words.count says, one a line, received ${lines.length - 1} lines`,
  );
}
