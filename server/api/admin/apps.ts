import Type from 'typebox';
import { App, AppChange, AppDetail, AppList, AppParams, NewApp } from '../../contract/admin/apps.ts';
import { defaultAppId } from '../../contract/default-app.ts';
import { newAppFields } from '../../store/new-app.ts';
import { RequestRefused } from '../request-failure.ts';
import { actorOf } from './actor.ts';
import { appAt, appDocument, secretDocuments } from './app-documents.ts';
import { fieldsOf, wishedFields } from './app-fields.ts';
import type { AdminPorts } from './ports.ts';
import { createSecret, expectRotatable } from './rotation.ts';
import type { AdminRoutes } from './routes.ts';
import { SessionCounts } from './session-counts.ts';
import { entityTag, expectVersion } from './versions.ts';

/** Apps at a time: lists look at each, and the relay knows all of them. */
const maxApps = 1_000;

/** Client applications: each with secrets, API keys, quotas and peer rules of its own. */
export async function appRoutes(api: AdminRoutes, ports: AdminPorts): Promise<void> {
  readApps(api, ports);
  changeApps(api, ports);
  deleteApps(api, ports);
}

function readApps(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.get(
    '/apps',
    { config: { access: 'viewer' }, schema: { summary: 'List the apps', response: { 200: AppList } } },
    () => {
      const counts = new SessionCounts(ports.relay.sessions());
      return { apps: store.apps.list().map((app) => appDocument(ports, app, counts)) };
    },
  );

  api.get(
    '/apps/:app',
    {
      config: { access: 'viewer' },
      schema: { summary: 'Read an app with its secrets', params: AppParams, response: { 200: AppDetail } },
    },
    async (request, reply) => {
      const app = appAt(ports, request.params.app);
      const counts = new SessionCounts(ports.relay.sessions());
      return reply
        .header('etag', entityTag(app.version))
        .send({ ...appDocument(ports, app, counts), secrets: secretDocuments(ports, app.id, counts) });
    },
  );
}

function changeApps(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.post(
    '/apps',
    { config: { access: 'operator' }, schema: { summary: 'Make an app', body: NewApp, response: { 201: App } } },
    async (request, reply) => {
      const { id, ...wishes } = request.body;
      const fields = wishedFields({ ...newAppFields, name: id }, wishes);
      const app = store.mutate(actorOf(request).who, (record) => {
        if (store.apps.get(id) !== null) {
          throw new RequestRefused(
            'conflict',
            `There is an app "${id}" already. Choose another id, or change that one.`,
          );
        }
        if (store.apps.list().length >= maxApps) {
          throw new RequestRefused(
            'conflict',
            `There are ${maxApps} apps, which is the most. Delete one that nobody uses.`,
          );
        }
        record({ action: 'app.create', target: `app/${id}`, before: null, after: fields });
        const made = store.apps.create(id, fields);
        // It issues from the start. Who wants to make credentials elsewhere makes a secret whose value is shown.
        createSecret(ports, made, undefined, record);
        return made;
      });
      return reply.code(201).header('etag', entityTag(app.version)).send(appDocument(ports, app));
    },
  );

  api.patch(
    '/apps/:app',
    {
      config: { access: 'operator' },
      schema: { summary: 'Change an app', params: AppParams, body: AppChange, response: { 200: App } },
    },
    async (request, reply) => {
      const app = store.mutate(actorOf(request).who, (record) => {
        const before = appAt(ports, request.params.app);
        expectVersion(request, before.version, `the app "${before.id}"`);
        const after = wishedFields(fieldsOf(before), request.body);
        if (after.rotateEveryDays !== null && before.rotateEveryDays === null) expectRotatable(ports, before.id);
        record({ action: 'app.change', target: `app/${before.id}`, before: fieldsOf(before), after });
        const changed = store.apps.update(before.id, before.version, after);
        if (changed === null) throw new Error('the version of an app changed within a transaction');
        return changed;
      });
      return reply.header('etag', entityTag(app.version)).send(appDocument(ports, app));
    },
  );
}

function deleteApps(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.delete(
    '/apps/:app',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Delete an app with its secrets and API keys; its sessions end within two seconds',
        params: AppParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      store.mutate(actorOf(request).who, (record) => {
        const app = appAt(ports, request.params.app);
        if (app.id === defaultAppId) {
          throw new RequestRefused(
            'conflict',
            'The default app cannot be deleted. Disable it instead ("enabled": false).',
          );
        }
        record({ action: 'app.delete', target: `app/${app.id}`, before: fieldsOf(app), after: null });
        store.apps.delete(app.id);
      });
      return reply.code(204).send(null);
    },
  );
}
