import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Problem } from '../../contract/admin/fields.ts';
import type { ApiServer } from '../http-server.ts';
import { accountRecoveryRoutes } from './account-recovery.ts';
import { accountRoutes } from './accounts.ts';
import { apiKeyRoutes } from './api-keys.ts';
import { appRoutes } from './apps.ts';
import { auditRoutes } from './audit.ts';
import { banRoutes } from './bans.ts';
import type { EventStreams } from './event-streams.ts';
import { eventRoutes } from './events.ts';
import { failureRoutes } from './failures.ts';
import { explainRoutes } from './explain.ts';
import { iceServerRoutes } from './ice-servers.ts';
import type { Identity } from './identity/identity.ts';
import { meRoutes } from './me.ts';
import { metricsRoutes } from './metrics.ts';
import { openApiRoutes } from './openapi.ts';
import { ownTotpRoutes } from './own-totp.ts';
import type { AdminPorts } from './ports.ts';
import type { ResourcePlugin } from './routes.ts';
import { secretRoutes } from './secrets.ts';
import { sessionRoutes } from './sessions.ts';
import { settingRoutes } from './settings.ts';
import { setupRoutes } from './setup.ts';
import { signInRoutes } from './sign-in.ts';
import { signInListRoutes } from './sign-ins.ts';
import { systemRoutes } from './system.ts';
import { tokenRoutes } from './tokens.ts';
import { turnUserRoutes } from './turn-users.ts';
import { usageRoutes } from './usage.ts';

/** Resources that need no more than the ports. */
const resources: readonly ResourcePlugin[] = [
  appRoutes,
  secretRoutes,
  apiKeyRoutes,
  iceServerRoutes,
  turnUserRoutes,
  sessionRoutes,
  banRoutes,
  usageRoutes,
  failureRoutes,
  settingRoutes,
  explainRoutes,
  auditRoutes,
  systemRoutes,
];

/** What routes are made with. */
export interface ResourceParts {
  readonly ports: AdminPorts;
  readonly identity: Identity;
  readonly streams: EventStreams;
}

/** Puts every route of the admin API on a server, below `basePath`, and `/metrics` beside it. */
export function registerResources(
  server: ApiServer,
  basePath: string,
  { ports, identity, streams }: ResourceParts,
): void {
  server.addSchema(Problem);
  server.addHook('onRoute', (route) => {
    const schema = (route.schema ?? {}) as { response?: Record<string, unknown> };
    schema.response = { ...schema.response, ...errorAnswers };
  });
  void server.register(
    async (scope) => {
      const api = scope.withTypeProvider<TypeBoxTypeProvider>();
      await setupRoutes(api, ports, identity);
      await signInRoutes(api, ports, identity);
      await meRoutes(api, ports, identity);
      await ownTotpRoutes(api, ports, identity);
      await signInListRoutes(api, ports, identity);
      await accountRoutes(api, ports, identity);
      await accountRecoveryRoutes(api, ports, identity);
      await tokenRoutes(api, ports, identity);
      for (const resource of resources) await resource(api, ports);
      await eventRoutes(api, streams);
      await openApiRoutes(api);
    },
    { prefix: basePath },
  );
  void server.register(async (scope) => metricsRoutes(scope.withTypeProvider<TypeBoxTypeProvider>(), ports));
}

/** What every route may answer instead. */
const errorAnswer = {
  description: 'What is wrong (RFC 9457).',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
};
const errorAnswers = { '4xx': errorAnswer, '5xx': errorAnswer };
