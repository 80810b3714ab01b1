import { text } from 'node:stream/consumers';
import { Compile } from 'typebox/compile';
import type { TSchema } from 'typebox';
import type { RouteOptions } from 'fastify';
import type { InjectOptions } from 'light-my-request';
import { describe, expect, test } from 'vitest';
import { Problem } from '../../server/contract/admin/fields.ts';
import { adminRoutes, type AdminWorld } from '../api/admin/admin-world.ts';
import { requestsFor } from './admin-requests.ts';
import { knownTexts, peopled } from './peopled-world.ts';

/** `FUZZ_SEED` repeats a run; `FUZZ_REQUESTS` makes a longer one. */
const seed = Number(process.env.FUZZ_SEED ?? 20_261_201);
const requestsEach = Number(process.env.FUZZ_REQUESTS ?? 500);
const roles = ['viewer', 'operator', 'owner'] as const;

/** What changes nothing, although it is no GET: it asks, or makes what is kept nowhere. */
const withoutTrace = ['POST /admin/v1/explain', 'POST /admin/v1/me/totp'];

/** What no request of a role may get done here: there is an owner, and nobody can guess a code. */
const neverGranted = ['POST /admin/v1/setup', 'POST /admin/v1/me/totp/confirm'];

const routes = await adminRoutes();

describe.each(routes.map((route) => [`${String(route.method)} ${route.url}`, route] as const))('%s', (_name, route) => {
  test.each(roles)(`${requestsEach} requests as %s`, { timeout: 60_000 }, async (role) => {
    const fits = checkerOf(route);
    const problems: string[] = [];
    let granted = 0;
    let world = await peopled();
    for (const { request, isValid } of requestsFor(route, knownTexts(world), seed, requestsEach)) {
      if (!isThere(world, role)) world = await peopled();
      // Buckets fill up again, and those who were held back may try again.
      world.clock.nowMs += 20_000;
      const before = auditCount(world);
      const answer = await ask(world, { ...request, headers: { ...world.headersOf(role), ...request.headers } });
      if (answer.statusCode < 300) granted += 1;
      const fault = faultOf(answer, fits) ?? traceFault(route, answer, auditCount(world) - before);
      if (fault === null) continue;
      const log = JSON.stringify(world.logged.at(-1)?.fields);
      problems.push(`${isValid ? 'valid' : 'spoiled'} ${JSON.stringify(request)} -> ${fault} ${log}`);
    }
    expect(problems.slice(0, 3)).toEqual([]);
    if (role === 'owner' && !neverGranted.includes(`${String(route.method)} ${route.url}`)) {
      expect(granted).toBeGreaterThan(0);
    }
  });
});

test('there are routes, and the requests of a seed are the same every time', async () => {
  expect(routes.length).toBeGreaterThan(60);
  const [route] = routes.filter(({ url, method }) => url === '/admin/v1/accounts' && method === 'POST');
  expect(route).toBeDefined();
  if (route === undefined) return;
  expect(requestsFor(route, {}, seed, 20)).toEqual(requestsFor(route, {}, seed, 20));
});

test('half of the requests are valid: routes that take a document get past their schemas', async () => {
  const world = await peopled();
  const [route] = routes.filter(({ url, method }) => url === '/admin/v1/tokens' && method === 'POST');
  if (route === undefined) throw new Error('there is no route that makes a token');
  const statuses = new Map<number, number>();
  for (const { request } of requestsFor(route, knownTexts(world), seed, 200)) {
    const { statusCode } = await ask(world, {
      ...request,
      headers: { ...world.headersOf('owner'), ...request.headers },
    });
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
  }
  expect(statuses.get(201)).toBeGreaterThanOrEqual(100);
  expect(statuses.get(400)).toBeGreaterThanOrEqual(40);
});

type Ask = InjectOptions & { readonly url: string };

interface Answer {
  readonly statusCode: number;
  readonly contentType: string;
  /** Empty for a stream, which is looked at until its head has come. */
  readonly body: string;
}

async function ask(world: AdminWorld, request: Ask): Promise<Answer> {
  const isWatching = request.url.startsWith('/admin/v1/events');
  const response = await world.server.inject({ ...request, payloadAsStream: isWatching });
  const { statusCode, headers } = response;
  const contentType = String(headers['content-type']);
  if (!isWatching) return { statusCode, contentType, body: response.body };
  if (statusCode !== 200) return { statusCode, contentType, body: await text(response.stream()) };
  response.stream().destroy();
  return { statusCode, contentType, body: '' };
}

/** Why an answer is not one that the route declares; null: it is. */
type Checker = (status: number, contentType: string, body: string) => string | null;

function checkerOf(route: RouteOptions): Checker {
  const declared = (route.schema as { readonly response: Record<string, DeclaredAnswer> }).response;
  const compiled = new Map<string, ReturnType<typeof Compile>>();
  const fits = (key: string, schema: TSchema, value: unknown): string | null => {
    const known = compiled.get(key) ?? Compile(schema);
    compiled.set(key, known);
    if (known.Check(value)) return null;
    return `does not fit the schema of ${key}: ${JSON.stringify(known.Errors(value)[0])} in ${JSON.stringify(value).slice(0, 300)}`;
  };
  return (status, contentType, body) => {
    if (status >= 400) return fits('an error', Problem, JSON.parse(body));
    const answer = declared[status];
    if (answer === undefined) return `has the status ${status}, which is not declared`;
    if (answer.content === undefined) return fits(String(status), answer, body === '' ? null : JSON.parse(body));
    const type = contentType.split(';')[0] ?? '';
    const { schema } = answer.content[type] ?? {};
    return schema === undefined
      ? `has the type ${contentType}, which is not declared`
      : fits(type, schema, isJson(type) ? JSON.parse(body) : body);
  };
}

interface DeclaredAnswer extends TSchema {
  readonly content?: Readonly<Record<string, { readonly schema: TSchema }>>;
}

function isJson(type: string): boolean {
  return /[/+]json$/.test(type);
}

function faultOf({ statusCode, contentType, body }: Answer, fits: Checker): string | null {
  if (statusCode >= 500) return `${statusCode} ${body}`;
  return fits(statusCode, contentType, body);
}

/** SECURITY.md 13: whatever was changed is in the audit log, and nothing else is. */
function traceFault(route: RouteOptions, { statusCode }: Answer, lines: number): string | null {
  const mayChange =
    route.method !== 'GET' && statusCode < 400 && !withoutTrace.includes(`${String(route.method)} ${route.url}`);
  if (mayChange && lines === 0) return `${statusCode} and no line in the audit log`;
  if (!mayChange && lines > 0) return `${statusCode} and ${lines} lines in the audit log`;
  return null;
}

function auditCount({ store }: AdminWorld): number {
  const everything = { fromMs: null, toMs: null, actor: null, action: null, target: null, beforeId: null };
  return store.audit.list({ ...everything, limit: 1 })[0]?.id ?? 0;
}

function isThere({ store, accountIds }: AdminWorld, role: (typeof roles)[number]): boolean {
  return store.accounts.get(accountIds[role])?.role === role;
}
