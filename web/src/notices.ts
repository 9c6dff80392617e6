import { button, create, element, input, node, setText } from './element.js';
import { explain, type Explanation, type Failure } from './failures.js';

export type NoticeActions = {
  readonly tryAgain: () => void;
  readonly newName: () => void;
  /** The message was sent away. */
  readonly dismissed: () => void;
  readonly useToken: (token: string) => void;
};

const ACTION_WORDS: Readonly<Record<NonNullable<Explanation['action']>, string>> = {
  'try-again': 'Try again',
  'enter-token': '',
  'new-name': 'Take another name',
};
const TOAST_MS = 5000;

/** Says what failed, and what can be done about it, in one banner; and what went well, in passing. */
export class Notices {
  readonly #actions: NoticeActions;
  #failure: Failure | undefined;
  #countdown: ReturnType<typeof setInterval> | undefined;

  constructor(actions: NoticeActions) {
    this.#actions = actions;
    button('banner-close').addEventListener('click', () => {
      this.clear();
      actions.dismissed();
    });
    button('banner-action').addEventListener('click', () => this.#act());
    element('token-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const token = input('token-input').value;
      input('token-input').value = '';
      this.clear();
      actions.useToken(token);
    });
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Shows a failure; where it is tried again by itself, counts down to it (`untilMs` of `performance.now()`). */
  fail(failure: Failure, untilMs?: number): void {
    clearInterval(this.#countdown);
    this.#failure = failure;
    const { title, advice, action } = explain(failure);
    setText(node('banner-title'), title);
    setText(node('banner-advice'), advice);
    const waits = untilMs !== undefined;
    const wantsToken = action === 'enter-token';
    const isCalm = waits || (failure.kind === 'token' && !failure.wasGiven);
    node('banner').dataset['tone'] = isCalm ? 'wait' : 'error';
    element('token-form', HTMLFormElement).hidden = !wantsToken;
    const words = waits ? 'Try now' : action && ACTION_WORDS[action];
    button('banner-action').hidden = !words;
    setText(button('banner-action'), words ?? '');
    setText(node('banner-countdown'), '');
    if (waits) this.#countDown(untilMs);
    node('banner').hidden = false;
    if (wantsToken) input('token-input').focus();
  }

  clear(): void {
    clearInterval(this.#countdown);
    this.#failure = undefined;
    node('banner').hidden = true;
  }

  /** Something good, for five seconds. */
  tell(text: string): void {
    const toast = create('p', 'toast', text);
    node('toasts').replaceChildren(toast);
    setTimeout(() => toast.remove(), TOAST_MS);
  }

  #countDown(untilMs: number): void {
    const show = () => {
      const seconds = Math.max(0, Math.ceil((untilMs - performance.now()) / 1000));
      setText(node('banner-countdown'), seconds > 0 ? `Trying again in ${seconds} s` : 'Trying again…');
    };
    show();
    this.#countdown = setInterval(show, 250);
  }

  #act(): void {
    const isNewName = this.#failure && explain(this.#failure).action === 'new-name';
    this.clear();
    if (isNewName) this.#actions.newName();
    else this.#actions.tryAgain();
  }
}
