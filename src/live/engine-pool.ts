import { availableParallelism } from 'node:os';
import { createEngine, type Engine, type EngineOptions } from '../engine.js';
import { admit, type Admission, type SessionLoad } from '../scheduler/admission.js';
import { REMEMBERED_HOPS } from '../scheduler/cost-estimate.js';
import { Refusal } from '../rtc/refusal.js';
import { LivefoleyError } from '../stream/errors.js';
import type { VideoFrame } from '../stream/video-frame.js';

export type EnginePoolOptions = Pick<EngineOptions, 'device' | 'lanes' | 'laneEnv'>;

/** A core is left for WebRTC, HTTP and pacing, where there is more than one. */
const CORES_LEFT = 1;

/** When a client that was refused for load may try again. Unit: seconds. */
const RETRY_AFTER_SECONDS = 10;

/** One engine a bundle, made when first wanted and kept; and the answer to whether one more stream can be held. */
export class EnginePool {
  readonly #options: EnginePoolOptions;
  readonly #engines = new Map<string, Promise<Engine>>();
  readonly #running = new Map<string, Engine>();
  readonly #measuring = new Map<Engine, Promise<void>>();
  #isClosed = false;

  constructor(options: EnginePoolOptions) {
    this.#options = options;
  }

  /**
   * The engine of a bundle, warm.
   * @throws {LivefoleyError} Place `bundle`, if there is no such bundle; `environment`, if its device does not work
   */
  engineOf(bundle: string): Promise<Engine> {
    const known = this.#engines.get(bundle);
    if (known) return known;
    if (this.#isClosed)
      return Promise.reject(new Refusal(503, 'Cannot begin a stream: the server is closing'));
    const engine = this.#start(bundle);
    this.#engines.set(bundle, engine);
    // What failed is tried again by whoever asks next.
    engine.catch(() => this.#engines.delete(bundle));
    return engine;
  }

  /** The engine of a bundle, if it is there already. */
  readyEngine(bundle: string): Engine | undefined {
    return this.#running.get(bundle);
  }

  /**
   * Streams count from their beginning on, and while their place is kept, whether or not they are computed just now.
   * @param others The engines of all other streams; undefined for one whose engine is not known yet
   * @throws {Refusal} 503, if the forecast cannot hold one more stream of this engine
   */
  admit(engine: Engine, others: readonly (Engine | undefined)[]): void {
    const admission = forecast(engine, others);
    if (admission.isGranted) return;
    const percent = (share: number): string => `${Math.round(100 * share)} %`;
    throw new Refusal(
      503,
      `Cannot begin a stream: it would load the machine to ${percent(admission.load)} where ${percent(admission.limit)} is the limit; try again when another stream has ended`,
      { retryAfterSeconds: RETRY_AFTER_SECONDS },
    );
  }

  /**
   * Measures what the engine costs once more if it would refuse a stream that is alone: the cost may have been learned
   * while the machine was busy, and without streams nothing else corrects it. Asked for together it measures once.
   */
  async reassess(engine: Engine): Promise<void> {
    if (forecast(engine, []).isGranted) return;
    const measuring =
      this.#measuring.get(engine) ??
      warm(engine)
        // An engine that does not compute any more refuses its streams by itself.
        .catch(() => undefined)
        .finally(() => this.#measuring.delete(engine));
    this.#measuring.set(engine, measuring);
    await measuring;
  }

  /** Ends all engines. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#engines.values()].map(async (engine) => (await engine).close()));
  }

  async #start(bundle: string): Promise<Engine> {
    const lanes = this.#options.lanes ?? coresForLanes();
    const engine = await createEngine({ ...this.#options, bundle, lanes, hasSpareLane: true });
    try {
      await warm(engine);
    } catch (error) {
      await engine.close();
      throw new LivefoleyError('environment', `Cannot use bundle '${bundle}': it does not compute`, {
        cause: error,
      });
    }
    this.#running.set(bundle, engine);
    return engine;
  }
}

/** What a stream of an engine is forecast to cost a hop. Unit: ms. */
export function hopCostMsOf({ sessionLoad }: Engine): number {
  return sessionLoad?.hopCostMs ?? 0;
}

function forecast(engine: Engine, others: readonly (Engine | undefined)[]): Admission {
  const newcomer = engine.sessionLoad;
  if (!newcomer) return { isGranted: true, lane: 0 };
  const lanes = engine.laneLoads.map((): SessionLoad[] => []);
  others
    .filter((other) => other === engine)
    .forEach((_, stream) => lanes[stream % lanes.length]!.push(newcomer));
  const machine = others.flatMap((other) => other?.sessionLoad ?? []);
  return admit({ lanes, newcomer, machine, cores: coresForLanes() });
}

function coresForLanes(): number {
  return Math.max(1, availableParallelism() - CORES_LEFT);
}

/** Computes so many hops that their cost is all that is remembered, and everything is warm. */
async function warm(engine: Engine): Promise<void> {
  const endPosition = REMEMBERED_HOPS * engine.bundle.hopFrames;
  const session = engine.score(greyFrames(engine), { endPosition });
  const blocks = session.blocks[Symbol.asyncIterator]();
  while (!(await blocks.next()).done);
}

async function* greyFrames({ bundle }: Engine): AsyncGenerator<VideoFrame> {
  const { width, height } = bundle.picture;
  for (let position = 0; ; position += 1600) {
    const data = new Uint8Array(width * height * 3).fill((position / 1600) % 2 === 0 ? 96 : 160);
    yield await Promise.resolve({ position, width, height, format: 'rgb24', data });
  }
}
