import QRCode from 'qrcode';
import { button, element, node, setText } from './element.js';
import { isLoopback, listenerAddress } from './listener-address.js';

export type ShareOptions = {
  readonly onCopied: () => void;
  /** Whether listeners are asked for a token too. */
  readonly hasToken: () => boolean;
};

/** The link for listeners, and its QR code. */
export class Share {
  readonly #options: ShareOptions;

  constructor(options: ShareOptions) {
    this.#options = options;
    button('copy-link').addEventListener('click', () => void this.#copy());
  }

  show(stream: string): void {
    const address = listenerAddress(location.origin, stream);
    const link = element('listen-link', HTMLAnchorElement);
    link.href = address;
    setText(link, address.replace(/^https?:\/\//, ''));
    const hints = [
      isLoopback(location.hostname)
        ? 'This address works on this computer only. Start the server with --host to be heard from elsewhere.'
        : 'Anyone who reaches this server can listen.',
      this.#options.hasToken() ? 'Listeners are asked for the token; the link does not carry it.' : '',
    ];
    setText(node('share-hint'), hints.join(' ').trim());
    drawQr(element('qr', HTMLAnchorElement), address);
  }

  async #copy(): Promise<void> {
    const { href } = element('listen-link', HTMLAnchorElement);
    try {
      await navigator.clipboard.writeText(href);
      this.#options.onCopied();
    } catch {
      // No clipboard on insecure pages: the link is left selected, to be copied by hand.
      getSelection()?.selectAllChildren(node('listen-link'));
    }
  }
}

/** Draws the code as one path: sharp at any size. */
function drawQr(host: HTMLAnchorElement, address: string): void {
  const { modules } = QRCode.create(address, { errorCorrectionLevel: 'M' });
  let path = '';
  for (let y = 0; y < modules.size; y += 1) {
    for (let x = 0; x < modules.size; x += 1) if (modules.get(y, x)) path += `M${x} ${y}h1v1h-1z`;
  }
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `-2 -2 ${modules.size + 4} ${modules.size + 4}`);
  svg.setAttribute('aria-hidden', 'true');
  const drawn = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  drawn.setAttribute('d', path);
  svg.append(drawn);
  host.replaceChildren(svg);
  host.href = address;
}
