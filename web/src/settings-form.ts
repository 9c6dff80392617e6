import type { BundleReport } from '../../src/live/stream-host.js';
import type { StreamSettings } from '../../src/live/stream-settings.js';
import { delayWords } from './delay-parts.js';
import { button, create, element, input, node, setText } from './element.js';
import { knownPrompt, toggleWord, unknownWords, wordsOf } from './prompt-words.js';

export type SettingsFormOptions = {
  /** Told what has changed, once the person's hand has rested for a moment. */
  readonly onChange: (changed: Partial<StreamSettings>) => void;
  readonly onBundle: (name: string) => void;
};

type Chosen = { -readonly [Name in keyof StreamSettings]?: StreamSettings[Name] } & { bundle?: string };

const KEY = 'livefoley.settings';
const REST_MS = 250;
/** Free text is sent when it seems to be whole: half a word means nothing, or something else. */
const TEXT_REST_MS = 900;
const MAX_PROMPT_CHARACTERS = 500;
const DEFAULTS: StreamSettings = Object.freeze({
  seed: 1,
  prompt: '',
  gainDb: 0,
  mix: 'under',
  isDucking: true,
  steps: 2,
});

/** The fields for what can be changed while a stream runs, and for the bundle. */
export class SettingsForm {
  readonly #options: SettingsFormOptions;
  #bundles: readonly BundleReport[] = [];
  /** What the person has chosen; steps are the bundle's own until they are touched. */
  #chosen: Chosen;
  #changed: Partial<StreamSettings> = {};
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SettingsFormOptions) {
    this.#options = options;
    this.#chosen = remembered();
    element('bundle', HTMLSelectElement).replaceChildren(new Option('Asking the server…', ''));
    this.#show();
    this.#listen();
  }

  get bundle(): BundleReport | undefined {
    const { bundle } = this.#chosen;
    return (
      this.#bundles.find(({ name }) => name === bundle) ??
      this.#bundles.find(({ isDefault }) => isDefault) ??
      this.#bundles[0]
    );
  }

  /** What a new stream starts with. */
  get settings(): StreamSettings {
    const chosen = { ...DEFAULTS, ...this.#chosen };
    const { bundle } = this;
    const steps = Math.min(this.#chosen.steps ?? bundle?.steps.default ?? 1, bundle?.steps.max ?? 8);
    const { seed, gainDb, mix, isDucking } = chosen;
    return {
      seed,
      gainDb,
      mix,
      isDucking,
      steps,
      prompt: promptFor(chosen.prompt, bundle),
    };
  }

  offerBundles(bundles: readonly BundleReport[]): void {
    this.#bundles = bundles;
    const select = element('bundle', HTMLSelectElement);
    select.replaceChildren(
      ...bundles.map(({ name, version, mode }) => {
        const speed = mode === 'causal' ? 'immediate' : 'seconds behind';
        return new Option(`${name} ${version} · ${speed}`, name);
      }),
    );
    this.#show();
  }

  /** The choice about a source's own sound is there only where there is one. */
  showOwnSound(hint: string | undefined): void {
    node('own-sound').hidden = hint === undefined;
    setText(node('own-hint'), hint ?? '');
  }

  newSeed(): void {
    this.#set({ seed: crypto.getRandomValues(new Uint16Array(1))[0]! });
    this.#show();
  }

  #listen(): void {
    element('controls', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
    element('bundle', HTMLSelectElement).addEventListener('change', ({ target }) => {
      this.#chosen = { ...this.#chosen, bundle: (target as HTMLSelectElement).value };
      delete this.#chosen.steps;
      this.#remember();
      this.#show();
      this.#options.onBundle(this.#chosen.bundle ?? '');
    });
    input('prompt').addEventListener('input', () => this.#set({ prompt: input('prompt').value }));
    input('seed').addEventListener('input', () => {
      const seed = input('seed').valueAsNumber;
      if (Number.isSafeInteger(seed) && seed >= 0) this.#set({ seed });
    });
    button('dice').addEventListener('click', () => this.newSeed());
    input('steps').addEventListener('input', () => this.#set({ steps: input('steps').valueAsNumber }));
    input('gain').addEventListener('input', () => this.#set({ gainDb: input('gain').valueAsNumber }));
    input('ducking').addEventListener('change', () => this.#set({ isDucking: input('ducking').checked }));
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=mix]')) {
      radio.addEventListener('change', () => this.#set({ mix: radio.value as StreamSettings['mix'] }));
    }
  }

  #set(changed: Partial<StreamSettings>): void {
    this.#chosen = { ...this.#chosen, ...changed };
    this.#changed = { ...this.#changed, ...changed };
    this.#remember();
    this.#showValues();
    clearTimeout(this.#rest);
    this.#rest = setTimeout(
      () => this.#tell(),
      this.#isFreeText(this.#changed.prompt) ? TEXT_REST_MS : REST_MS,
    );
  }

  #tell(): void {
    const changed = this.#changed;
    this.#changed = {};
    const prompt = promptFor(changed.prompt ?? '', this.bundle);
    this.#options.onChange(changed.prompt === undefined ? changed : { ...changed, prompt });
  }

  /** Whether a prompt goes beyond the words that the bundle knows by themselves, and may. */
  #isFreeText(prompt = ''): boolean {
    const { bundle } = this;
    return bundle?.readsFreeText === true && unknownWords(prompt, bundle.promptWords).length > 0;
  }

  /** Puts what is chosen into the fields. */
  #show(): void {
    const { bundle, settings } = this;
    element('bundle', HTMLSelectElement).value = bundle?.name ?? '';
    input('prompt').value = this.#chosen.prompt ?? '';
    input('seed').value = String(settings.seed);
    input('steps').max = String(bundle?.steps.max ?? 8);
    input('steps').value = String(settings.steps);
    input('gain').value = String(settings.gainDb);
    input('ducking').checked = settings.isDucking;
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=mix]')) {
      radio.checked = radio.value === settings.mix;
    }
    this.#showChips();
    this.#showValues();
  }

  #showChips(): void {
    const words = this.bundle?.promptWords ?? [];
    node('prompt-field').hidden = this.bundle !== undefined && words.length === 0;
    node('chips').replaceChildren(
      ...words.map((word) => {
        const chip = create('button', 'chip', word) as HTMLButtonElement;
        chip.type = 'button';
        chip.addEventListener('click', () => {
          this.#set({ prompt: toggleWord(input('prompt').value, word) });
          input('prompt').value = this.#chosen.prompt ?? '';
        });
        return chip;
      }),
    );
  }

  #showValues(): void {
    const { bundle, settings } = this;
    const words = wordsOf(this.#chosen.prompt ?? '');
    for (const chip of node('chips').querySelectorAll('button')) {
      chip.setAttribute('aria-pressed', String(words.includes(chip.textContent)));
    }
    const unknown = bundle ? unknownWords(this.#chosen.prompt ?? '', bundle.promptWords) : [];
    setText(node('prompt-hint'), unknown.length > 0 ? hintOf(unknown, bundle?.readsFreeText === true) : '');
    setText(
      node('steps-value'),
      bundle ? `${settings.steps} of ${bundle.steps.max}` : String(settings.steps),
    );
    setText(node('seed-hint'), settings.steps === 1 ? 'With one step every seed may sound the same.' : '');
    setText(node('gain-value'), `${settings.gainDb > 0 ? '+' : ''}${settings.gainDb.toFixed(1)} dB`);
    setText(node('bundle-hint'), bundle ? bundleWords(bundle) : '');
    for (const range of [input('steps'), input('gain')]) {
      const share = (range.valueAsNumber - Number(range.min)) / (Number(range.max) - Number(range.min));
      range.style.setProperty('--share', String(share));
    }
  }

  #remember(): void {
    localStorage.setItem(KEY, JSON.stringify(this.#chosen));
  }
}

/** What the server is told of a prompt. */
function promptFor(prompt: string, bundle: BundleReport | undefined): string {
  if (bundle?.readsFreeText) return prompt.trim().slice(0, MAX_PROMPT_CHARACTERS);
  return knownPrompt(prompt, bundle?.promptWords ?? []);
}

function hintOf(unknown: readonly string[], readsFreeText: boolean): string {
  return readsFreeText
    ? 'Read by its meaning, as the words below that come near to it.'
    : `This bundle does not know ${listed(unknown)}.`;
}

function listed(words: readonly string[]): string {
  const named = words.slice(0, 4).map((word) => `“${word}”`);
  const more = words.length - named.length;
  return named.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function bundleWords({ mode, delayMs }: BundleReport): string {
  const delay = delayWords(delayMs);
  return mode === 'causal'
    ? `Answers each picture within about ${delay} on the server.`
    : `Looks at seconds of picture before it answers: about ${delay} behind. For streams, not for play.`;
}

function remembered(): Chosen {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    // Written by something else: as if there were nothing.
    return {};
  }
}
