import type { StreamSettings } from '../../src/live/stream-settings.js';
import type { Api } from './api.js';
import { ComputeChart } from './compute-chart.js';
import { Connection, type ConnectionState } from './connection.js';
import { DelayView } from './delay-view.js';
import { delayWords, followDelay, totalDelay } from './delay-parts.js';
import { DelayedPicture } from './delayed-picture.js';
import { button, canvas, input, node, setText } from './element.js';
import { failureOf } from './failures.js';
import { HealthView } from './health-view.js';
import { drawInstruments } from './instruments.js';
import { isStreamName, newStreamName } from './listener-address.js';
import { Meter } from './meter.js';
import { MuteButton } from './mute-button.js';
import { Notices } from './notices.js';
import { Peer } from './peer.js';
import { SettingsForm } from './settings-form.js';
import { Share } from './share.js';
import { Sound } from './sound.js';
import { SourceForm } from './source-form.js';
import { openSource, type Source, type SourceKind } from './sources.js';
import { Waves } from './spectrogram.js';
import { clockWords, stateWords, type Situation } from './state-words.js';
import type { Token } from './token.js';
import { watchStream, type Figures } from './watch.js';

const NAME_KEY = 'livefoley.stream';

/** The page of the person whose picture is given its sound. */
export class Studio {
  readonly #api: Api;
  readonly #picture = new DelayedPicture(canvas('picture'));
  readonly #delayView = new DelayView();
  readonly #healthView = new HealthView();
  readonly #chart = new ComputeChart();
  readonly #muteButton = new MuteButton('mute');
  readonly #waves: Waves;
  readonly #notices: Notices;
  readonly #share: Share;
  readonly #settingsForm: SettingsForm;
  readonly #sourceForm: SourceForm;
  #sound: Sound | undefined;
  #source: Source | undefined;
  #connection: Connection | undefined;
  #peer: Peer | undefined;
  /** Stands for the opening of a source that is under way. */
  #opening: object | undefined;
  #isLive = false;
  #endWatch: () => void = () => undefined;
  #heldMs: number | undefined;

