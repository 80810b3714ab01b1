import { constants } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { fastify, type FastifyInstance } from 'fastify';
import { problem } from './problem.ts';
import { healthRoutes, type Readiness } from './public/health.ts';
import { ConnectionGate } from './connection-gate.ts';
import { ConnectionRate, type RateLimit } from './connection-rate.ts';

/** What HTTPS is spoken with: PEM texts, the certificate with its chain. */
export interface HttpsMaterial {
  readonly certificate: string;
  readonly key: string;
}

/** The public listener, over HTTP or HTTPS. */
export type PublicListener = FastifyInstance<HttpServer | HttpsServer>;

/** What the public listener serves from. */
export interface PublicApi {
  /** Null: plain HTTP. */
  readonly tls: HttpsMaterial | null;
  readonly readiness: () => Readiness;
  /** Told of every request that failed inside the server. */
  readonly onFailure: (error: Error) => void;
}

/** What strangers may take of the public listener. */
export interface ConnectionLimits {
  /** Connections at a time. */
  readonly maxConnections: number;
  readonly maxConnectionsPerSource: number;
  /** TLS handshakes, where HTTPS is spoken. */
  readonly handshakes: RateLimit;
  readonly handshakesPerSource: RateLimit;
}

const defaultLimits: ConnectionLimits = {
  // Half of the descriptors that are kept free of relays and streams, so that strangers cannot take the rest.
  maxConnections: 256,
  // Who takes all that it may have leaves as many to the others.
  maxConnectionsPerSource: 128,
  // A fifth of the main thread, or half of it with the slowest of usual keys, RSA-4096.
  handshakes: { perSecond: 200, burst: 200 },
  // Enough for a proxy that opens a connection for each request. Four sources that take all of it are as many as there is time for.
  handshakesPerSource: { perSecond: 50, burst: 100 },
};

/** How the public listener knows and bounds who connects. */
export interface PublicListenerOptions {
  /** Whoever uses this address, which is one that a socket shows. */
  readonly sourceOf: (address: string) => string;
  /** What differs from the default. */
  readonly limits?: Partial<ConnectionLimits>;
}

/** How long a connection may hold its place without getting on: with headers, with the request, or silent. */
const timeouts = {
  connectionTimeout: 10_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 30_000,
} as const;
const serverTimeouts = { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 } as const;
const handshakeTimeout = 5_000;

/** How TLS is spoken. A client may not renegotiate, which would be a handshake that is not counted. */
export function httpsContext({ certificate, key }: HttpsMaterial): SecureContextOptions {
  return { cert: certificate, key, secureOptions: constants.SSL_OP_NO_RENEGOTIATION };
}

/** Builds the public HTTP surface (DESIGN.md section 7), not yet listening. */
export function createPublicListener(api: PublicApi, options: PublicListenerOptions): PublicListener {
  const limits = { ...defaultLimits, ...options.limits };
  const server = fastify<HttpServer | HttpsServer>({
    logger: false,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => {
      problem(reply, 'bad_request', error.message);
    },
    ...timeouts,
    ...(api.tls === null
      ? { http: serverTimeouts }
      : { https: { ...serverTimeouts, handshakeTimeout, ...httpsContext(api.tls) } }),
  });
  server.server.maxConnections = limits.maxConnections;
  const gate = new ConnectionGate(server.server, {
    maxPerSource: limits.maxConnectionsPerSource,
    rate:
      api.tls === null ? null : new ConnectionRate({ all: limits.handshakes, perSource: limits.handshakesPerSource }),
    sourceOf: options.sourceOf,
  });
  server.addHook('preClose', (done) => {
    gate.close();
    done();
  });
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
