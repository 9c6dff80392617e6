const KEY = 'livefoley.token';

/** The server's token, in this tab only. A `#token=` in the address is taken over and removed from the address bar. */
export class Token {
  #value: string | undefined;

  constructor() {
    this.#value = sessionStorage.getItem(KEY) ?? undefined;
    this.takeFromAddress();
    addEventListener('hashchange', () => this.takeFromAddress());
  }

  get value(): string | undefined {
    return this.#value;
  }

  set(value: string): void {
    this.#value = value.trim() || undefined;
    if (this.#value === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, this.#value);
  }

  private takeFromAddress(): void {
    const parameters = new URLSearchParams(location.hash.slice(1));
    const given = parameters.get('token');
    if (given === null) return;
    this.set(given);
    parameters.delete('token');
    const rest = parameters.toString();
    history.replaceState(null, '', `${location.pathname}${location.search}${rest ? `#${rest}` : ''}`);
  }
}
