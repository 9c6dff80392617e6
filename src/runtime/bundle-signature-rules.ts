import type {
  AnyManifest,
  BundleManifest,
  CommonManifest,
  GraphManifest,
  TensorManifest,
} from './bundle-manifest.js';
import { conditionShapes, rolesOf, type Role } from './bundle-roles.js';
import { fieldPath, type ManifestProblem } from './manifest-problem.js';

type Problems = Generator<ManifestProblem, void, undefined>;

/**
 * The rules of `models/bundle.schema.json` for what each graph takes and gives, seen from the widths and points
 * of the manifest. `models/conformance/bundle_rules.py` says the same in Python.
 */
export function* findSignatureProblems(manifest: AnyManifest): Problems {
  if (manifest.system !== 'text') yield* kindProblems(manifest);
  const roles = rolesOf(manifest);
  for (const role of roles) yield* roleProblems(manifest, role);
  if (manifest.system !== 'text') {
    yield* conditionProblems(manifest);
    yield* unrolledProblems(manifest);
    yield* warmUpProblems(manifest);
  }
  for (const name of Object.keys(manifest.graphs)) {
    if (roles.some((role) => role.graph === name)) continue;
    yield {
      field: fieldPath('graphs', name),
      requirement: 'be named by a part of the system',
      received: name,
    };
  }
}

/** Which fields go with which kind of fusion and mapper. */
function* kindProblems(manifest: BundleManifest): Problems {
  const { mode, encoders, fusion, mapper, anchor } = manifest;
  const isRecurrent = mapper.kind === 'autoregressive';
  if (fusion.kind === 'project') yield* present('fusion.graph', fusion.graph, 'project');
  for (const [index, encoder] of encoders.entries()) {
    if (fusion.kind === 'project' || encoder.featureWidth === encoders[0]!.featureWidth) continue;
    const requirement = `be that of encoders[0] (${encoders[0]!.featureWidth}), as fusion.kind is ${fusion.kind}`;
    yield {
      field: fieldPath('encoders', index, 'featureWidth'),
      requirement,
      received: encoder.featureWidth,
    };
  }
  if (fusion.graph === undefined && fusion.width !== encoders[0]!.featureWidth) {
    const requirement = `be the encoders' featureWidth (${encoders[0]!.featureWidth}), as there is no fusion.graph`;
    yield { field: 'fusion.width', requirement, received: fusion.width };
  }
  if (mapper.kind === 'none') {
    yield* absent('mapper.graph', mapper.graph, 'none');
    yield* absent('mapper.summaryWidth', mapper.summaryWidth, 'none');
    if (mapper.tokenWidth !== fusion.width) {
      const requirement = `be fusion.width (${fusion.width}), as mapper.kind is none`;
      yield { field: 'mapper.tokenWidth', requirement, received: mapper.tokenWidth };
    }
  } else yield* present('mapper.graph', mapper.graph, mapper.kind);
  if (mapper.kind === 'diffusion') {
    yield* present('mapper.steps', mapper.steps, 'diffusion');
    yield* absent('mapper.summaryWidth', mapper.summaryWidth, 'diffusion');
  } else yield* absent('mapper.steps', mapper.steps, mapper.kind);
  if (isRecurrent && mode === 'window') {
    yield {
      field: 'mapper.kind',
      requirement: 'not be autoregressive in window mode',
      received: mapper.kind,
    };
  }
  if (isRecurrent && anchor.warmUpPoints > 0)
    yield* present('mapper.warmUpGraph', mapper.warmUpGraph, mapper.kind);
  else yield* absent('mapper.warmUpGraph', mapper.warmUpGraph, isRecurrent ? 'without warm-up' : mapper.kind);
}

function* present(field: string, received: unknown, kind: string): Problems {
  if (received === undefined) yield { field, requirement: `be there, as the kind is ${kind}`, received };
}

function* absent(field: string, received: unknown, kind: string): Problems {
  if (received !== undefined) yield { field, requirement: `be absent, as the kind is ${kind}`, received };
}

