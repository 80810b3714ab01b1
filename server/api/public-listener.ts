import { createApiServer, type ApiServer, type GateOptions } from './http-server.ts';
import { applicationRoutes } from './public/applications.ts';
import { healthRoutes } from './public/health.ts';
import type { PublicApi } from './public/ports.ts';

/** Builds the public HTTP surface (DESIGN.md section 7), not yet listening. */
export function createPublicListener(api: PublicApi, gate: GateOptions): ApiServer {
  const { tls, onFailure, readiness, applications } = api;
  const server = createApiServer({ name: 'public listener', tls, onFailure, ...gate });
  void server.register(healthRoutes, { readiness });
  if (applications !== null) void server.register(applicationRoutes, applications);
  return server;
}
