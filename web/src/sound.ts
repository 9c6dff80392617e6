/** What instruments look at: the spectrum of the newest moment, and the waves of the last third of a second. */
export type Seen = { readonly spectrum: AnalyserNode; readonly wave: AnalyserNode };

/** The way of the heard sound: from the connection through a mute to the loudspeaker, with a look at its waves. */
export class Sound {
  readonly #context: AudioContext;
  readonly #spectrum: AnalyserNode;
  readonly #wave: AnalyserNode;
  readonly #mute: GainNode;
  readonly #element: HTMLAudioElement;
  #source: MediaStreamAudioSourceNode | undefined;
  #isMuted = false;

  constructor() {
    this.#context = new AudioContext({ latencyHint: 'interactive' });
    this.#spectrum = this.#context.createAnalyser();
    this.#spectrum.fftSize = 2048;
    this.#spectrum.smoothingTimeConstant = 0;
    this.#spectrum.minDecibels = -96;
    this.#spectrum.maxDecibels = -18;
    // For its waves alone: long enough that none is missed between two looks.
    this.#wave = this.#context.createAnalyser();
    this.#wave.fftSize = 16_384;
    this.#mute = this.#context.createGain();
    this.#spectrum.connect(this.#mute).connect(this.#context.destination);
    this.#spectrum.connect(this.#wave);
    // Chromium feeds a remote track to Web Audio only while a media element plays it as well.
    this.#element = document.createElement('audio');
    this.#element.muted = true;
  }

  /** Before the mute: what is muted is still seen. */
  get seen(): Seen {
    return { spectrum: this.#spectrum, wave: this.#wave };
  }

  get isMuted(): boolean {
    return this.#isMuted;
  }

  /** From this graph to the loudspeaker. Unit: seconds. */
  get outputSeconds(): number {
    // Safari has no `outputLatency`.
    const { baseLatency, outputLatency } = this.#context as Partial<AudioContext>;
    return (baseLatency ?? 0) + (outputLatency ?? 0);
  }

  /** Wakes the graph: to be called in the person's click. */
  async wake(): Promise<void> {
    if (this.#context.state !== 'running') await this.#context.resume();
  }

  /** Lets go of what was heard before. */
  hear(stream: MediaStream): void {
    this.silence();
    this.#element.srcObject = stream;
    void this.#element.play().catch(() => undefined);
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(this.#spectrum);
  }

  silence(): void {
    this.#source?.disconnect();
    this.#source = undefined;
    this.#element.srcObject = null;
  }

  mute(isMuted: boolean): void {
    this.#isMuted = isMuted;
    // A ramp, not a jump: no click.
    this.#mute.gain.setTargetAtTime(isMuted ? 0 : 1, this.#context.currentTime, 0.015);
  }
}
