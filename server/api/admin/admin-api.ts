import type { AdminReply, AdminRequest } from '../../contract/control.ts';
import { createApiServer, type ApiServer, type GateOptions } from '../http-server.ts';
import { problem } from '../problem.ts';
import type { HttpsMaterial } from '../public/ports.ts';
import type { TrustedProxies } from '../trusted-proxies.ts';
import { localActor } from './actor.ts';
import { EventStreams } from './event-streams.ts';
import { guardWith, type Recognise } from './guard.ts';
import { Identity } from './identity/identity.ts';
import type { HashingCost } from './identity/password-hashing.ts';
import { PathMethods } from './path-methods.ts';
import type { AdminPorts } from './ports.ts';
import { registerResources } from './resources.ts';

/** Where routes are put. */
export const basePath = '/admin/v1';
/** The largest document that a route takes, in bytes. */
const bodyLimit = 262_144;

/** What the admin API is made with. */
export interface AdminApiOptions {
  readonly ports: AdminPorts;
  readonly proxies: TrustedProxies;
  /** Whoever uses an address, where a limit counts by source. */
  readonly sourceOf: (address: string) => string;
  /** `http.adminUrl`; null: browsers call the listener itself. */
  readonly adminUrl: () => string | null;
  /** What a password hash costs; OWASP's advice when absent. */
  readonly hashingCost?: HashingCost;
}

/** How the admin listener is opened. */
export interface AdminListenerOptions extends Pick<GateOptions, 'limits'> {
  /** Null: plain HTTP. */
  readonly tls: HttpsMaterial | null;
}

/** Every operation that administrators have (docs/adr/0011): over HTTP on listeners, and for local commands without one. */
export class AdminApi {
  readonly #options: AdminApiOptions;
  readonly #identity: Identity;
  readonly #streams: EventStreams;
  readonly #stopListening: () => void;
  #local: ApiServer | null = null;

  constructor(options: AdminApiOptions) {
    const { ports } = options;
    this.#options = options;
    this.#identity = new Identity(options);
    this.#streams = new EventStreams({
      feed: ports.events,
      isStillGood: (actor) => this.#identity.authentication.isStillGood(actor),
    });
    this.#stopListening = ports.store.onChange(({ kind }) => {
      if (kind === 'account' || kind === 'admin-token') this.#streams.review();
    });
  }

  /** A server for administrators, not yet listening. Close it before the API. */
  createListener({ tls, limits }: AdminListenerOptions): ApiServer {
    const { proxies } = this.#options;
    const { authentication } = this.#identity;
    return this.#createServer({
      name: 'admin listener',
      tls,
      ...(limits === undefined ? {} : { limits }),
      recognise: (request, cookie) =>
        authentication.identify({
          authorization: request.headers.authorization,
          cookie,
          address: proxies.clientOf(request.raw).address,
        }),
    });
  }

  /**
   * Answers a local command. It goes to a server that has no listener, where everybody is `local`: no request that comes through a
   * socket can reach it, whatever it holds.
   */
  async asLocal({ method, path, query, body, ifMatch }: AdminRequest): Promise<AdminReply> {
    this.#local ??= this.#createServer({ name: 'admin API', tls: null, recognise: () => localActor });
    const response = await this.#local.inject({
      method,
      url: `${basePath}${path}`,
      headers: {
        host: 'localhost',
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(query === undefined ? {} : { query: { ...query } }),
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    const { etag } = response.headers;
    const isJson = /^application\/(?:[\w.-]+\+)?json\b/.test(String(response.headers['content-type']));
    return {
      status: response.statusCode,
      body: response.body === '' ? null : isJson ? (JSON.parse(response.body) as unknown) : response.body,
      etag: typeof etag === 'string' ? etag : null,
    };
  }

  /** Puts the routes on a server that describes them: nobody is asked who they are, so it must never listen. */
  registerUnguarded(server: ApiServer): void {
    const { ports } = this.#options;
    registerResources(server, basePath, { ports, identity: this.#identity, streams: this.#streams });
  }

  /** Ends what streams there are, and writes what is kept in memory. */
  async close(): Promise<void> {
    this.#stopListening();
    this.#streams.close();
    await this.#local?.close();
    this.#identity.close();
  }

  #createServer(how: AdminListenerOptions & { readonly name: string; readonly recognise: Recognise }): ApiServer {
    const { ports, sourceOf, adminUrl } = this.#options;
    const paths = new PathMethods();
    const server = createApiServer({
      name: how.name,
      tls: how.tls,
      bodyLimit,
      sourceOf,
      ...(how.limits === undefined ? {} : { limits: how.limits }),
      onFailure: (error, { id, method, routeOptions }) =>
        ports.log.error(
          {
            event: 'admin_request_failed',
            requestId: id,
            route: `${method} ${routeOptions.url ?? ''}`,
            trace: error.stack ?? '',
          },
          error.message,
        ),
      onUnknown: ({ method, url }, reply) => {
        const methods = paths.methodsOf(url);
        if (methods.length === 0) {
          return problem(reply, 'not_found', `There is no ${method} ${url} on the ${how.name}.`);
        }
        void reply.header('allow', methods.join(', '));
        return problem(reply, 'method_not_allowed', `There is no ${method} ${url}, but ${methods.join(', ')}.`);
      },
    });
    server.addHook('onRoute', ({ url, method }) => paths.add(url, method));
    guardWith(server, { recognise: how.recognise, adminUrl });
    this.registerUnguarded(server);
    return server;
  }
}
