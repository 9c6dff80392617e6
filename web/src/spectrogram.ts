import { create } from './element.js';
import type { Seen } from './sound.js';

const LOWEST_HZ = 60;
const HIGHEST_HZ = 16_000;
const TICKS = [
  { hz: 10_000, label: '10k' },
  { hz: 1000, label: '1k' },
  { hz: 100, label: '100' },
];
/** From silence to full: night, water, brass, paper. */
const COLOURS = [
  [13, 16, 14],
  [15, 52, 58],
  [38, 122, 116],
  [226, 158, 72],
  [255, 243, 214],
] as const;
const COLUMN_PIXELS = 2;
/** A thirtieth of a second at 48 kHz. */
const COLUMN_SAMPLES = 1600;

export type WavesOptions = {
  readonly spectrogram: HTMLCanvasElement;
  readonly waveform: HTMLCanvasElement;
  readonly ticks: HTMLElement;
};

/**
 * Draws the sound as it goes: wave above, spectrum below, the newest at the right. For those who want less motion
 * nothing scrolls: a cursor writes over what is oldest.
 */
export class Waves {
  readonly #spectrogram: Strip;
  readonly #waveform: Strip;
  readonly #palette = palette();
  #levels = new Uint8Array(0);
  #samples = new Float32Array(0);

  constructor({ spectrogram, waveform, ticks }: WavesOptions) {
    this.#spectrogram = new Strip(spectrogram);
    this.#waveform = new Strip(waveform);
    ticks.replaceChildren(
      ...TICKS.map(({ hz, label }) => {
        const tick = create('li', 'figure', label);
        tick.style.setProperty('--at', String(heightOf(hz)));
        return tick;
      }),
    );
  }

  /** Adds what is heard now, as wide as the time that has passed: `columns`. */
  draw({ spectrum, wave }: Seen, columns: number): void {
    if (this.#levels.length !== spectrum.frequencyBinCount || this.#samples.length !== wave.fftSize) {
      this.#levels = new Uint8Array(spectrum.frequencyBinCount);
      this.#samples = new Float32Array(wave.fftSize);
    }
    spectrum.getByteFrequencyData(this.#levels);
    wave.getFloatTimeDomainData(this.#samples);
    this.#drawSpectrum(spectrum.context.sampleRate / 2, columns * COLUMN_PIXELS);
    this.#drawWave(columns);
  }

  clear(): void {
    this.#spectrogram.clear();
    this.#waveform.clear();
  }

  #drawSpectrum(nyquistHz: number, wide: number): void {
    const levels = this.#levels;
    const { height } = this.#spectrogram.fit();
    const column = new ImageData(wide, height);
    const pixels = new Uint32Array(column.data.buffer);
    const binsPerHz = levels.length / nyquistHz;
    let upper = binAt(0, height, binsPerHz);
    for (let y = 0; y < height; y += 1) {
      const lower = binAt(y + 1, height, binsPerHz);
      pixels.fill(this.#palette[levelBetween(levels, lower, upper)]!, y * wide, (y + 1) * wide);
      upper = lower;
    }
    this.#spectrogram.add(wide, (context, x) => context.putImageData(column, x, 0));
  }

  /** One column for each share of the newest samples. */
  #drawWave(columns: number): void {
    const { height } = this.#waveform.fit();
    const perColumn = Math.floor(Math.min(this.#samples.length / columns, COLUMN_SAMPLES));
    this.#waveform.add(columns * COLUMN_PIXELS, (context, left) => {
      context.fillStyle = '#0d100e';
      context.fillRect(left, 0, columns * COLUMN_PIXELS, height);
      context.fillStyle = '#f2a65a';
      for (let column = 0; column < columns; column += 1) {
        const end = this.#samples.length - (columns - 1 - column) * perColumn;
        const [lowest, highest] = extremes(this.#samples, end - perColumn, end);
        const top = Math.floor((height / 2) * (1 - bent(highest)));
        const bottom = Math.ceil((height / 2) * (1 - bent(lowest)));
        context.fillRect(left + column * COLUMN_PIXELS, top, COLUMN_PIXELS, Math.max(1, bottom - top));
      }
    });
  }
}

/** A canvas that is written column by column. */
class Strip {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)');
  #cursor = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false })!;
    this.clear();
  }

