import type {
  AnyManifest,
  BundleManifest,
  CommonManifest,
  GraphManifest,
  TensorManifest,
  TextManifest,
} from './bundle-manifest.js';
import { fieldPath, type ManifestProblem } from './manifest-problem.js';

/** The problems of a manifest that fits the schema, the most basic first; a generator, as only the first is told. */
type Problems = Generator<ManifestProblem, void, undefined>;

/** More would be an attack on memory, not a tensor of a live system. */
const MAX_ELEMENTS = 2 ** 24;

/**
 * The rules between fields that `models/bundle.schema.json` describes in words, but for those of the graphs'
 * signatures (`bundle-signature-rules.ts`). `models/conformance/bundle_rules.py` says the same in Python.
 */
export function* findRuleProblems(manifest: AnyManifest): Problems {
  if (manifest.system === 'text') yield* textProblems(manifest);
  else {
    yield* timeProblems(manifest);
    yield* encoderProblems(manifest);
    yield* flowProblems(manifest);
  }
  yield* fileProblems(manifest);
  for (const [name, graph] of Object.entries(manifest.graphs)) yield* graphProblems(name, graph);
  yield* goldenProblems(manifest);
}

function* timeProblems(manifest: BundleManifest): Problems {
  const { mode, hopPoints, windowPoints, gridFrames, anchor, decoder } = manifest;
  const hopFrames = hopPoints * gridFrames;
  yield* multiple('anchor.everyPoints', anchor.everyPoints, ['hopPoints', hopPoints]);
  yield* multiple('anchor.warmUpPoints', anchor.warmUpPoints, ['hopPoints', hopPoints]);
  yield* atMost('anchor.warmUpPoints', anchor.warmUpPoints, ['anchor.everyPoints', anchor.everyPoints]);
  if (mode === 'causal') {
    const room: Bound = ['hopPoints * gridFrames - decoder.delayFrames', hopFrames - decoder.delayFrames];
    yield* atMost('anchor.crossfadeFrames', anchor.crossfadeFrames, room);
    if (decoder.haloPoints !== 0) {
      yield { field: 'decoder.haloPoints', requirement: 'be 0 in causal mode', received: decoder.haloPoints };
    }
  }
  if (windowPoints === undefined) return;
  yield* multiple('windowPoints', windowPoints, ['hopPoints', hopPoints]);
  yield* atLeast('anchor.warmUpPoints', anchor.warmUpPoints, [
    'windowPoints - hopPoints',
    windowPoints - hopPoints,
  ]);
  yield* atMost('anchor.crossfadeFrames', anchor.crossfadeFrames, ['hopPoints * gridFrames', hopFrames]);
  yield* atMost('decoder.haloPoints', decoder.haloPoints, [
    'windowPoints - hopPoints',
    windowPoints - hopPoints,
  ]);
  if (decoder.haloPoints * gridFrames < anchor.crossfadeFrames) {
    const requirement = `be at least anchor.crossfadeFrames / gridFrames (${anchor.crossfadeFrames} / ${gridFrames})`;
    yield { field: 'decoder.haloPoints', requirement, received: decoder.haloPoints };
  }
}

function* encoderProblems(manifest: BundleManifest): Problems {
  const { picture, hopPoints, anchor, encoders } = manifest;
  for (const [index, encoder] of encoders.entries()) {
    const at = (...keys: (string | number)[]): string => fieldPath('encoders', index, ...keys);
    const { everyPoints, lagPoints, memoryPoints, size, std } = encoder;
    if (encoders.findIndex((other) => other.name === encoder.name) !== index) {
      yield {
        field: at('name'),
        requirement: 'differ from the names of the other encoders',
        received: encoder.name,
      };
    }
    for (const side of ['width', 'height'] as const) {
      if (picture[side] % size[side] === 0) continue;
      const requirement = `divide picture.${side} (${picture[side]})`;
      yield { field: at('size', side), requirement, received: size[side] };
    }
    const flat = std.indexOf(0);
    if (flat >= 0) yield { field: at('std', flat), requirement: 'not be zero', received: 0 };
    if (hopPoints % everyPoints !== 0 && everyPoints % hopPoints !== 0) {
      const requirement = `divide or be a multiple of hopPoints (${hopPoints})`;
      yield { field: at('everyPoints'), requirement, received: everyPoints };
    }
    yield* multiple('anchor.everyPoints', anchor.everyPoints, [at('everyPoints'), everyPoints]);
    yield* multiple(at('lagPoints'), lagPoints, [at('everyPoints'), everyPoints]);
    if (everyPoints === 1 && lagPoints !== 0) {
      yield { field: at('lagPoints'), requirement: 'be 0 where everyPoints is 1', received: lagPoints };
    }
    const graph = own(manifest.graphs, encoder.graph);
    if (graph && (graph.state ?? []).length === 0 && memoryPoints !== 0) {
      const requirement = `be 0, as graphs.${encoder.graph} has no state`;
      yield { field: at('memoryPoints'), requirement, received: memoryPoints };
    }
  }
}

function* flowProblems(manifest: BundleManifest): Problems {
  const { flow, prompt, mode } = manifest;
  yield* atMost('flow.steps.default', flow.steps.default, ['flow.steps.max', flow.steps.max]);
  for (const steps of Object.keys(flow.unrolled ?? {})) {
    yield* atMost(fieldPath('flow', 'unrolled', steps), Number(steps), ['flow.steps.max', flow.steps.max]);
  }
  if (flow.guidance.kind === 'cfg' && flow.guidance.scale === undefined) {
    yield { field: 'flow.guidance.scale', requirement: 'be there, as the kind is cfg', received: undefined };
  }
  if (mode === 'window' && flow.prefixLatents !== 0) {
    yield { field: 'flow.prefixLatents', requirement: 'be 0 in window mode', received: flow.prefixLatents };
  }
  if (prompt && prompt.width !== prompt.vocabulary.length) {
    const requirement = `be the vocabulary's length, ${prompt.vocabulary.length}`;
    yield { field: 'prompt.width', requirement, received: prompt.width };
  }
}

