import type { FastifyInstance } from 'fastify';

/** Whether the appliance takes new clients; `reason` says why not. */
export type Readiness =
  | {
      readonly ready: true;
      /** What works no more although clients are served: the code of the database's failure. */
      readonly degraded?: string;
    }
  | { readonly ready: false; readonly reason: string };

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
    if (readiness.ready) {
      const { degraded } = readiness;
      return reply.send(degraded === undefined ? { status: 'ready' } : { status: 'ready', degraded });
    }
    return reply.code(503).send({ status: 'not_ready', reason: readiness.reason });
  });
}
