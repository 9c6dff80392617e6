import { button, element } from './element.js';

export type Shortcuts = Readonly<Record<string, () => void>>;

/** Keys for the page as a whole. They are left alone where a key has a meaning already: in fields, and on buttons. */
export function listenForKeys(shortcuts: Shortcuts): void {
  const help = element('help', HTMLDialogElement);
  const toggleHelp = () => (help.open ? help.close() : help.showModal());
  button('help-open').addEventListener('click', toggleHelp);
  button('help-close').addEventListener('click', toggleHelp);
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (target.closest('select, textarea, input:not([type=range], [type=radio], [type=checkbox])')) return;
    if (event.key === ' ' && target.closest('button, a, input, summary')) return;
    const act = event.key === '?' ? toggleHelp : help.open ? undefined : shortcuts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
