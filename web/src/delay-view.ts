import {
  DELAY_PARTS,
  delayWords,
  PART_WORDS,
  totalDelay,
  type DelayPart,
  type DelayParts,
} from './delay-parts.js';
import { create, node, setText } from './element.js';

/** The delay as a bar of its parts, with a legend. */
export class DelayView {
  readonly #segments = new Map<DelayPart, HTMLElement>();
  readonly #values = new Map<DelayPart, HTMLElement>();

  constructor() {
    for (const part of DELAY_PARTS) {
      const { label, what } = PART_WORDS[part];
      const segment = create('i', part);
      segment.title = `${label}: ${what}`;
      this.#segments.set(part, segment);
      const value = create('dd', 'figure', '–');
      this.#values.set(part, value);
      const row = create('div', part);
      row.title = what;
      row.append(create('dt', '', label), value);
      node('delay-legend').append(row);
    }
    node('delay-bar').append(...this.#segments.values());
    this.show(undefined);
  }

  show(parts: DelayParts | undefined): void {
    const totalMs = parts ? totalDelay(parts) : 0;
    for (const part of DELAY_PARTS) {
      const partMs = parts?.[part] ?? 0;
      this.#segments.get(part)!.style.flexGrow = String(partMs);
      setText(this.#values.get(part)!, parts ? delayWords(partMs) : '–');
    }
    node('delay-bar').classList.toggle('is-empty', parts === undefined);
    setText(node('delay-total'), parts ? delayWords(totalMs) : '–');
    const spoken = parts
      ? DELAY_PARTS.map((part) => `${PART_WORDS[part].label} ${delayWords(parts[part])}`).join(', ')
      : 'No delay measured yet';
    node('delay-bar').setAttribute('aria-label', spoken);
  }
}