function* roleProblems(manifest: CommonManifest, role: Role): Problems {
  if (!Object.hasOwn(manifest.graphs, role.graph)) {
    yield { field: role.field, requirement: 'name one of graphs', received: role.graph };
    return;
  }
  const graph = manifest.graphs[role.graph]!;
  const pairs = graph.state ?? [];
  yield* sideProblems(role, {
    side: 'inputs',
    tensors: graph.inputs,
    state: pairs.map((pair) => pair.input),
  });
  yield* sideProblems(role, {
    side: 'outputs',
    tensors: graph.outputs,
    state: pairs.map((pair) => pair.output),
  });
  const field = fieldPath('graphs', role.graph, 'state');
  if (role.state === 'none' && pairs.length > 0) {
    yield { field, requirement: `be absent for ${role.field}`, received: pairs };
  }
  if (role.state === 'some' && pairs.length === 0) {
    yield { field, requirement: `have a pair for ${role.field}`, received: graph.state };
  }
}

type Side = {
  readonly side: 'inputs' | 'outputs';
  readonly tensors: Readonly<Record<string, TensorManifest>>;
  readonly state: readonly string[];
};

function* sideProblems(role: Role, { side, tensors, state }: Side): Problems {
  const wanted = role[side];
  for (const [name, shape] of Object.entries(wanted)) {
    const field = fieldPath('graphs', role.graph, side, name);
    const found = Object.hasOwn(tensors, name) && !state.includes(name) ? tensors[name] : undefined;
    if (found === undefined) {
      if (role.optional.includes(name)) continue;
      yield { field, requirement: `be there and no state, for ${role.field}`, received: undefined };
    } else if (found.shape.join() !== shape.join()) {
      const requirement = `be [${shape.join(', ')}] for ${role.field}`;
      yield { field: `${field}.shape`, requirement, received: found.shape };
    }
  }
  for (const name of Object.keys(tensors)) {
    if (Object.hasOwn(wanted, name) || state.includes(name)) continue;
    const field = fieldPath('graphs', role.graph, side, name);
    yield { field, requirement: `be absent or state, for ${role.field}`, received: tensors[name] };
  }
}

/** What the flow is conditioned on agrees with what the manifest says of conditions. */
function* conditionProblems(manifest: BundleManifest): Problems {
  const { flow, prompt, mapper } = manifest;
  const { inputs } = manifest.graphs[flow.graph]!;
  const takes = (name: string): boolean => Object.hasOwn(inputs, name);
  const reason = 'as the flow has no such input';
  if (prompt && !takes('prompt')) {
    yield { field: 'prompt', requirement: `be absent, ${reason}`, received: prompt };
  }
  if (flow.prefixLatents > 0 && !takes('prefix')) {
    yield { field: 'flow.prefixLatents', requirement: `be 0, ${reason}`, received: flow.prefixLatents };
  }
  if (mapper.summaryWidth !== undefined && !takes('summary')) {
    yield {
      field: 'mapper.summaryWidth',
      requirement: `be absent, ${reason}`,
      received: mapper.summaryWidth,
    };
  }
  if (flow.guidance.kind === 'cfg' && !['tokens', 'summary', 'prompt'].some(takes)) {
    const requirement = 'not be cfg, as the flow takes neither tokens nor summary nor prompt';
    yield { field: 'flow.guidance.kind', requirement, received: flow.guidance.kind };
  }
}

/** An unrolled graph takes the same conditions as the single step. */
function* unrolledProblems(manifest: BundleManifest): Problems {
  const { flow, graphs } = manifest;
  const conditions = Object.keys(conditionShapes(manifest));
  const single = graphs[flow.graph]!.inputs;
  for (const name of Object.values(flow.unrolled ?? {})) {
    const { inputs } = graphs[name]!;
    for (const condition of conditions) {
      if (Object.hasOwn(single, condition) === Object.hasOwn(inputs, condition)) continue;
      const requirement = `be there if and only if flow.graph has it`;
      yield {
        field: fieldPath('graphs', name, 'inputs', condition),
        requirement,
        received: inputs[condition],
      };
    }
  }
}

/** The warm-up leaves the state that the single hop continues. */
function* warmUpProblems(manifest: BundleManifest): Problems {
  const { mapper, graphs } = manifest;
  if (mapper.warmUpGraph === undefined) return;
  const stateOf = (graph: GraphManifest): string[] =>
    (graph.state ?? [])
      .map(
        ({ input, output, initial }) => `${input} ${output} ${initial} ${graph.inputs[input]!.shape.join()}`,
      )
      .sort();
  const warmUp = graphs[mapper.warmUpGraph]!;
  if (stateOf(warmUp).join(';') === stateOf(graphs[mapper.graph!]!).join(';')) return;
  const field = fieldPath('graphs', mapper.warmUpGraph, 'state');
  yield {
    field,
    requirement: 'equal that of mapper.graph, names, shapes and initial values',
    received: warmUp.state,
  };
}
