type ElementType<Wanted extends Element> = new () => Wanted;

/** The element of that id; the page's own mistake if there is none. */
export function element<Wanted extends Element>(id: string, type: ElementType<Wanted>): Wanted {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new TypeError(`Cannot find ${type.name} #${id} in the page`);
  return found;
}

export function button(id: string): HTMLButtonElement {
  return element(id, HTMLButtonElement);
}

export function input(id: string): HTMLInputElement {
  return element(id, HTMLInputElement);
}

export function canvas(id: string): HTMLCanvasElement {
  return element(id, HTMLCanvasElement);
}

/** Any element: for its text, or to show and hide it. */
export function node(id: string): HTMLElement {
  return element(id, HTMLElement);
}

/** Sets a text only where it differs: screen readers are told of changes alone. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** A new element with a class and a text. */
export function create(tag: string, className = '', text = ''): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
