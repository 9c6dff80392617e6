import { LivefoleyError } from '../stream/errors.js';
import type { AnyManifest } from './bundle-manifest.js';
import { findRuleProblems } from './bundle-rules.js';
import { findSchemaProblem } from './bundle-schema.js';
import { findSignatureProblems } from './bundle-signature-rules.js';
import { manifestError, type ManifestProblem } from './manifest-problem.js';

/**
 * Reads the text of a `bundle.json` and holds it against `models/bundle.schema.json` and the rules that stand there
 * in words. Reads no other file: checksums and the graphs themselves are checked when they are loaded.
 *
 * @throws {LivefoleyError} Place `bundle`: one sentence that names the field, what it must be, and what it is
 */
export function parseManifest(text: string, folderName: string): AnyManifest {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error);
    throw new LivefoleyError('bundle', `Bundle '${folderName}': bundle.json must be JSON: ${reason}`, {
      cause: error,
    });
  }
  const problem = findProblem(document, folderName);
  if (problem) throw manifestError(folderName, problem);
  return document as AnyManifest;
}

function findProblem(document: unknown, folderName: string): ManifestProblem | undefined {
  const misfit = findSchemaProblem(document);
  if (misfit) return misfit;
  const manifest = document as AnyManifest;
  if (manifest.name !== folderName) {
    return { field: 'name', requirement: `be the folder's name, '${folderName}'`, received: manifest.name };
  }
  for (const problems of [findRuleProblems, findSignatureProblems]) {
    for (const problem of problems(manifest)) return problem;
  }
  return undefined;
}
