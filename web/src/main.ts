import 'uplot/dist/uPlot.min.css';
import './style.css';
import { Api } from './api.js';
import { explain } from './failures.js';
import { element, node, setText } from './element.js';
import { Listener } from './listener.js';
import { listenedStream } from './listener-address.js';
import { listenForKeys } from './shortcuts.js';
import { Studio } from './studio.js';
import { setUpTheme } from './theme.js';
import { Token } from './token.js';

const token = new Token();
const api = new Api(token);
const stream = listenedStream(location.search);

if (typeof RTCPeerConnection === 'undefined') sayNoWebRtc();
else if (stream === undefined) openStudio();
else openListener(stream);

function openStudio(): void {
  const studio = new Studio(api, token);
  const theme = setUpTheme(studio.recolour);
  studio.open();
  listenForKeys({ ' ': studio.toggle, m: studio.toggleMute, r: studio.newSeed, t: theme.next });
}

function openListener(name: string): void {
  const listener = new Listener(name, api, token);
  const theme = setUpTheme(() => undefined);
  listener.open();
  listenForKeys({ ' ': listener.toggle, m: listener.toggleMute, t: theme.next });
}

function sayNoWebRtc(): void {
  const { title, advice } = explain({ kind: 'no-webrtc' });
  setText(node('banner-title'), title);
  setText(node('banner-advice'), advice);
  element('banner-close', HTMLButtonElement).hidden = true;
  node('banner').hidden = false;
  setUpTheme(() => undefined);
}
