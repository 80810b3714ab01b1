import { ApiKeyList, ApiKeyParams, AppParams, CreatedApiKey, NewApiKey, Revoked } from '../../contract/admin/apps.ts';
import { RequestRefused } from '../request-failure.ts';
import { actorOf } from './actor.ts';
import { apiKeyDocument, appAt } from './app-documents.ts';
import { readFutureInstant } from './instants.ts';
import { mintToken } from './minted-token.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';
import { SessionCounts } from './session-counts.ts';

/** Live keys of one app: the relay knows each by its id. */
const maxLiveKeys = 100;

/** The API keys with which the back ends of an app ask for credentials. */
export async function apiKeyRoutes(api: AdminRoutes, ports: AdminPorts): Promise<void> {
  readKeys(api, ports);
  makeKeys(api, ports);
  revokeKeys(api, ports);
}

function readKeys(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.get(
    '/apps/:app/keys',
    {
      config: { access: 'viewer' },
      schema: { summary: 'List the API keys of an app', params: AppParams, response: { 200: ApiKeyList } },
    },
    (request) => {
      const { id } = appAt(ports, request.params.app);
      const counts = new SessionCounts(ports.relay.sessions());
      return { keys: store.apiKeys.list(id).map((key) => apiKeyDocument(key, counts)) };
    },
  );
}

function makeKeys(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.post(
    '/apps/:app/keys',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Make an API key. Its text is shown this once',
        params: AppParams,
        body: NewApiKey,
        response: { 201: CreatedApiKey },
      },
    },
    async (request, reply) => {
      const { name, requestsPerSecond, expiresAt } = request.body;
      const expiresAtMs = readFutureInstant(expiresAt, 'expiresAt', ports.nowMs());
      const { id, text, hash } = mintToken('tpk');
      const key = store.mutate(actorOf(request).who, (record) => {
        const app = appAt(ports, request.params.app);
        if (store.apiKeys.list(app.id).filter(({ revokedAtMs }) => revokedAtMs === null).length >= maxLiveKeys) {
          throw new RequestRefused(
            'conflict',
            `The app "${app.id}" has ${maxLiveKeys} live API keys, which is the most. Revoke one that nobody uses.`,
          );
        }
        store.apiKeys.create({ id, appId: app.id, name, hash, requestsPerSecond, expiresAtMs });
        record({
          action: 'key.create',
          target: `app/${app.id}/key/${id}`,
          before: null,
          after: { name, requestsPerSecond, expiresAtMs },
        });
        return store.apiKeys.get(id);
      });
      if (key === null) throw new Error('the API key is gone');
      return reply.code(201).send({ key: apiKeyDocument(key, new SessionCounts(ports.relay.sessions())), text });
    },
  );
}

function revokeKeys(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.delete(
    '/apps/:app/keys/:key',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Revoke an API key; sessions of the credentials that it issued end within two seconds',
        params: ApiKeyParams,
        response: { 200: Revoked },
      },
    },
    (request) => {
      const sessionsEnding = store.mutate(actorOf(request).who, (record) => {
        const app = appAt(ports, request.params.app);
        const key = store.apiKeys.get(request.params.key);
        if (key?.appId !== app.id || !store.apiKeys.revoke(app.id, key.id)) {
          throw new RequestRefused('not_found', `The app "${app.id}" has no live API key ${request.params.key}.`);
        }
        const sessions = new SessionCounts(ports.relay.sessions()).ofKey(key.id);
        record({
          action: 'key.revoke',
          target: `app/${app.id}/key/${key.id}`,
          before: { name: key.name },
          after: { sessionsEnding: sessions },
        });
        return sessions;
      });
      return { sessionsEnding };
    },
  );
}
