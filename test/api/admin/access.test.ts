import { beforeAll, describe, expect, test } from 'vitest';
import type { RouteOptions } from 'fastify';
import Type from 'typebox';
import { covers, roleOf, type Access } from '../../../server/api/admin/access.ts';
import { createApiServer } from '../../../server/api/http-server.ts';
import { guardWith } from '../../../server/api/admin/guard.ts';
import type { Role, TokenScope } from '../../../server/store/records.ts';
import { publicListener } from '../public-clients.ts';
import { adminRoutes, adminWorld, callers, type Caller } from './admin-world.ts';

/** What the access of a route says of a caller: the status that refuses, or null for none. */
function refusalOf(access: Access, caller: Caller): 401 | 403 | null {
  if (access === 'anyone') return null;
  if (caller === 'nobody') return 401;
  const isToken = caller.startsWith('token:');
  if (access === 'account') return isToken ? 403 : null;
  if (access === 'metrics') return null;
  const role = isToken ? roleOf(caller.slice('token:'.length) as TokenScope) : (caller as Role);
  return role !== null && covers(role, access) ? null : 403;
}

/** A path with something in the place of each parameter that is nowhere. */
function pathOf(route: RouteOptions): string {
  return route.url.replaceAll(/:\w+/g, 'nowhere');
}

const refusals = ['unauthorized', 'forbidden', 'foreign_origin'];
/** An answer of these has no end. */
const streams = ['/admin/v1/events'];

describe('SECURITY.md 13: every route of the admin API asks who it is', () => {
  let routes: readonly RouteOptions[] = [];
  beforeAll(async () => {
    routes = await adminRoutes();
  });

  test.each(callers)('as %s', async (caller) => {
    const world = await adminWorld();
    const verdicts: string[] = [];
    for (const route of routes) {
      const access = route.config?.access ?? 'owner';
      const expected = refusalOf(access, caller);
      if (expected === null && streams.includes(route.url)) continue;
      const answer = await world.server.inject({
        method: route.method as 'GET',
        url: pathOf(route),
        headers: world.headersOf(caller),
      });
      const code = answer.body.startsWith('{') ? answer.json<{ code?: string }>().code : undefined;
      const refused = refusals.includes(code ?? '') ? answer.statusCode : null;
      if (refused !== expected) verdicts.push(`${String(route.method)} ${route.url}: ${refused} is not ${expected}`);
    }
    expect(verdicts).toEqual([]);
  });

  test.each([
    ['another site', { origin: 'https://evil.example' }],
    ['another port of the same host', { origin: 'http://console.test:3000' }],
    ['a page without an origin', { origin: 'null' }],
    ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling domain, as the browser says', { 'sec-fetch-site': 'same-site' }],
  ])('no route answers %s', async (_what, headers) => {
    const world = await adminWorld();
    const answers: string[] = [];
    for (const route of routes) {
      for (const caller of ['nobody', 'owner', 'token:own'] as const) {
        const answer = await world.server.inject({
          method: route.method as 'GET',
          url: pathOf(route),
          headers: { ...world.headersOf(caller), ...headers },
        });
        if (answer.json<{ code: string }>().code !== 'foreign_origin') answers.push(`${route.url} as ${caller}`);
      }
    }
    expect(answers).toEqual([]);
  });

  test('a request with the cookie that changes something says where it comes from', async () => {
    const world = await adminWorld();
    const answers: string[] = [];
    for (const route of routes.filter(({ method }) => method !== 'GET')) {
      const { origin: _, ...headers } = world.headersOf('owner');
      const answer = await world.server.inject({ method: route.method as 'POST', url: pathOf(route), headers });
      if (answer.json<{ code: string }>().code !== 'foreign_origin') answers.push(route.url);
    }
    expect(answers).toEqual([]);
  });

  test('and is a 404 on the public listener', async () => {
    const server = publicListener();
    const statuses = routes.map(async (route) => {
      const request = { method: route.method as 'GET', url: pathOf(route) };
      return (await server.inject(request)).statusCode;
    });
    expect(new Set(await Promise.all(statuses))).toEqual(new Set([404]));
  });

  test('there is a route of every access', () => {
    expect(new Set(routes.map(({ config }) => config?.access))).toEqual(
      new Set(['anyone', 'account', 'viewer', 'operator', 'owner', 'metrics']),
    );
  });

  test('every document that a route takes refuses unknown keys', () => {
    const loose = routes.filter(({ schema }) => {
      const body = schema?.body as { readonly additionalProperties?: boolean } | undefined;
      return body !== undefined && body.additionalProperties !== false;
    });
    expect(loose.map(({ url }) => url)).toEqual([]);
  });
});

describe('the guard', () => {
  function guarded() {
    const server = createApiServer({ name: 'test', tls: null, onFailure: () => undefined, sourceOf: String });
    guardWith(server, { recognise: () => null, adminUrl: () => null });
    return server;
  }

  test.each([
    ['who may use it', {}, {}],
    ['what it answers', { access: 'anyone' } as const, { summary: 'Answer' }],
    ['what it does', { access: 'anyone' } as const, { response: {} }],
  ])('does not start with a route that does not say %s', (what, config, schema) => {
    const server = guarded();
    expect(() => server.get('/open', { config, schema }, () => 'everything')).toThrow(`GET /open does not say ${what}`);
  });

  test('lets out of an answer nothing that its schema does not name', async () => {
    const server = guarded();
    const record = Object.freeze({ name: 'a', list: Object.freeze([{ id: 1, passwordHash: 'x' }]), passwordHash: 'x' });
    const schema = Type.Object({ name: Type.String(), list: Type.Array(Type.Object({ id: Type.Integer() })) });
    const options = { config: { access: 'anyone' }, schema: { summary: 'Leak', response: { 200: schema } } } as const;
    server.get('/leak', options, () => record);
    expect((await server.inject('/leak')).body).toBe('{"name":"a","list":[{"id":1}]}');
  });
});
