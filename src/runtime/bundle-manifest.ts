/** A picture's extent. Unit: pixels. */
export type PictureSize = { readonly width: number; readonly height: number };

/** A tensor's place in a graph: element type and static shape. */
export type TensorManifest = { readonly type: 'float32'; readonly shape: readonly number[] };

/** An output that becomes an input of the next call. */
export type StateManifest = {
  readonly input: string;
  readonly output: string;
  /** Every element at the start of a run. */
  readonly initial: number;
};

/** A graph's file and the external data files that it names. */
export type GraphFiles = { readonly file: string; readonly weights?: readonly string[] };

/** One ONNX graph. */
export type GraphManifest = GraphFiles & {
  /** The variant for GPUs; without it they run `file`. */
  readonly gpu?: GraphFiles;
  readonly opset: number;
  /** All inputs, state included. */
  readonly inputs: Readonly<Record<string, TensorManifest>>;
  readonly outputs: Readonly<Record<string, TensorManifest>>;
  readonly state?: readonly StateManifest[];
};

/** One visual encoder. */
export type EncoderManifest = {
  readonly name: string;
  readonly graph: string;
  /** What the picture is brought to, by the exact mean of boxes of whole pixels. */
  readonly size: PictureSize;
  /** R, G, B; an input value is (8-bit value - mean) / std. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Unit: grid points. 1: the graph takes a hop of frames; above: one picture at multiples of it. */
  readonly everyPoints: number;
  /** Point p uses the picture at floor(p / everyPoints) * everyPoints - lagPoints. Unit: grid points. */
  readonly lagPoints: number;
  /** After so many points the features no longer depend on the initial state. Unit: grid points. */
  readonly memoryPoints: number;
  /** Unit: numbers a point. */
  readonly featureWidth: number;
};

/** How the features of all encoders become one sequence. */
export type FusionManifest = {
  readonly kind: 'project' | 'add' | 'cat-time';
  readonly graph?: string;
  /** Unit: numbers a vector. */
  readonly width: number;
};

/** How fused features become tokens. */
export type MapperManifest = {
  readonly kind: 'none' | 'autoregressive' | 'regression' | 'diffusion';
  /** There unless the kind is none. */
  readonly graph?: string;
  /** Autoregressive, where `anchor.warmUpPoints` is above 0. */
  readonly warmUpGraph?: string;
  /** Unit: numbers a point. */
  readonly tokenWidth: number;
  /** Unit: numbers a hop. */
  readonly summaryWidth?: number;
  /** Euler steps; diffusion only. */
  readonly steps?: number;
};

/** Rectified flow over the latents, noise at time 0, data at time 1. */
export type FlowManifest = {
  readonly predictor: 'velocity';
  readonly graph: string;
  /** Unit: numbers a latent; there is one latent a grid point. */
  readonly latentWidth: number;
  /** Euler steps. */
  readonly steps: { readonly default: number; readonly max: number };
  /** s: uniform time u becomes u / (u + s * (1 - u)). */
  readonly timeShift: number;
  /** cfg has a scale. */
  readonly guidance: { readonly kind: 'none' | 'cfg' | 'folded'; readonly scale?: number };
  /** How many latents before the hop the graph is shown. */
  readonly prefixLatents: number;
  /** Steps -> a graph with that many steps, time shift and guidance inside. */
  readonly unrolled?: Readonly<Record<string, string>>;
};

/** Latents to sound. */
export type DecoderManifest = {
  readonly graph: string;
  /** The sound covers the positions of its latents less this. Unit: audio frames. */
  readonly delayFrames: number;
  /** Latents before the hop that a fresh state is fed; 0 in causal mode. Unit: grid points. */
  readonly haloPoints: number;
};

/** The known answer of one output. */
export type GoldenAnswer = {
  /** Root mean square over all elements. */
  readonly rms: number;
  /** The elements floor(j * n / 8), j = 0..7. */
  readonly probes: readonly number[];
};

/** One file: its checksum, and the sibling bundle that stores it where this one does not. */
export type FileManifest = { readonly sha256: string; readonly bytes: number; readonly from?: string };

/** Graph -> output -> answer. */
export type GoldenAnswers = Readonly<Record<string, Readonly<Record<string, GoldenAnswer>>>>;

/** What the manifest of every bundle has, whatever it is for. */
export type CommonManifest = {
  readonly schema: 1;
  /** Equals the folder's name. */
  readonly name: string;
  readonly version: string;
  /** SPDX expression of the weights. */
  readonly licence: string;
  readonly description?: string;
  readonly graphs: Readonly<Record<string, GraphManifest>>;
  readonly files: Readonly<Record<string, FileManifest>>;
  readonly golden: {
    readonly tolerance: { readonly cpu: number; readonly webgpu: number; readonly cuda: number };
    readonly graphs: GoldenAnswers;
    /** Of the `gpu` variants whose answers differ from their graphs'. */
    readonly gpu?: GoldenAnswers;
  };
};

/** The manifest of a bundle that turns free text into a prompt, and makes no sound. */
export type TextManifest = CommonManifest & {
  readonly system: 'text';
  readonly text: {
    /** Takes `counts` [1, words.count], gives `similarity` [1, vocabulary.length]. */
    readonly graph: string;
    /** The words that it knows, one a line, in the order of `counts`. */
    readonly words: { readonly file: string; readonly count: number };
    readonly vocabulary: readonly string[];
    /** From where to where a similarity becomes 0 to 1. */
    readonly ramp: { readonly from: number; readonly to: number };
  };
};

/** A bundle's `bundle.json`, checked, whatever it is for. */
export type AnyManifest = BundleManifest | TextManifest;

/**
 * The `bundle.json` of a bundle that makes sound, checked. `models/bundle.schema.json` is the contract and says more of
 * each field. Points are grid points, `gridFrames` audio frames apart.
 */
export type BundleManifest = CommonManifest & {
  readonly system:
    'live' | 'v2a-mapper' | 'mfm-mapper' | 'foley-flow' | 'mmaudio' | 'mgaudio' | 'conformance';
  readonly mode: 'causal' | 'window';
  /** Unit: Hz. */
  readonly sampleRate: 48000;
  readonly channels: 1;
  /** Audio frames from one grid point to the next. */
  readonly gridFrames: number;
  /** Grid points taken at once. */
  readonly hopPoints: number;
  /** Window mode only, and always there: the points generated at once, ending with the hop. */
  readonly windowPoints?: number;
  /** Where state restarts. Units: grid points, and audio frames of crossfade. */
  readonly anchor: {
    readonly everyPoints: number;
    readonly warmUpPoints: number;
    readonly crossfadeFrames: number;
  };
  /** Every video frame is squeezed to this size before the encoders. */
  readonly picture: PictureSize;
  readonly encoders: readonly EncoderManifest[];
  readonly fusion: FusionManifest;
  readonly mapper: MapperManifest;
  readonly flow: FlowManifest;
  readonly decoder: DecoderManifest;
  /** Entry i of the `prompt` input is 1 where word i occurs. */
  readonly prompt?: { readonly width: number; readonly vocabulary: readonly string[] };
};
