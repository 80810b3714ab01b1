import type { FastifyInstance } from 'fastify';

/** Whether the appliance takes new clients; `reason` says why not. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/**
 * `GET /livez`: the process answers. `GET /readyz`: 200 while new clients are taken, else 503 with the reason, for
 * load balancers to stop sending them here.
 */
export async function healthRoutes(
  server: FastifyInstance,
  options: { readonly readiness: () => Readiness },
): Promise<void> {
  server.get('/livez', (_request, reply) => reply.send({ status: 'ok' }));
  server.get('/readyz', (_request, reply) => {
    const readiness = options.readiness();
    if (readiness.ready) return reply.send({ status: 'ready' });
    return reply.code(503).send({ status: 'not_ready', reason: readiness.reason });
  });
}
