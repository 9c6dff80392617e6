import type { AnyManifest, BundleManifest, TextManifest } from './bundle-manifest.js';
import { fieldPath } from './manifest-problem.js';

export type Shapes = Readonly<Record<string, readonly number[]>>;

/** A part of the system that a graph plays: what it must take and give beside its state. */
export type Role = {
  /** The field that names the graph. */
  readonly field: string;
  readonly graph: string;
  readonly inputs: Shapes;
  /** Inputs that the graph may leave out. */
  readonly optional: readonly string[];
  readonly outputs: Shapes;
  readonly state: 'none' | 'any' | 'some';
};

/** All parts of the system that graphs play, in the order of the data. */
export function rolesOf(manifest: AnyManifest): Role[] {
  if (manifest.system === 'text') return [textRole(manifest)];
  return [
    ...encoderRoles(manifest),
    ...fusionRoles(manifest),
    ...mapperRoles(manifest),
    ...flowRoles(manifest),
    decoderRole(manifest),
  ];
}

/** What the flow may be conditioned on in this bundle. */
export function conditionShapes(manifest: BundleManifest): Shapes {
  const { flow, mapper, prompt } = manifest;
  const tokens = pointsOf(manifest) * (mapper.kind === 'none' ? vectorsPerPoint(manifest) : 1);
  return {
    tokens: [1, tokens, mapper.tokenWidth],
    ...(mapper.summaryWidth === undefined ? {} : { summary: [1, mapper.summaryWidth] }),
    ...(prompt ? { prompt: [1, prompt.width] } : {}),
    ...(flow.prefixLatents > 0
      ? { prefix: [1, flow.prefixLatents, flow.latentWidth], prefixValid: [1, flow.prefixLatents] }
      : {}),
  };
}

/** Grid points that the flow generates at once. */
function pointsOf(manifest: BundleManifest): number {
  return manifest.windowPoints ?? manifest.hopPoints;
}

/** How many vectors the fused sequence has for each point. */
function vectorsPerPoint(manifest: BundleManifest): number {
  return manifest.fusion.kind === 'cat-time' ? manifest.encoders.length : 1;
}

function textRole({ text }: TextManifest): Role {
  return {
    field: 'text.graph',
    graph: text.graph,
    inputs: { counts: [1, text.words.count] },
    optional: [],
    outputs: { similarity: [1, text.vocabulary.length] },
    state: 'none',
  };
}

function encoderRoles({ encoders, hopPoints }: BundleManifest): Role[] {
  return encoders.map(({ graph, size, featureWidth, everyPoints }, index) => {
    const picture = [3, size.height, size.width];
    const everyPoint = everyPoints === 1;
    return {
      field: fieldPath('encoders', index, 'graph'),
      graph,
      inputs: everyPoint ? { frames: [1, hopPoints, ...picture] } : { picture: [1, ...picture] },
      optional: [],
      outputs: { features: everyPoint ? [1, hopPoints, featureWidth] : [1, featureWidth] },
      state: 'any',
    };
  });
}

function fusionRoles(manifest: BundleManifest): Role[] {
  const { encoders, fusion, hopPoints } = manifest;
  if (fusion.graph === undefined) return [];
  const widths = encoders.map((encoder) => encoder.featureWidth);
  const width = fusion.kind === 'project' ? widths.reduce((sum, each) => sum + each, 0) : widths[0]!;
  const vectors = vectorsPerPoint(manifest) * hopPoints;
  return [
    {
      field: 'fusion.graph',
      graph: fusion.graph,
      inputs: { features: [1, vectors, width] },
      optional: [],
      outputs: { fused: [1, vectors, fusion.width] },
      state: 'none',
    },
  ];
}

function mapperRoles(manifest: BundleManifest): Role[] {
  const { mapper, hopPoints, anchor } = manifest;
  const { graph, warmUpGraph } = mapper;
  const roles: Role[] = [];
  if (graph !== undefined)
    roles.push(mapperRole(manifest, { key: 'graph', graph, points: pointsOf(manifest) }));
  if (warmUpGraph !== undefined) {
    const points = anchor.warmUpPoints + hopPoints;
    roles.push(mapperRole(manifest, { key: 'warmUpGraph', graph: warmUpGraph, points }));
  }
  return roles;
}

function mapperRole(manifest: BundleManifest, which: { key: string; graph: string; points: number }): Role {
  const { kind, tokenWidth, summaryWidth } = manifest.mapper;
  const fused = [1, vectorsPerPoint(manifest) * which.points, manifest.fusion.width];
  const tokens = [1, which.points, tokenWidth];
  const isDiffusion = kind === 'diffusion';
  const said = { tokens, ...(summaryWidth === undefined ? {} : { summary: [1, summaryWidth] }) };
  return {
    field: fieldPath('mapper', which.key),
    graph: which.graph,
    inputs: isDiffusion ? { x: tokens, time: [1], fused } : { fused },
    optional: [],
    outputs: isDiffusion ? { velocity: tokens } : said,
    state: kind === 'autoregressive' ? 'some' : 'none',
  };
}

function flowRoles(manifest: BundleManifest): Role[] {
  const { flow } = manifest;
  const latents = [1, pointsOf(manifest), flow.latentWidth];
  const conditions = conditionShapes(manifest);
  const step: Role = {
    field: 'flow.graph',
    graph: flow.graph,
    inputs: { x: latents, time: [1], stepSize: [1], ...conditions },
    optional: ['stepSize', ...Object.keys(conditions)],
    outputs: { velocity: latents },
    state: 'none',
  };
  const unrolled = Object.entries(flow.unrolled ?? {}).map(([steps, graph]): Role => ({
    field: fieldPath('flow', 'unrolled', steps),
    graph,
    inputs: { noise: latents, ...conditions },
    optional: Object.keys(conditions),
    outputs: { latents },
    state: 'none',
  }));
  return [step, ...unrolled];
}

function decoderRole(manifest: BundleManifest): Role {
  const { decoder, hopPoints, flow, channels, gridFrames } = manifest;
  const points = decoder.haloPoints + hopPoints;
  return {
    field: 'decoder.graph',
    graph: decoder.graph,
    inputs: { latents: [1, points, flow.latentWidth] },
    optional: [],
    outputs: { pcm: [1, channels, points * gridFrames] },
    state: 'any',
  };
}