  /** Makes the canvas as large as it is shown. */
  fit(): { readonly width: number; readonly height: number } {
    const canvas = this.#canvas;
    const scale = Math.min(2, devicePixelRatio);
    const width = Math.max(1, Math.round(canvas.clientWidth * scale));
    const height = Math.max(1, Math.round(canvas.clientHeight * scale));
    if (canvas.width !== width || canvas.height !== height) {
      this.#resize(width, height);
    }
    return { width, height };
  }

  /** Writes `wide` pixels of new picture. */
  add(wide: number, write: (context: CanvasRenderingContext2D, x: number) => void): void {
    const { width, height } = this.#canvas;
    const context = this.#context;
    if (this.#still.matches) {
      write(context, this.#cursor);
      this.#cursor = (this.#cursor + wide) % width;
      context.fillStyle = '#9aa39c';
      context.fillRect(this.#cursor, 0, 1, height);
      return;
    }
    context.drawImage(this.#canvas, -wide, 0);
    write(context, width - wide);
  }

  /** Keeps what is drawn, at the right. */
  #resize(width: number, height: number): void {
    const canvas = this.#canvas;
    const before = document.createElement('canvas');
    Object.assign(before, { width: canvas.width, height: canvas.height });
    before.getContext('2d')!.drawImage(canvas, 0, 0);
    Object.assign(canvas, { width, height });
    this.clear();
    this.#context.drawImage(before, width - before.width, 0, before.width, height);
  }

  clear(): void {
    this.#context.fillStyle = '#0d100e';
    this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#cursor = 0;
  }
}

/** Where a frequency stands: 0 at the bottom, 1 at the top. */
function heightOf(hz: number): number {
  return Math.log(hz / LOWEST_HZ) / Math.log(HIGHEST_HZ / LOWEST_HZ);
}

function binAt(y: number, height: number, binsPerHz: number): number {
  const hz = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** (1 - y / height);
  return hz * binsPerHz;
}

/** The loudest of the bins that fall into a row; between two bins where none does. */
function levelBetween(levels: Uint8Array, lower: number, upper: number): number {
  const [first, last] = [Math.ceil(lower), Math.floor(upper)];
  if (first > last) {
    const below = levels[last] ?? 0;
    return Math.round(below + (lower - last) * ((levels[first] ?? 0) - below));
  }
  let loudest = 0;
  for (let bin = first; bin <= last; bin += 1) loudest = Math.max(loudest, levels[bin] ?? 0);
  return loudest;
}

function extremes(samples: Float32Array, from: number, to: number): readonly [number, number] {
  let [lowest, highest] = [0, 0];
  for (let i = from; i < to; i += 1) {
    lowest = Math.min(lowest, samples[i]!);
    highest = Math.max(highest, samples[i]!);
  }
  return [lowest, highest];
}

/** Quiet sounds are seen too. */
function bent(sample: number): number {
  return Math.sign(sample) * Math.min(1, Math.abs(sample)) ** 0.6;
}

function palette(): Uint32Array {
  const colours = new Uint32Array(256);
  for (let level = 0; level < 256; level += 1) {
    const at = (level / 255) ** 1.15 * (COLOURS.length - 1);
    const [from, to] = [COLOURS[Math.floor(at)]!, COLOURS[Math.ceil(at)]!];
    const [red, green, blue] = [0, 1, 2].map((i) => Math.round(from[i]! + (to[i]! - from[i]!) * (at % 1)));
    // Little-endian: alpha first.
    colours[level] = ((255 << 24) | (blue! << 16) | (green! << 8) | red!) >>> 0;
  }
  return colours;
}
