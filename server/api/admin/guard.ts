import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { ApiServer } from '../http-server.ts';
import { RequestRefused } from '../request-failure.ts';
import { permits } from './access.ts';
import { setActor, type RequestActor } from './actor.ts';
import { cookieName } from './identity/established-sign-in.ts';
import { foreignOrigin, originFacts } from './own-origin.ts';
import { serializerCompiler, validatorCompiler } from './request-schemas.ts';

/** Who sends a request, the value of whose cookie is given; null: nobody whom we know. */
export type Recognise = (request: FastifyRequest, cookie: string | undefined) => RequestActor | null;

/** What stands before every route. */
export interface GuardOptions {
  readonly recognise: Recognise;
  readonly adminUrl: () => string | null;
}

/**
 * What browsers are told of every answer: nothing of the console comes from elsewhere, runs from within a page or is framed, and
 * nothing of it is kept by those on the way.
 */
const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/** Puts before every route of a server: security headers, the check of the origin, who asks, and whether they may. */
export function guardWith(server: ApiServer, options: GuardOptions): void {
  // Not an id that the client chose: it goes into the log.
  server.setGenReqId(() => randomUUID());
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  void server.register(cookie);
  server.addHook('onRoute', checkRoute);
  server.addHook('onRequest', async (request, reply) => {
    void reply.headers(securityHeaders).header('x-request-id', request.id);
    authorise(request, reply, options);
  });
}

/** A route that does not say who may use it would be anybody's; one without schemas would take and tell anything. */
function checkRoute({ method, url, config, schema }: RouteOptions): void {
  const name = `${String(method)} ${url}`;
  if (config?.access === undefined) throw new Error(`${name} does not say who may use it: config.access`);
  const { response, summary } = (schema ?? {}) as { readonly response?: unknown; readonly summary?: unknown };
  if (response === undefined) throw new Error(`${name} does not say what it answers: schema.response`);
  if (summary === undefined) throw new Error(`${name} does not say what it does: schema.summary`);
}

/** @throws RequestRefused */
function authorise(request: FastifyRequest, reply: FastifyReply, { recognise, adminUrl }: GuardOptions): void {
  const { authorization } = request.headers;
  const cookieText = request.cookies[cookieName];
  const hasCookie = authorization === undefined && cookieText !== undefined;
  const foreign = foreignOrigin(originFacts(request.raw, { hasCookie, adminUrl: adminUrl() }));
  if (foreign !== null) throw new RequestRefused('foreign_origin', foreign);
  const { access } = request.routeOptions.config;
  // Of a path that is not there nobody is asked who they are.
  if (access === undefined || access === 'anyone') return;
  const actor = recognise(request, cookieText);
  if (actor === null) {
    void reply.header('www-authenticate', 'Bearer');
    throw new RequestRefused(
      'unauthorized',
      authorization === undefined
        ? 'Sign in (POST /admin/v1/sign-in), or send a token (Authorization: Bearer tpa_...). A sign-in ends after 12 hours without use.'
        : 'The token is not known: it was mistyped, revoked, or has expired.',
    );
  }
  if (!permits(access, actor)) throw new RequestRefused('forbidden', refusal(access, actor));
  setActor(request, actor);
}

function refusal(access: string, actor: RequestActor): string {
  if (access === 'account') return 'This is for people who are signed in: a token or a command has no account.';
  if (actor.role === null) return 'The token is good for /metrics alone.';
  return `This takes the role ${access}; yours is ${actor.role}.`;
}