function* textProblems({ text, files }: TextManifest): Problems {
  const { ramp, words } = text;
  if (ramp.to <= ramp.from) {
    yield { field: 'text.ramp.to', requirement: `be above text.ramp.from (${ramp.from})`, received: ramp.to };
  }
  if (!own(files, words.file)) {
    yield { field: 'text.words.file', requirement: 'be listed in files', received: words.file };
  }
}

function* fileProblems(manifest: AnyManifest): Problems {
  const named = new Set<string>(manifest.system === 'text' ? [manifest.text.words.file] : []);
  for (const [name, graph] of Object.entries(manifest.graphs)) {
    const mentions: (readonly [field: string, file: string])[] = [];
    for (const [keys, files] of [
      [['graphs', name], graph],
      [['graphs', name, 'gpu'], graph.gpu],
    ] as const) {
      if (!files) continue;
      mentions.push([fieldPath(...keys, 'file'), files.file]);
      files.weights?.forEach((file, index) => mentions.push([fieldPath(...keys, 'weights', index), file]));
    }
    for (const [field, file] of mentions) {
      if (!own(manifest.files, file)) yield { field, requirement: 'be listed in files', received: file };
      named.add(file);
    }
  }
  for (const [file, entry] of Object.entries(manifest.files)) {
    const field = fieldPath('files', file);
    if (!named.has(file)) yield { field, requirement: 'be named by a graph', received: entry };
    if (file === 'bundle.json' || file === 'README.md') {
      yield { field, requirement: 'not be the manifest or the card', received: entry };
    }
    if (entry.from === manifest.name) {
      yield { field: `${field}.from`, requirement: 'name another bundle', received: entry.from };
    }
  }
}

function* graphProblems(name: string, graph: GraphManifest): Problems {
  const sides = [
    ['inputs', graph.inputs],
    ['outputs', graph.outputs],
  ] as const;
  for (const [side, tensors] of sides) {
    for (const [tensor, { shape }] of Object.entries(tensors)) {
      if (shape.reduce((product, size) => product * size, 1) <= MAX_ELEMENTS) continue;
      const field = fieldPath('graphs', name, side, tensor, 'shape');
      yield { field, requirement: `have at most ${MAX_ELEMENTS} elements`, received: shape };
    }
  }
  const taken = new Set<string>();
  for (const [index, { input, output }] of (graph.state ?? []).entries()) {
    const at = (key: string): string => fieldPath('graphs', name, 'state', index, key);
    const from = own(graph.outputs, output);
    const to = own(graph.inputs, input);
    if (!to) yield { field: at('input'), requirement: 'be an input of the graph', received: input };
    else if (!from) yield { field: at('output'), requirement: 'be an output of the graph', received: output };
    else if (!sameTensor(from, to)) {
      const requirement = `have the shape of its input, [${to.shape.join(', ')}]`;
      yield {
        field: fieldPath('graphs', name, 'outputs', output, 'shape'),
        requirement,
        received: from.shape,
      };
    }
    for (const [key, value] of [
      ['input', input],
      ['output', output],
    ] as const) {
      if (taken.has(`${key} ${value}`))
        yield { field: at(key), requirement: 'be in one pair only', received: value };
      taken.add(`${key} ${value}`);
    }
  }
}

function* goldenProblems(manifest: CommonManifest): Problems {
  const answers = manifest.golden.graphs;
  yield* sameKeys(['golden', 'graphs'], answers, manifest.graphs);
  for (const [name, graph] of Object.entries(manifest.graphs)) {
    yield* sameKeys(['golden', 'graphs', name], own(answers, name) ?? {}, graph.outputs);
  }
  for (const [name, answer] of Object.entries(manifest.golden.gpu ?? {})) {
    const graph = own(manifest.graphs, name);
    if (graph?.gpu) yield* sameKeys(['golden', 'gpu', name], answer, graph.outputs);
    else {
      const requirement = 'be absent, as no graph of that name has a variant for GPUs';
      yield { field: fieldPath('golden', 'gpu', name), requirement, received: answer };
    }
  }
}

function* sameKeys(keys: readonly string[], received: object, required: object): Problems {
  for (const key of Object.keys(required)) {
    if (Object.hasOwn(received, key)) continue;
    yield { field: fieldPath(...keys, key), requirement: 'be there', received: undefined };
  }
  for (const [key, value] of Object.entries(received)) {
    if (Object.hasOwn(required, key)) continue;
    yield {
      field: fieldPath(...keys, key),
      requirement: 'be absent, as there is nothing of that name',
      received: value,
    };
  }
}

/** What a number is measured against: its name and its value. */
type Bound = readonly [name: string, value: number];

function* multiple(field: string, received: number, [name, value]: Bound): Problems {
  if (received % value !== 0) yield { field, requirement: `be a multiple of ${name} (${value})`, received };
}

function* atMost(field: string, received: number, [name, value]: Bound): Problems {
  if (received > value) yield { field, requirement: `be at most ${name} (${value})`, received };
}

function* atLeast(field: string, received: number, [name, value]: Bound): Problems {
  if (received < value) yield { field, requirement: `be at least ${name} (${value})`, received };
}

function sameTensor(one: TensorManifest, other: TensorManifest): boolean {
  return one.type === other.type && one.shape.join() === other.shape.join();
}

/** An own property: a name from a file may be one that every object inherits. */
function own<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