  constructor(api: Api, token: Token) {
    this.#api = api;
    this.#share = new Share({
      hasToken: () => token.value !== undefined,
      onCopied: () => this.#notices.tell('Link copied'),
    });
    this.#notices = new Notices({
      tryAgain: () => this.#tryAgain(),
      newName: () => {
        this.#rename(newStreamName(randomBits));
        void this.start();
      },
      dismissed: () => {
        if (this.#source && !this.#isBusy) void this.stop();
      },
      useToken: (value) => {
        token.set(value);
        this.#share.show(this.stream);
        void this.#askForBundles();
      },
    });
    this.#settingsForm = new SettingsForm({
      onChange: (changed) => void this.#change(changed),
      onBundle: () => void this.#restart(),
    });
    this.#sourceForm = new SourceForm({
      onChoice: () => void this.#chooseSource(),
      onFile: () => void this.#useFile(),
    });
    this.#waves = new Waves({
      spectrogram: canvas('spectrogram'),
      waveform: canvas('waveform'),
      ticks: node('ticks'),
    });
  }

  get stream(): string {
    return input('stream-name').value;
  }

  /** Shows the page and asks the server what it has. */
  open(): void {
    node('studio').hidden = false;
    button('start').addEventListener('click', () => void this.start());
    button('stop').addEventListener('click', () => void this.stop());
    button('invite-demo').addEventListener('click', () => {
      this.#sourceForm.choose('demo');
      void this.start();
    });
    addEventListener('pagehide', () => void this.stop());
    addEventListener('online', () => this.#connection?.tryNow());
    this.#listenForNames();
    this.#show({ state: 'idle' });
    const meter = new Meter(node('level'), canvas('level-canvas'));
    drawInstruments({ meter, waves: this.#waves }, () => (this.#isLive ? this.#sound?.seen : undefined));
    void this.#askForBundles();
  }

  readonly recolour = (): void => this.#chart.recolour();

  readonly toggle = (): void => void (this.#isBusy ? this.stop() : this.start());

  readonly toggleMute = (): void => this.#muteButton.toggle();

  readonly newSeed = (): void => this.#settingsForm.newSeed();

  async start(): Promise<void> {
    if (this.#isBusy) return;
    this.#notices.clear();
    const { kind, file } = this.#sourceForm;
    if (kind === 'file' && !file) return void this.#sourceForm.pickFile();
    const opening = {};
    this.#opening = opening;
    this.#show({ state: 'opening' });
    try {
      // In the person's click: a browser wakes no sound without one.
      await this.#wakeSound();
      // One that waits since a failure is taken up again: nobody is asked twice for the same screen.
      const source = this.#source ?? (await openSource(kind, file));
      // Stopped meanwhile.
      if (this.#opening !== opening) return void source.close();
      this.#use(source);
      this.#opening = undefined;
    } catch (error) {
      if (this.#opening !== opening) return;
      this.#opening = undefined;
      this.#notices.fail(failureOf(error));
      return void this.#show({ state: 'failed' });
    }
    await this.#run();
  }

  async stop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#opening = undefined;
    await connection?.stop();
    // Started again meanwhile.
    if (this.#isBusy) return;
    this.#notices.clear();
    this.#closeSource();
    this.#show({ state: 'idle' });
  }

  get #isBusy(): boolean {
    return this.#opening !== undefined || this.#connection !== undefined;
  }

  async #wakeSound(): Promise<void> {
    if (!this.#sound) {
      this.#sound = new Sound();
      this.#muteButton.govern(this.#sound);
    }
    await this.#sound.wake();
  }

  #use(source: Source): void {
    if (this.#source === source) return;
    this.#source = source;
    source.onEnd(() => {
      if (this.#source !== source) return;
      void this.stop().then(() => this.#notices.fail({ kind: 'source-ended' }));
    });
    source.video.addEventListener('resize', () => this.#limitPicture());
    this.#settingsForm.showOwnSound(source.sound && ownSoundHint(source.kind));
    this.#picture.delayMs = this.#settingsForm.bundle?.delayMs ?? 0;
    this.#picture.start(source.video);
    node('invite').hidden = true;
  }

  #closeSource(): void {
    this.#picture.stop();
    this.#source?.close();
    this.#source = undefined;
    this.#settingsForm.showOwnSound(undefined);
  }

  async #run(): Promise<void> {
    const connection = new Connection({
      makePeer: (onLost) => this.#makePeer(onLost),
      onState: (state) => {
        if (this.#connection === connection) this.#follow(state);
      },
    });
    this.#connection = connection;
    await connection.run();
  }

  #makePeer(onLost: () => void): Peer {
    const { settings, bundle } = this.#settingsForm;
    const query = new URLSearchParams(Object.entries(settings).map(([name, value]) => [name, String(value)]));
    if (settings.prompt === '') query.delete('prompt');
    if (bundle) query.set('bundle', bundle.name);
    return new Peer({
      api: this.#api,
      stream: this.stream,
      path: `/duplex/${encodeURIComponent(this.stream)}?${query.toString()}`,
      role: 'duplex',
      ...(this.#source && { picture: this.#source.picture, sound: this.#source.sound }),
      onLost,
    });
  }

  #follow(state: ConnectionState): void {
    this.#endLive();
    switch (state.state) {
      case 'idle':
        return void this.#show({ state: 'idle' });
      case 'connecting':
        return void this.#show({ state: 'connecting' });
      case 'live':
        return void this.#goLive(state.peer, state.wasRegained);
      case 'waiting':
        this.#notices.fail(state.failure, state.untilMs);
        return void this.#show({ state: 'waiting', failure: state.failure });
      case 'failed':
        this.#connection = undefined;
        // A screen that was shared for a start that only lacks a token or a name stays shared for the next one.
        if (state.failure.kind !== 'token' && state.failure.kind !== 'name-taken') this.#closeSource();
        this.#notices.fail(state.failure);
        return void this.#show({ state: 'failed' });
    }
  }

  #goLive(peer: Peer, wasRegained: boolean): void {
    this.#notices.clear();
    if (wasRegained) this.#notices.tell('Connection regained');
    this.#isLive = true;
    this.#heldMs = undefined;
    this.#peer = peer;
    this.#limitPicture();
    this.#sound?.hear(peer.incoming);
    const connection = this.#connection;
    this.#endWatch = watchStream({
      api: this.#api,
      peer,
      stream: this.stream,
      outputSeconds: () => this.#sound?.outputSeconds ?? 0,
      onFigures: (figures) => this.#showFigures(figures),
      onGone: () => connection?.lose(),
    });
    this.#show({ state: 'live', stream: undefined });
  }

  #endLive(): void {
    this.#endWatch();
    if (this.#isLive) this.#sound?.silence();
    this.#isLive = false;
    this.#peer = undefined;
  }

  #limitPicture(): void {
    const video = this.#source?.video;
    if (video) void this.#peer?.limitPicture(video.videoWidth, video.videoHeight);
  }

  #showFigures({ report, parts, concealedMs }: Figures): void {
    const totalMs = totalDelay(parts);
    this.#heldMs = followDelay(this.#heldMs, totalMs);
    this.#picture.delayMs = this.#heldMs;
    const held = delayWords(this.#heldMs);
    setText(node('held'), `Held back ${held}`);
    setText(
      node('ahead'),
      `The picture above agrees with the sound. What plays directly on this screen is ahead of both by ${held}.`,
    );
    node('held').hidden = node('ahead').hidden = false;
    this.#delayView.show(parts);
    this.#healthView.show(report, concealedMs);
    this.#chart.add(report);
    setText(node('clock'), clockWords(report.durationSeconds));
    const { listeners } = report;
    const who = listeners === 1 ? '1 listens' : `${listeners} listen`;
    setText(node('listeners-now'), listeners === 0 ? 'nobody else listens' : who);
    this.#showState({ state: 'live', stream: report.state });
  }

  #show(situation: Situation): void {
    this.#showState(situation);
    const isBusy = ['opening', 'connecting', 'waiting', 'live'].includes(situation.state);
    const hadFocus = [button('start'), button('stop'), button('invite-demo')].includes(
      document.activeElement as HTMLButtonElement,
    );
    button('start').hidden = isBusy;
    button('stop').hidden = !isBusy;
    if (hadFocus) button(isBusy ? 'stop' : 'start').focus();
    input('stream-name').readOnly = isBusy;
    node('waves-empty').hidden = isBusy || this.#sound !== undefined;
    if (situation.state === 'idle' || situation.state === 'failed') {
      this.#endLive();
      this.#healthView.show(undefined, 0);
      this.#delayView.show(undefined);
      this.#chart.clear();
      this.#waves.clear();
      node('held').hidden = node('ahead').hidden = true;
      node('invite').hidden = this.#source !== undefined;
      node('waves-empty').hidden = false;
      if (!this.#source) this.#picture.clear();
      setText(node('clock'), clockWords(0));
      setText(node('listeners-now'), 'hear it on another device');
    }
  }

  #showState(situation: Situation): void {
    const { words, tone } = stateWords(situation);
    setText(node('state-words'), words);
    node('state').dataset['tone'] = tone;
    document.title = situation.state === 'idle' ? 'livefoley' : `${words} · livefoley`;
  }

  async #change(changed: Partial<StreamSettings>): Promise<void> {
    if (!this.#isLive) return;
    try {
      await this.#api.change(this.stream, changed);
      if (this.#notices.failure?.kind === 'setting-refused') this.#notices.clear();
    } catch (error) {
      this.#notices.fail(failureOf(error));
    }
  }

  /** With another bundle, or another source, a stream begins anew. */
  async #restart(): Promise<void> {
    const connection = this.#connection;
    if (!connection) return;
    this.#connection = undefined;
    await connection.stop();
    this.#endLive();
    await this.#run();
  }

  async #chooseSource(): Promise<void> {
    const { kind, file } = this.#sourceForm;
    if (kind === 'file' && !file) this.#sourceForm.pickFile();
    if (this.#source && this.#source.kind !== kind && (kind !== 'file' || file)) await this.#swapSource();
  }

  async #useFile(): Promise<void> {
    if (this.#source) await this.#swapSource();
    else await this.start();
  }

  async #swapSource(): Promise<void> {
    const wasRunning = this.#connection !== undefined;
    await this.stop();
    if (wasRunning) await this.start();
  }

  async #askForBundles(): Promise<void> {
    try {
      this.#settingsForm.offerBundles(await this.#api.bundles());
      this.#notices.clear();
      if (this.#source && !this.#isBusy) await this.start();
    } catch (error) {
      this.#notices.fail(failureOf(error));
    }
  }

  #tryAgain(): void {
    if (this.#connection) this.#connection.tryNow();
    else if (this.#settingsForm.bundle) void this.start();
    else void this.#askForBundles();
  }

  #listenForNames(): void {
    const remembered = sessionStorage.getItem(NAME_KEY) ?? '';
    this.#rename(isStreamName(remembered) ? remembered : newStreamName(randomBits));
    input('stream-name').addEventListener('change', () => {
      const name = this.stream
        .trim()
        .replace(/[^\w.-]+/g, '-')
        .slice(0, 64);
      this.#rename(isStreamName(name) ? name : newStreamName(randomBits));
    });
  }

  #rename(name: string): void {
    input('stream-name').value = name;
    sessionStorage.setItem(NAME_KEY, name);
    this.#share.show(name);
  }
}

function ownSoundHint(kind: SourceKind): string {
  return kind === 'screen' || kind === 'window'
    ? 'What this page plays is left out of the recording, so nothing comes round twice.'
    : 'The clip’s own sound goes to the server and comes back in the mix.';
}

function randomBits(): number {
  return crypto.getRandomValues(new Uint16Array(1))[0]!;
}
