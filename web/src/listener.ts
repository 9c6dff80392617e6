import type { Api } from './api.js';
import { Connection, type ConnectionState } from './connection.js';
import { button, canvas, element, node, setText } from './element.js';
import { drawInstruments } from './instruments.js';
import { isLoopback } from './listener-address.js';
import { Meter } from './meter.js';
import { MuteButton } from './mute-button.js';
import { Notices } from './notices.js';
import { Peer } from './peer.js';
import { Sound } from './sound.js';
import { Waves } from './spectrogram.js';
import { stateWords, type Situation } from './state-words.js';
import type { Token } from './token.js';

/** The page of someone who only listens. */
export class Listener {
  readonly #api: Api;
  readonly #stream: string;
  readonly #notices: Notices;
  readonly #muteButton = new MuteButton('listen-mute');
  #sound: Sound | undefined;
  #connection: Connection | undefined;
  #isLive = false;
  /** Whether the picture is asked for too; not once a server has refused it. */
  #wantsPicture = true;

  constructor(stream: string, api: Api, token: Token) {
    this.#api = api;
    this.#stream = stream;
    this.#notices = new Notices({
      tryAgain: () => (this.#connection ? this.#connection.tryNow() : void this.start()),
      newName: () => undefined,
      dismissed: () => undefined,
      useToken: (value) => {
        token.set(value);
        void this.start();
      },
    });
  }

  open(): void {
    node('listener').hidden = false;
    setText(node('listener-name'), this.#stream);
    document.title = `${this.#stream} · livefoley`;
    setText(
      node('listener-hint'),
      isLoopback(location.hostname)
        ? 'This address works on this computer only.'
        : 'The sound is made live for a picture that someone shares.',
    );
    button('listen-play').addEventListener('click', () => void this.start());
    button('listen-stop').addEventListener('click', () => void this.stop());
    addEventListener('pagehide', () => void this.stop());
    addEventListener('online', () => this.#connection?.tryNow());
    const waves = new Waves({
      spectrogram: canvas('listener-spectrogram'),
      waveform: canvas('listener-waveform'),
      ticks: node('listener-ticks'),
    });
    const meter = new Meter(node('listener-level'), canvas('listener-level-canvas'));
    drawInstruments({ meter, waves }, () => (this.#isLive ? this.#sound?.seen : undefined));
    this.#show({ state: 'idle' });
  }

  readonly toggle = (): void => void (this.#connection ? this.stop() : this.start());

  readonly toggleMute = (): void => this.#muteButton.toggle();

  async start(): Promise<void> {
    if (this.#connection) return;
    this.#notices.clear();
    if (!this.#sound) {
      this.#sound = new Sound();
      this.#muteButton.govern(this.#sound);
    }
    await this.#sound.wake();
    const connection = new Connection({
      makePeer: (onLost) =>
        new Peer({
          api: this.#api,
          stream: this.#stream,
          path: `/whep/${encodeURIComponent(this.#stream)}`,
          role: 'listen',
          wantsPicture: this.#wantsPicture,
          onLost,
        }),
      onState: (state) => {
        if (this.#connection === connection) this.#follow(state);
      },
    });
    this.#connection = connection;
    await connection.run();
  }

  async stop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.stop();
    if (this.#connection) return;
    this.#notices.clear();
    this.#endLive();
    this.#show({ state: 'idle' });
  }

  #follow(state: ConnectionState): void {
    this.#endLive();
    switch (state.state) {
      case 'idle':
      case 'connecting':
        return void this.#show({ state: state.state });
      case 'waiting':
        this.#notices.fail(state.failure, state.untilMs);
        return void this.#show({ state: 'waiting', failure: state.failure });
      case 'failed':
        this.#connection = undefined;
        if (state.failure.kind === 'offer-refused' && this.#wantsPicture) {
          this.#wantsPicture = false;
          return void this.start();
        }
        this.#notices.fail(state.failure);
        return void this.#show({ state: 'failed' });
      case 'live':
        this.#notices.clear();
        if (state.wasRegained) this.#notices.tell('Connection regained');
        this.#isLive = true;
        this.#sound?.hear(state.peer.incoming);
        this.#showPicture(state.peer.incoming);
        return void this.#show({ state: 'live', stream: undefined });
    }
  }

  #endLive(): void {
    if (this.#isLive) this.#sound?.silence();
    this.#isLive = false;
    element('listener-video', HTMLVideoElement).srcObject = null;
    node('listener-screen').hidden = true;
  }

  /** The same stream holds sound and picture, so that the browser keeps them together. */
  #showPicture(incoming: MediaStream): void {
    if (incoming.getVideoTracks().length === 0) return;
    const video = element('listener-video', HTMLVideoElement);
    video.srcObject = incoming;
    // Only once there is something to see: a server may send no picture.
    const onPicture = () => {
      node('listener-screen').hidden = !this.#isLive;
    };
    video.addEventListener('resize', onPicture, { once: true });
    void video.play().catch(() => undefined);
  }

  #show(situation: Situation): void {
    const { words, tone } = stateWords(situation);
    setText(node('listener-state-words'), words);
    node('listener-state').dataset['tone'] = tone;
    const isBusy = ['connecting', 'waiting', 'live'].includes(situation.state);
    const hadFocus = [button('listen-play'), button('listen-stop')].includes(
      document.activeElement as HTMLButtonElement,
    );
    button('listen-play').hidden = isBusy;
    button('listen-stop').hidden = !isBusy;
    if (hadFocus) button(isBusy ? 'listen-stop' : 'listen-play').focus();
    node('listener-empty').hidden = isBusy;
  }
}
