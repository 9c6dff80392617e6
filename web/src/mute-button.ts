import { button, element, node, setText } from './element.js';
import type { Sound } from './sound.js';

/** A button that mutes; `id` names it, `${id}-icon` and `${id}-words` what it holds. */
export class MuteButton {
  readonly #id: string;
  #isMuted = false;
  #sound: Sound | undefined;

  constructor(id: string) {
    this.#id = id;
    button(id).addEventListener('click', () => this.toggle());
  }

  /** From now on it mutes this. */
  govern(sound: Sound): void {
    this.#sound = sound;
    sound.mute(this.#isMuted);
  }

  readonly toggle = (): void => {
    this.#isMuted = !this.#isMuted;
    this.#sound?.mute(this.#isMuted);
    button(this.#id).setAttribute('aria-pressed', String(this.#isMuted));
    element(`${this.#id}-icon`, SVGUseElement).setAttribute('href', this.#isMuted ? '#i-muted' : '#i-sound');
    setText(node(`${this.#id}-words`), this.#isMuted ? 'Muted' : 'Mute');
  };
}
