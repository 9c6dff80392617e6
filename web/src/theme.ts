import { button, node, setText } from './element.js';

const THEMES = ['auto', 'dark', 'light'] as const;

type Theme = (typeof THEMES)[number];

const KEY = 'livefoley.theme';
const LABELS: Readonly<Record<Theme, string>> = { auto: 'Auto', dark: 'Dark', light: 'Light' };

/** The switch of dark, light, and what the system says. Calls `onChange` after each change. */
export function setUpTheme(onChange: () => void): { readonly next: () => void } {
  let theme = THEMES.find((known) => known === localStorage.getItem(KEY)) ?? 'auto';
  const apply = () => {
    document.documentElement.dataset['theme'] = theme;
    setText(node('theme-label'), LABELS[theme]);
    button('theme').setAttribute('aria-label', `Colours: ${LABELS[theme].toLowerCase()}. Change`);
    onChange();
  };
  const next = () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    localStorage.setItem(KEY, theme);
    apply();
  };
  button('theme').addEventListener('click', next);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
  apply();
  return { next };
}
