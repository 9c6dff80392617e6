import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from './http-problem.js';

/** Answers one method of a resource; what it returns is sent. */
export type Operation = (request: FastifyRequest, reply: FastifyReply) => unknown;

type Method = 'get' | 'post' | 'patch' | 'delete';

/** An address, and what can be done there. */
export type Resource = {
  /** With parameters as `:name`. */
  readonly url: string;
  /** Whether it is given without a token. Default false. */
  readonly isPublic?: boolean;
  /** HEAD is answered as `get`, and OPTIONS everywhere. */
  readonly operations: Readonly<Partial<Record<Method, Operation>>>;
  /** Type of the body that each method takes. */
  readonly consumes?: Readonly<Partial<Record<Method, string>>>;
};

/** The addresses of a server: routes them, answers OPTIONS, and knows what is not there. */
export class Resources {
  readonly #app: FastifyInstance;
  readonly #known: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  readonly #publicUrls = new Set<string>();

  constructor(app: FastifyInstance) {
    this.#app = app;
    app.setNotFoundHandler((request) => {
      throw this.#missing(request);
    });
  }

  /** Routes a resource. */
  add({ url, isPublic = false, operations, consumes = {} }: Resource): void {
    const entries = Object.entries(operations);
    const own = entries.map(([name]) => name.toUpperCase());
    const methods = [...own, ...(operations.get ? ['HEAD'] : []), 'OPTIONS'];
    const pattern = new RegExp(`^${url.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`);
    this.#known.push({ pattern, methods });
    if (isPublic) this.#publicUrls.add(url);
    for (const [name, operation] of entries) {
      const handler = (request: FastifyRequest, reply: FastifyReply): unknown => operation(request, reply);
      this.#app.route({ method: name.toUpperCase(), url, handler, exposeHeadRoute: name === 'get' });
    }
    this.#addOptions(url, { allow: methods.join(', '), consumes });
  }

  /** Lets a route that was added elsewhere be used without a token. */
  addPublicUrl(url: string): void {
    this.#publicUrls.add(url);
  }

  /** Whether a request needs no token: what a browser asks by itself carries none. */
  isPublic({ method, routeOptions }: FastifyRequest): boolean {
    return method === 'OPTIONS' || this.#publicUrls.has(routeOptions.url ?? '');
  }

  /**
   * Refuses, before its body is read, what no route takes.
   * @throws {HttpProblem} 404, or 405 if there is something at the address
   */
  assertThere(request: FastifyRequest): void {
    if (request.is404) throw this.#missing(request);
  }

  #addOptions(
    url: string,
    { allow, consumes }: { readonly allow: string; readonly consumes: NonNullable<Resource['consumes']> },
  ): void {
    this.#app.options(url, (_, reply) => {
      for (const [name, type] of Object.entries(consumes)) void reply.header(`accept-${name}`, type);
      return reply.code(204).header('allow', allow).header('access-control-allow-methods', allow).send();
    });
  }

  #missing(request: FastifyRequest): HttpProblem {
    const [path = ''] = request.url.split('?');
    const found = this.#known.find(({ pattern }) => pattern.test(path));
    if (!found || found.methods.includes(request.method))
      return new HttpProblem(404, 'There is nothing at this address');
    const allow = found.methods.join(', ');
    return new HttpProblem(405, `Cannot do this here: the method must be one of ${allow}`, {
      headers: { allow },
    });
  }
}
