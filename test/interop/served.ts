import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { StreamReport } from '../../src/live/stream-report.js';
import { until } from '../rtc/remote-peer.js';

const COMMAND = fileURLToPath(new URL('../../bin/livefoley.js', import.meta.url));

export type Answered = { readonly status: number; readonly headers: Headers; readonly text: string };

/** `livefoley serve` in a process of its own, asked over HTTP. */
export class Served {
  readonly address: string;
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly #said: { text: string };

  private constructor(address: string, child: ChildProcess, said: { text: string }) {
    this.address = address;
    this.child = child;
    this.#said = said;
    this.ended = new Promise((resolve) =>
      child.on('close', (code, signal) => {
        resolve({ code, signal });
      }),
    );
  }

  static async start(...options: readonly string[]): Promise<Served> {
    const args = ['serve', '--port', '0', '--bundle', 'conformance', '--device', 'cpu', ...options];
    const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { text: '' };
    const hear = (part: Buffer): void => void (said.text += part.toString());
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const address = (): string | undefined => /serves (http:\S+)/.exec(said.text)?.[1];
    await until(() => address() !== undefined || child.exitCode !== null, 'the server');
    if (child.exitCode !== null) throw new Error(`The server ended: ${said.text}`);
    return new Served(address()!, child, said);
  }

  /** All that it has said. */
  get said(): string {
    return this.#said.text;
  }

  async ask(
    method: string,
    path: string,
    body?: string | Uint8Array,
    type = 'application/sdp',
  ): Promise<Answered> {
    const answer = await fetch(new URL(path, this.address), {
      method,
      ...(body === undefined ? {} : { body: body as string, headers: { 'content-type': type } }),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }

  async report(name: string): Promise<StreamReport | undefined> {
    const { text } = await this.ask('GET', '/streams');
    const streams = JSON.parse(text) as readonly StreamReport[];
    return streams.find((each) => each.name === name);
  }

  /** Asks until a stream is so. */
  async streamIs(name: string, isSo: (report: StreamReport) => boolean, what: string): Promise<StreamReport> {
    let report: StreamReport | undefined;
    const endMs = performance.now() + 40_000;
    do {
      report = await this.report(name);
      if (report && isSo(report)) return report;
      await new Promise((resolve) => setTimeout(resolve, 100));
    } while (performance.now() < endMs);
    throw new Error(`Still waiting for: ${what}; it is ${JSON.stringify(report)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
