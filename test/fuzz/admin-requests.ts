import fc, { type Arbitrary } from 'fast-check';
import type { RouteOptions } from 'fastify';
import type { InjectOptions } from 'light-my-request';
import { valuesOf, type JsonSchema, type KnownTexts } from './schema-values.ts';

/** A request and what its schemas say of it. */
export interface FuzzedRequest {
  readonly isValid: boolean;
  readonly request: InjectOptions & { readonly url: string };
}

interface RouteSchemas {
  readonly body?: JsonSchema;
  readonly querystring?: JsonSchema;
  readonly params?: JsonSchema;
}

/** So many requests of a route, every other one valid by its schemas; the same ones for the same seed. */
export function requestsFor(
  route: RouteOptions,
  known: KnownTexts,
  seed: number,
  count: number,
): readonly FuzzedRequest[] {
  const valid = fc.sample(validRequests(route, known), { seed, numRuns: Math.ceil(count / 2) });
  const spoiled = fc.sample(fc.tuple(validRequests(route, known), spoilers), {
    seed: seed + 1,
    numRuns: Math.floor(count / 2),
  });
  return [
    ...valid.map((parts) => ({ isValid: true, request: requestOf(route, parts) })),
    ...spoiled.map(([parts, spoil]) => ({ isValid: false, request: requestOf(route, spoil(parts)) })),
  ];
}

interface RequestParts {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** A document, or a text that stands for one. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

function validRequests(route: RouteOptions, known: KnownTexts): Arbitrary<RequestParts> {
  const { body, querystring, params } = (route.schema ?? {}) as RouteSchemas;
  const none = fc.constant({});
  return fc.record({
    params: params === undefined ? none : (valuesOf(params, known) as Arbitrary<Record<string, unknown>>),
    query: querystring === undefined ? none : (valuesOf(querystring, known) as Arbitrary<Record<string, unknown>>),
    body: body === undefined ? fc.constant(undefined) : valuesOf(body, known),
    headers: fc.constantFrom({}, { 'if-match': '*' }, { 'if-match': '*' }, { 'if-match': '"1"' }),
  });
}

type Spoiler = (parts: RequestParts) => RequestParts;

/** What makes a request something that no client of ours sends; a few leave it valid where the route takes nothing. */
const spoilers: Arbitrary<Spoiler> = fc.oneof(
  fc.jsonValue().map((body): Spoiler => (parts) => ({ ...parts, body })),
  fc.string({ unit: 'binary' }).map((text): Spoiler => (parts) => ({ ...parts, body: new Raw(text) })),
  fc.constant<Spoiler>((parts) => ({ ...parts, body: new Raw('{"a":') })),
  fc.constant<Spoiler>((parts) => ({ ...parts, body: new Raw('{"__proto__":{"isAdmin":true}}') })),
  fc
    .tuple(fc.string(), fc.jsonValue())
    .map(([key, value]): Spoiler => (parts) => ({ ...parts, body: withMember(parts.body, key, value) })),
  fc
    .tuple(fc.nat(), fc.jsonValue())
    .map(([index, value]): Spoiler => (parts) => ({ ...parts, body: withOther(parts.body, index, value) })),
  fc
    .tuple(fc.string({ minLength: 1 }), fc.string())
    .map(([key, value]): Spoiler => (parts) => ({ ...parts, query: { ...parts.query, [key]: value } })),
  fc.tuple(fc.nat(), fc.string()).map(([index, value]): Spoiler => (parts) => ({
    ...parts,
    query: withOther(parts.query, index, value) as RequestParts['query'],
  })),
  fc
    .string({ unit: 'binary', minLength: 1, maxLength: 700 })
    .map((text): Spoiler => (parts) => ({ ...parts, params: mapped(parts.params, text) })),
  fc.stringMatching(/^[!-~]{1,80}$/).map((text): Spoiler => (parts) => ({
    ...parts,
    headers: { 'if-match': text, 'last-event-id': text, 'content-type': text },
  })),
);

/** A text that is sent as it is where a document belongs. */
class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function withMember(value: unknown, key: string, member: unknown): unknown {
  return typeof value === 'object' && value !== null ? { ...value, [key]: member } : { [key]: member };
}

function withOther(value: unknown, index: number, member: unknown): unknown {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const key = keys[index % Math.max(1, keys.length)];
  return key === undefined ? value : { ...(value as object), [key]: member };
}

function mapped(params: RequestParts['params'], text: string): RequestParts['params'] {
  return Object.fromEntries(Object.keys(params).map((name) => [name, text]));
}

function requestOf(route: RouteOptions, { params, query, body, headers }: RequestParts): FuzzedRequest['request'] {
  const path = route.url.replaceAll(/:(\w+)/g, (_, name: string) => segment(params[name]));
  const search = Object.entries(query)
    .map(([key, value]) => `${encoded(key)}=${encoded(String(value))}`)
    .join('&');
  const payload = textOf(body);
  return {
    method: route.method as 'POST',
    url: search === '' ? path : `${path}?${search}`,
    headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(payload === undefined ? {} : { payload }),
  };
}

/** Undefined for no document. */
function textOf(body: unknown): string | undefined {
  if (body === undefined) return undefined;
  return body instanceof Raw ? body.text : JSON.stringify(body);
}

/** An empty segment would be another path. */
function segment(value: unknown): string {
  return encoded(typeof value === 'string' && value !== '' ? value : 'x');
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
