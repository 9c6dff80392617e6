import type { BundleReport } from '../../src/live/stream-host.js';
import type { StreamReport } from '../../src/live/stream-report.js';
import type { StreamSettings } from '../../src/live/stream-settings.js';
import { retryAfterSeconds } from './backoff.js';
import { FailureError, refusalFailure, type Refused } from './failures.js';
import type { Token } from './token.js';

export type Answered = {
  readonly sdp: string;
  /** The session's address: DELETE ends it. */
  readonly location: string;
};

type Call = {
  readonly path: string;
  readonly init?: RequestInit;
  readonly stream?: string;
  readonly role?: Refused['role'];
};

const ANSWER_WITHIN_MS = 10_000;

/** The server's HTTP interface. Each call throws a `FailureError` that says what went wrong. */
export class Api {
  readonly #token: Token;

  constructor(token: Token) {
    this.#token = token;
  }

  async bundles(): Promise<readonly BundleReport[]> {
    return (await this.#json({ path: '/bundles' })) as readonly BundleReport[];
  }

  /** Undefined if there is no such stream (any more). */
  async stream(name: string): Promise<StreamReport | undefined> {
    const response = await this.#fetch({ path: `/streams/${encodeURIComponent(name)}`, stream: name });
    if (response.status === 404) return undefined;
    if (!response.ok) throw await this.#refused(response, { path: '', stream: name });
    return (await response.json()) as StreamReport;
  }

  async change(name: string, settings: Partial<StreamSettings>): Promise<StreamReport> {
    const call: Call = {
      path: `/streams/${encodeURIComponent(name)}`,
      init: {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(settings),
      },
      stream: name,
      role: 'settings',
    };
    return (await this.#json(call)) as StreamReport;
  }

  /** Offers a connection: `path` is `/duplex/...` or `/whep/...`. */
  async offer(path: string, sdp: string, to: { stream: string; role: Refused['role'] }): Promise<Answered> {
    const call: Call = {
      path,
      init: { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: sdp },
      ...to,
    };
    const response = await this.#fetch(call);
    if (response.status !== 201) throw await this.#refused(response, call);
    const address = response.headers.get('location') ?? path;
    return { sdp: await response.text(), location: new URL(address, document.baseURI).href };
  }

  /** Ends a session; that it is gone already, or the server is, is as good. */
  async end(address: string): Promise<void> {
    await fetch(address, { method: 'DELETE', headers: this.#headers(), keepalive: true }).catch(
      () => undefined,
    );
  }

  async #json(call: Call): Promise<unknown> {
    const response = await this.#fetch(call);
    if (!response.ok) throw await this.#refused(response, call);
    return response.json();
  }

  async #fetch({ path, init }: Call): Promise<Response> {
    const headers = { ...this.#headers(), ...(init?.headers as Record<string, string> | undefined) };
    try {
      return await fetch(path, { ...init, headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    } catch (error) {
      throw new FailureError({ kind: 'server-gone' }, { cause: error });
    }
  }

  #headers(): Record<string, string> {
    const token = this.#token.value;
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  async #refused(response: Response, { stream = '', role = 'duplex' }: Call): Promise<FailureError> {
    const refused: Refused = {
      status: response.status,
      detail: await problemDetail(response),
      retrySeconds: retryAfterSeconds(response.headers.get('retry-after'), Date.now()),
      hasToken: this.#token.value !== undefined,
      stream,
      role,
    };
    return new FailureError(refusalFailure(refused));
  }
}

/** The sentence of an `application/problem+json` answer; empty where there is none. */
async function problemDetail(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body !== 'object' || body === null) return '';
  const { detail, title } = body as { detail?: unknown; title?: unknown };
  return [detail, title].find((text): text is string => typeof text === 'string' && text !== '') ?? '';
}
