import { LivefoleyError } from '../stream/errors.js';

/** What is wrong with a manifest: which field, what it must be, what it is (`undefined`: nothing is there). */
export type ManifestProblem = {
  readonly field: string;
  readonly requirement: string;
  readonly received: unknown;
};

const SHOWN_CHARACTERS = 60;

/** The error that says it in one sentence. */
export function manifestError(bundleName: string, problem: ManifestProblem): LivefoleyError {
  const { field, requirement, received } = problem;
  return new LivefoleyError(
    'bundle',
    `Bundle '${bundleName}': bundle.json, ${field} must ${requirement}, received ${show(received)}`,
  );
}

/** A field's path as it would be written in code: `encoders[0].size`, `files['map.onnx'].sha256`. */
export function fieldPath(...keys: readonly (string | number)[]): string {
  let path = '';
  for (const key of keys) {
    if (typeof key === 'number') path += `[${key}]`;
    else if (/^[A-Za-z][A-Za-z0-9]*$/.test(key)) path += path === '' ? key : `.${key}`;
    else path += `['${key.replace(/[^ -~]/g, '?').slice(0, SHOWN_CHARACTERS)}']`;
  }
  return path === '' ? 'the whole' : path;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}...`;
}
