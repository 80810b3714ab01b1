import swagger from '@fastify/swagger';
import { AdminApi, basePath } from '../server/api/admin/admin-api.ts';
import type { Access } from '../server/api/admin/access.ts';
import { EventRing } from '../server/api/admin/event-ring.ts';
import type { AdminPorts } from '../server/api/admin/ports.ts';
import { createApiServer } from '../server/api/http-server.ts';
import { TrustedProxies } from '../server/api/trusted-proxies.ts';
import { openStore } from '../server/store/store.ts';

const roleWords: Readonly<Record<Access, string>> = {
  anyone: 'Takes no credentials.',
  account: 'For whoever is signed in.',
  viewer: 'Takes the role viewer, or a token of the scope read.',
  operator: 'Takes the role operator, or a token of the scope operate.',
  owner: 'Takes the role owner, or a token of the scope own.',
  metrics: 'Takes a token of the scope metrics, or any role.',
};

/** The description of the admin API, from the schemas of its routes. */
export async function openApiDocument(): Promise<unknown> {
  const store = openStore({ path: ':memory:', masterKey: new Uint8Array(32), nowMs: () => 0 });
  const server = createApiServer({ name: 'description', tls: null, onFailure: fail, sourceOf: String });
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Turnpike admin API',
        version: '1',
        description:
          'Everything that the console and the commands do. Errors are problem documents (RFC 9457) with a stable code.',
      },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: 'turnpike_session' },
          token: { type: 'http', scheme: 'bearer', bearerFormat: 'tpa_...' },
        },
      },
    },
    refResolver: { buildLocalReference: (schema) => String((schema as { readonly $id?: string }).$id) },
    transform: ({ schema, url, route }) => {
      const access = route.config?.access ?? 'owner';
      const { body, querystring, response, ...rest } = schema as RouteSchemas;
      return {
        url,
        schema: {
          ...rest,
          ...(body === undefined ? {} : { body: withoutDefaulted(body) }),
          ...(querystring === undefined ? {} : { querystring: withoutDefaulted(querystring) }),
          response: described(response, String(rest.summary)),
          operationId: operationId(String(route.method), url),
          tags: [tagOf(url)],
          description: roleWords[access],
          security: securityOf(access),
        },
      };
    },
  });
  const api = new AdminApi({
    ports: portsOf(store),
    proxies: new TrustedProxies([]),
    sourceOf: String,
    adminUrl: () => null,
  });
  api.registerUnguarded(server);
  await server.ready();
  // Relative to this document: the API works below any path prefix.
  const document = { ...server.swagger(), servers: [{ url: '../..' }] };
  await server.close();
  await api.close();
  store.close();
  return document;
}

interface SchemaWithMembers {
  readonly properties?: Readonly<Record<string, { readonly default?: unknown }>>;
  readonly required?: readonly string[];
}

interface RouteSchemas {
  readonly body?: SchemaWithMembers;
  readonly querystring?: SchemaWithMembers;
  readonly response: Readonly<Record<string, { readonly description?: string }>>;
  readonly summary?: string;
}

/** What has a default may be left out of a request, whereas the schema speaks of what a handler is given. */
function withoutDefaulted(schema: SchemaWithMembers): SchemaWithMembers {
  const { required = [], properties = {} } = schema;
  return { ...schema, required: required.filter((name) => properties[name]?.default === undefined) };
}

/** An answer that says nothing of itself is what the route does. */
function described(responses: RouteSchemas['response'], summary: string): RouteSchemas['response'] {
  const entries = Object.entries(responses);
  return Object.fromEntries(entries.map(([status, schema]) => [status, { description: summary, ...schema }]));
}

/** Nothing is asked of a server that only describes itself. */
function portsOf(store: AdminPorts['store']): AdminPorts {
  const unused = { relay: null, settings: null, setup: null, issue: null, system: null, metrics: null };
  const log = { warn: fail, error: fail };
  return { ...unused, store, events: new EventRing(1, 0), nowMs: () => 0, log } as unknown as AdminPorts;
}

function fail(): never {
  throw new Error('a description asks nothing');
}

function securityOf(access: Access): Record<string, string[]>[] {
  if (access === 'anyone') return [];
  return access === 'account' ? [{ session: [] }] : [{ session: [] }, { token: [] }];
}

/** `GET /admin/v1/apps/:app/secrets` is `getAppsByAppSecrets`. */
function operationId(method: string, url: string): string {
  const words = url
    .replace(basePath, '')
    .split(/[/.-]/)
    .filter((segment) => segment !== '')
    .map((segment) => (segment.startsWith(':') ? `By${capitalised(segment.slice(1))}` : capitalised(segment)));
  return `${method.toLowerCase()}${words.join('')}`;
}

function tagOf(url: string): string {
  return url.replace(basePath, '').split('/')[1] ?? '';
}

function capitalised(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
