import { AppParams } from '../../contract/admin/apps.ts';
import { IceServers } from '../../contract/admin/ice-servers.ts';
import { isSubject } from '../../contract/control.ts';
import { maxSubjectBytes } from '../../contract/limits.ts';
import { IceServersRequest } from '../../contract/public/applications.ts';
import { RequestRefused } from '../request-failure.ts';
import { actorOf } from './actor.ts';
import { appAt } from './app-documents.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';

/** A credential of an app, for tests and for the command line. */
export async function iceServerRoutes(api: AdminRoutes, ports: AdminPorts): Promise<void> {
  api.post(
    '/apps/:app/ice-servers',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Issue a credential of an app by hand',
        params: AppParams,
        body: IceServersRequest,
        response: { 201: IceServers },
      },
    },
    async (request, reply) => {
      const app = appAt(ports, request.params.app);
      if (!app.isEnabled) {
        throw new RequestRefused('app_disabled', `The app "${app.id}" is disabled. Enable it ("enabled": true) first.`);
      }
      const { subject = '', ttlSeconds = app.defaultTtlS, label = null } = request.body;
      if (!isSubject(subject)) {
        throw new RequestRefused(
          'invalid_value',
          `subject has more than ${maxSubjectBytes} bytes of UTF-8, or half a character. Write less.`,
        );
      }
      if (ttlSeconds > app.longestTtlS) {
        throw new RequestRefused(
          'invalid_value',
          `ttlSeconds ${ttlSeconds} is longer than credentials of the app "${app.id}" may live: at most ${app.longestTtlS}.`,
        );
      }
      const document = ports.issue.iceServers({ appId: app.id, keyId: null, subject, ttlS: ttlSeconds, label });
      ports.store.mutate(actorOf(request).who, (record) => {
        record({ action: 'credential.issue', target: `app/${app.id}`, before: null, after: { subject, ttlSeconds } });
      });
      return reply.code(201).send({
        ...document,
        iceServers: document.iceServers.map(({ urls, ...rest }) => ({ urls: [...urls], ...rest })),
      });
    },
  );
}
