import { constants } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { validatorCompiler } from './admin/request-schemas.ts';
import { ConnectionGate } from './connection-gate.ts';
import { ConnectionRate } from './connection-rate.ts';
import { answerParserFailure } from './parser-failure.ts';
import { problem } from './problem.ts';
import type { HttpsMaterial } from './public/ports.ts';
import type { RateLimit } from './rate-limit.ts';
import { answerFailure } from './request-failure.ts';

/** A server of HTTP or HTTPS, not yet listening. */
export type ApiServer = FastifyInstance<HttpServer | HttpsServer>;

/** What strangers may take of a listener. */
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

/** How a listener knows and bounds who connects. */
export interface GateOptions {
  /** Whoever uses this address, which is one that a socket shows. */
  readonly sourceOf: (address: string) => string;
  /** What differs from the default. */
  readonly limits?: Partial<ConnectionLimits>;
}

/** What a listener serves. */
export interface ApiServerOptions extends GateOptions {
  /** In messages: `public listener`. */
  readonly name: string;
  /** Null: plain HTTP. */
  readonly tls: HttpsMaterial | null;
  /** Told of every request that failed inside the server. */
  readonly onFailure: (error: Error, request: FastifyRequest) => void;
  /** Answers what no route is for; `not_found` when absent. */
  readonly onUnknown?: (request: FastifyRequest, reply: FastifyReply) => FastifyReply;
  /** The largest document that any route takes, in bytes; 64 KiB when absent. */
  readonly bodyLimit?: number;
}

/** The longest part of a path: a username of 508 bytes (RFC 8489 section 14.3), each written as three characters. */
const maxParamLength = 3 * 508;

/** How long a connection may hold its place without getting on: with headers, with the request, or silent. */
const timeouts = {
  connectionTimeout: 10_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 30_000,
} as const;
const serverTimeouts = { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 } as const;
const handshakeTimeout = 5_000;
const defaultBodyLimit = 65_536;

/** How TLS is spoken. A client may not renegotiate, which would be a handshake that is not counted. */
export function httpsContext({ certificate, key }: HttpsMaterial): SecureContextOptions {
  return { cert: certificate, key, secureOptions: constants.SSL_OP_NO_RENEGOTIATION };
}

/**
 * A server whose clients take bounded room and time (SECURITY.md 2) and whose every error is a problem document (RFC 9457).
 * A document has the keys of its route's schema and no others, and no value is converted to the type that it should have.
 */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { name, tls, onFailure, sourceOf } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const server = fastify<HttpServer | HttpsServer>({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: options.bodyLimit ?? defaultBodyLimit,
    routerOptions: { maxParamLength },
    clientErrorHandler: answerParserFailure,
    frameworkErrors: (error, _request, reply) => {
      problem(reply, 'bad_request', error.message);
    },
    ...timeouts,
    ...(tls === null
      ? { http: serverTimeouts }
      : { https: { ...serverTimeouts, handshakeTimeout, ...httpsContext(tls) } }),
  });
  server.setValidatorCompiler(validatorCompiler);
  // Documents are JSON.
  server.removeContentTypeParser('text/plain');
  server.server.maxConnections = limits.maxConnections;
  const gate = new ConnectionGate(server.server, {
    maxPerSource: limits.maxConnectionsPerSource,
    rate: tls === null ? null : new ConnectionRate({ all: limits.handshakes, perSource: limits.handshakesPerSource }),
    sourceOf,
  });
  server.addHook('preClose', (done) => {
    gate.close();
    done();
  });
  server.setNotFoundHandler(
    options.onUnknown ??
      ((request, reply) => problem(reply, 'not_found', `There is no ${request.method} ${request.url} on the ${name}.`)),
  );
  server.setErrorHandler((error, request, reply) =>
    answerFailure(error, reply, (failure) => onFailure(failure, request)),
  );
  return server;
}
