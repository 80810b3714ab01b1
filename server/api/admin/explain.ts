import { Explain, Explained } from '../../contract/admin/explain.ts';
import { RequestRefused } from '../request-failure.ts';
import { permits } from './access.ts';
import { actorOf } from './actor.ts';
import { explainSources } from './explain-sources.ts';
import { explainUsername } from './explain-username.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';

/** What a username says, for whoever asks why a client is refused. */
export async function explainRoutes(api: AdminRoutes, ports: AdminPorts): Promise<void> {
  api.post(
    '/explain',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'Explain a username: its expiry, app and key, and which secret made its password',
        body: Explain,
        response: { 200: Explained },
      },
    },
    (request) => {
      const { username, password } = request.body;
      // Whoever may only look could find out passwords of TURN users here.
      if (password !== undefined && !permits('operator', actorOf(request))) {
        throw new RequestRefused('forbidden', 'To have a password checked takes the role operator. Leave it out.');
      }
      return explainUsername(explainSources(ports), username, password);
    },
  );
}
