import type { ApiServer } from './http-server.ts';

/** A request that was answered. */
export interface Answered {
  /** As it was registered, `/admin/v1/apps/:app`; null where no route was found. */
  readonly route: string | null;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
}

/** Tells of every request that a server has answered, a stream at its end. To be called before the server is ready. */
export function observeResponses(server: ApiServer, observe: (answered: Answered) => void): ApiServer {
  server.addHook('onResponse', async (request, reply) => {
    observe({
      route: request.routeOptions.url ?? null,
      method: request.method,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    });
  });
  return server;
}
