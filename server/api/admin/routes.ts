import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Access } from './access.ts';
import type { AdminPorts } from './ports.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route. Every route of the admin API says it. */
    readonly access?: Access;
  }
}

/**
 * Where a resource plugin puts its routes: below `/admin/v1`, with TypeBox schemas that validate, type and document them.
 *
 *     export async function banRoutes(api: AdminRoutes, { store }: AdminPorts): Promise<void> {
 *       api.delete(
 *         '/bans/:id',
 *         { config: { access: 'operator' }, schema: { summary: 'Lift a ban', params: BanParams, response: { 204: Type.Null() } } },
 *         async (request, reply) => {
 *           store.mutate(actorOf(request).who, (record) => { ... throw new RequestRefused('not_found', '...') ... });
 *           return reply.code(204).send(null);
 *         },
 *       );
 *     }
 *
 * The frame sees to the rest: it refuses to start with a route that has no `config.access`, no `summary` or no schema of its
 * answers; finds out who asks (`actorOf`); refuses bodies with unknown keys or other types, and converts queries and parameters to
 * the types of their schemas; leaves out of an answer what its schema does not name; and answers a thrown `RequestRefused` or
 * `StoreError` with its problem document. Answers of errors need no schema. A handler that
 * uses `reply` is async: the types of fastify ask for it.
 */
export type AdminRoutes = FastifyInstance<
  HttpServer | HttpsServer,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** The routes of one resource. */
export type ResourcePlugin = (api: AdminRoutes, ports: AdminPorts) => Promise<void>;
