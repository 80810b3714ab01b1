import { fastify, type FastifyInstance } from 'fastify';
import { problem } from './problem.ts';
import { healthRoutes, type Readiness } from './public/health.ts';

/** What the public listener serves from. */
export interface PublicApi {
  readonly readiness: () => Readiness;
  /** Told of every request that failed inside the server. */
  readonly onFailure: (error: Error) => void;
}

/** Connections at a time: half of the descriptors that are kept free of relays and streams, so that strangers cannot take the rest. */
const maxConnections = 256;

/** How long a connection may hold its place without getting on: with headers, with the request, or silent. */
const timeouts = {
  connectionTimeout: 10_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 30_000,
  http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
} as const;

/** Builds the public HTTP surface (DESIGN.md section 7), not yet listening. */
export function createPublicListener(api: PublicApi): FastifyInstance {
  const server = fastify({
    logger: false,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => {
      problem(reply, 'bad_request', error.message);
    },
    ...timeouts,
  });
  server.server.maxConnections = maxConnections;
  server.setNotFoundHandler((request, reply) =>
    problem(reply, 'not_found', `There is no ${request.method} ${request.url} on the public listener.`),
  );
  server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error.statusCode !== undefined && error.statusCode < 500) return problem(reply, 'bad_request', error.message);
    api.onFailure(error);
    return problem(reply, 'internal', 'The request failed inside the server; its log says why.');
  });
  void server.register(healthRoutes, { readiness: api.readiness });
  return server;
}
