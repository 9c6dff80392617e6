import { HttpProblem } from './http-problem.js';

// `.` and `..` would be folders of an address.
const STREAM_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;

/**
 * The stream's name of a request's address.
 * @throws {HttpProblem} 400, if it is not one
 */
export function readStreamName(params: unknown): string {
  const { stream } = params as { readonly stream: string };
  if (STREAM_NAME.test(stream)) return stream;
  throw new HttpProblem(
    400,
    "Cannot use this stream's name: it must be 1 to 64 letters, digits, '-', '_' or '.', and not '.' or '..'",
  );
}
