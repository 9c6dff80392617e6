import { explain } from './failures.js';
import { element, input, node, setText } from './element.js';
import { missingSources, SOURCE_KINDS, type SourceKind } from './sources.js';

export type SourceFormOptions = {
  /** Told when the person has chosen another source. */
  readonly onChoice: () => void;
  /** Told when a video was dropped or picked. */
  readonly onFile: () => void;
};

const KEY = 'livefoley.source';

/** The choice of a source, by tile, file dialogue, or a file that is dropped. */
export class SourceForm {
  readonly #options: SourceFormOptions;
  readonly #missing = missingSources();
  #file: File | undefined;

  constructor(options: SourceFormOptions) {
    this.#options = options;
    for (const kind of SOURCE_KINDS) {
      const radio = this.#radio(kind);
      radio.disabled = this.#missing.has(kind);
      radio.addEventListener('change', () => this.#chosen());
    }
    const before = SOURCE_KINDS.find((kind) => kind === localStorage.getItem(KEY));
    if (before && !this.#missing.has(before)) this.#radio(before).checked = true;
    input('file').addEventListener('change', () => this.#take(input('file').files?.[0]));
    this.#listenForDrops();
    this.#show();
  }

  get kind(): SourceKind {
    return SOURCE_KINDS.find((kind) => this.#radio(kind).checked) ?? 'demo';
  }

  get file(): File | undefined {
    return this.#file;
  }

  choose(kind: SourceKind): void {
    this.#radio(kind).checked = true;
    this.#chosen();
  }

  /** Opens the dialogue for a file. */
  pickFile(): void {
    input('file').click();
  }

  #radio(kind: SourceKind): HTMLInputElement {
    return document.querySelector<HTMLInputElement>(`input[name=source][value=${kind}]`)!;
  }

  #chosen(): void {
    localStorage.setItem(KEY, this.kind);
    this.#show();
    this.#options.onChoice();
  }

  #take(file: File | undefined): void {
    if (!file) return;
    this.#file = file;
    setText(node('file-name'), file.name);
    this.#radio('file').checked = true;
    this.#show();
    this.#options.onFile();
  }

  #show(): void {
    const { kind } = this;
    node('file-row').hidden = kind !== 'file';
    const missing = [...this.#missing.entries()];
    const reasons = new Set(missing.map(([, reason]) => reasonWords(reason)));
    setText(node('source-hint'), [hintFor(kind), ...reasons].join(' '));
  }

  #listenForDrops(): void {
    const screen = element('screen', HTMLElement);
    addEventListener('dragover', (event) => {
      event.preventDefault();
      screen.classList.add('is-drop');
    });
    addEventListener('dragleave', ({ relatedTarget }) => {
      if (relatedTarget === null) screen.classList.remove('is-drop');
    });
    addEventListener('drop', (event) => {
      event.preventDefault();
      screen.classList.remove('is-drop');
      this.#take([...(event.dataTransfer?.files ?? [])].find(({ type }) => type.startsWith('video/')));
    });
  }
}

function reasonWords(reason: 'insecure' | 'no-screen-capture' | 'no-capture'): string {
  if (reason === 'no-capture') return 'This browser cannot send a playing file.';
  const { title, advice } = explain({ kind: reason });
  return `${title}. ${advice}`;
}

function hintFor(kind: SourceKind): string {
  switch (kind) {
    case 'screen':
      return 'A whole screen. Its sound is recorded only where the browser can leave out what this page plays.';
    case 'window':
      return 'A game, a window or a tab. A shared tab falls silent here, and is heard through the mix instead.';
    case 'camera':
      return 'The picture alone: a microphone would hear the loudspeaker.';
    case 'file':
      return 'Plays in a loop. Only its stream goes to the server.';
    case 'demo':
      return 'A few silent seconds, in a loop.';
  }
}
