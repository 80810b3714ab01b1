import { SettingList, SettingsChange, SettingsChanged } from '../../contract/admin/settings.ts';
import { RequestRefused } from '../request-failure.ts';
import { actorOf } from './actor.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';
import { entityTag, expectVersion } from './versions.ts';

/** The configuration: what is in force, where it comes from, and what may be changed here. */
export async function settingRoutes(api: AdminRoutes, { settings }: AdminPorts): Promise<void> {
  api.get(
    '/settings',
    {
      config: { access: 'viewer' },
      schema: { summary: 'Read the configuration with the origin of every key', response: { 200: SettingList } },
    },
    async (_request, reply) =>
      reply
        .header('etag', entityTag(settings.version()))
        .send({ settings: settings.list().map((setting) => ({ ...setting })) }),
  );

  api.patch(
    '/settings',
    {
      config: { access: 'owner' },
      schema: { summary: 'Change settings', body: SettingsChange, response: { 200: SettingsChanged } },
    },
    async (request, reply) => {
      expectVersion(request, settings.version(), 'the configuration');
      const changes = new Map(Object.entries(request.body.changes));
      const problems = settings.validate(changes);
      if (problems.length > 0) {
        const isLocked = problems.every(({ code }) => code === 'locked');
        throw new RequestRefused(
          isLocked ? 'locked' : 'invalid_value',
          problems.map(({ message }) => message).join(' '),
        );
      }
      const { relayRestarts, pendingRestart } = await settings.apply(actorOf(request).who, changes);
      return reply
        .header('etag', entityTag(settings.version()))
        .send({ relayRestarts, pendingRestart: [...pendingRestart] });
    },
  );
}
