const LOWEST_DB = -60;
const SEGMENT_PIXELS = 9;
const FALL_DB_PER_SECOND = 24;
const HOLD_MS = 1200;
const TELL_EVERY_MS = 1000;

/** A level meter: root mean square as a bar, the peak as a line that stays a moment. */
export class Meter {
  readonly #host: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #samples = new Float32Array(0);
  #rmsDb = LOWEST_DB;
  #peakDb = LOWEST_DB;
  #peakAtMs = 0;
  #lastMs = 0;
  #toldMs = 0;

  constructor(host: HTMLElement, canvas: HTMLCanvasElement) {
    this.#host = host;
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d')!;
  }

  /** Unit: ms of `performance.now()`. No analyser: silence. */
  draw(analyser: AnalyserNode | undefined, nowMs: number): void {
    const { rmsDb, peakDb } = analyser ? this.#measure(analyser) : { rmsDb: LOWEST_DB, peakDb: LOWEST_DB };
    const fallDb = (FALL_DB_PER_SECOND * Math.min(200, nowMs - this.#lastMs)) / 1000;
    this.#lastMs = nowMs;
    this.#rmsDb = Math.max(rmsDb, this.#rmsDb - fallDb, LOWEST_DB);
    if (peakDb >= this.#peakDb || nowMs - this.#peakAtMs > HOLD_MS) {
      this.#peakDb = Math.max(peakDb, LOWEST_DB);
      this.#peakAtMs = nowMs;
    }
    this.#paint();
    if (nowMs - this.#toldMs > TELL_EVERY_MS) this.#tell(nowMs);
  }

  #measure(analyser: AnalyserNode): { rmsDb: number; peakDb: number } {
    if (this.#samples.length !== analyser.fftSize) this.#samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(this.#samples);
    let [power, peak] = [0, 0];
    for (const sample of this.#samples) {
      power += sample * sample;
      peak = Math.max(peak, Math.abs(sample));
    }
    return {
      rmsDb: 10 * Math.log10(power / this.#samples.length + 1e-12),
      peakDb: 20 * Math.log10(peak + 1e-6),
    };
  }

  #paint(): void {
    const canvas = this.#canvas;
    const context = this.#context;
    const scale = Math.min(2, devicePixelRatio);
    const width = Math.max(1, Math.round(canvas.clientWidth * scale));
    const height = Math.max(1, Math.round(canvas.clientHeight * scale));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.clearRect(0, 0, width, height);
    const { color } = getComputedStyle(canvas);
    const segments = Math.max(8, Math.floor(width / (SEGMENT_PIXELS * scale)));
    const step = width / segments;
    const lit = shareOf(this.#rmsDb) * segments;
    const peak = Math.floor(shareOf(this.#peakDb) * segments);
    for (let i = 0; i < segments; i += 1) {
      const isLit = i < lit || (i === peak && this.#peakDb > LOWEST_DB);
      context.globalAlpha = isLit ? 1 : 0.16;
      context.fillStyle = i >= segments * 0.95 ? '#d8432f' : i >= segments * 0.8 ? '#e0902f' : color;
      context.fillRect(Math.round(i * step), 0, Math.max(1, Math.floor(step - 1.5 * scale)), height);
    }
    context.globalAlpha = 1;
  }

  #tell(nowMs: number): void {
    this.#toldMs = nowMs;
    const level = Math.round(this.#rmsDb);
    this.#host.setAttribute('aria-valuenow', String(level));
    this.#host.setAttribute('aria-valuetext', level <= LOWEST_DB ? 'silent' : `${level} decibels`);
  }
}

function shareOf(db: number): number {
  return Math.min(1, Math.max(0, 1 - db / LOWEST_DB));
}
