import { System } from '../../contract/admin/system.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';
import { instant } from './instants.ts';

/** How the appliance is. */
export async function systemRoutes(api: AdminRoutes, ports: AdminPorts): Promise<void> {
  api.get(
    '/system',
    {
      config: { access: 'viewer' },
      schema: { summary: 'How the appliance is', response: { 200: System } },
    },
    async () => {
      const status = await ports.system();
      const { isRunning, engine, sessions, restarts, realm, relayPorts, peersAllow } = status.relay;
      const { certificate, database } = status;
      return {
        status: status.status,
        problems: [...status.problems],
        version: status.version,
        runtime: status.runtime,
        startedAt: instant(status.startedAtMs),
        dataDir: status.dataDir,
        relay: { running: isRunning, engine, sessions, restarts, realm, relayPorts, peersAllow: [...peersAllow] },
        listeners: [...status.listeners],
        publicHost: status.publicHost,
        certificate:
          certificate === null ? null : { names: [...certificate.names], expiresAt: instant(certificate.expiresAtMs) },
        database: {
          path: database.path,
          sizeBytes: database.sizeBytes,
          failure:
            database.failure === null
              ? null
              : {
                  code: database.failure.code,
                  message: database.failure.message,
                  since: instant(database.failure.sinceMs),
                },
        },
        memoryBytes: status.memoryBytes,
        pendingRestart: [...status.pendingRestart],
      };
    },
  );
}
