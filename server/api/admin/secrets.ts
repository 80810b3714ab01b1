import {
  AppParams,
  CreatedSecret,
  NewSecret,
  Retirement,
  Revoked,
  Rotated,
  Rotation,
  Secret,
  SecretList,
  SecretParams,
} from '../../contract/admin/apps.ts';
import { defaultAppId } from '../../contract/default-app.ts';
import type { AppRecord, SecretRecord } from '../../store/records.ts';
import { RequestRefused } from '../request-failure.ts';
import { actorOf } from './actor.ts';
import { appAt, secretDescriber, secretDocuments } from './app-documents.ts';
import { readInstant } from './instants.ts';
import type { AdminPorts } from './ports.ts';
import { createSecret, retireSecret, rotateSecrets } from './rotation.ts';
import type { AdminRoutes } from './routes.ts';
import { SessionCounts } from './session-counts.ts';

/** Secrets of an app: made, rotated with an overlap, retired, revoked. */
export async function secretRoutes(api: AdminRoutes, ports: AdminPorts): Promise<void> {
  readSecrets(api, ports);
  makeSecrets(api, ports);
  endSecrets(api, ports);
}

function readSecrets(api: AdminRoutes, ports: AdminPorts): void {
  api.get(
    '/apps/:app/secrets',
    {
      config: { access: 'viewer' },
      schema: { summary: 'List the secrets of an app', params: AppParams, response: { 200: SecretList } },
    },
    (request) => ({ secrets: secretDocuments(ports, appAt(ports, request.params.app).id) }),
  );

  api.get(
    '/apps/:app/secrets/:secret',
    {
      config: { access: 'viewer' },
      schema: { summary: 'Read a secret, without its value', params: SecretParams, response: { 200: Secret } },
    },
    (request) => {
      const { app, secret } = request.params;
      const found = secretDocuments(ports, appAt(ports, app).id).find(({ id }) => id === secret);
      if (found === undefined) throw noSuchSecret(app, secret);
      return found;
    },
  );
}

function makeSecrets(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.post(
    '/apps/:app/secrets',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Make a secret, which issues from now on. Its value is shown this once',
        params: AppParams,
        body: NewSecret,
        response: { 201: CreatedSecret },
      },
    },
    async (request, reply) => {
      const { app } = request.params;
      const made = store.mutate(actorOf(request).who, (record) =>
        createSecret(ports, appAt(ports, app), request.body.value, record),
      );
      return reply.code(201).send({ secret: secretDescriber(ports, app)(made.secret), value: made.text });
    },
  );

  api.post(
    '/apps/:app/secrets/rotate',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Make a secret and let those before it retire after an overlap. No session ends',
        params: AppParams,
        body: Rotation,
        response: { 201: Rotated },
      },
    },
    async (request, reply) => {
      const app = appAt(ports, request.params.app);
      const done = rotateSecrets(ports, actorOf(request).who, app, request.body.overlapSeconds);
      const describe = secretDescriber(ports, app.id);
      return reply
        .code(201)
        .send({ secret: describe(done.secret), value: done.text, retiring: done.retiring.map(describe) });
    },
  );
}

function endSecrets(api: AdminRoutes, ports: AdminPorts): void {
  const { store } = ports;
  api.post(
    '/apps/:app/secrets/:secret/retire',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Issue nothing with a secret any more, and accept it until a time',
        params: SecretParams,
        body: Retirement,
        response: { 200: Secret },
      },
    },
    (request) => {
      const untilMs = readInstant(request.body.acceptedUntil, 'acceptedUntil');
      const retired = store.mutate(actorOf(request).who, (record) => {
        const { app, secret } = changeable(ports, request.params);
        expectSuccessor(ports, app, secret);
        return retireSecret(ports, app, secret, untilMs, record);
      });
      return secretDescriber(ports, retired.appId)(retired);
    },
  );

  api.post(
    '/apps/:app/secrets/:secret/revoke',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Refuse a secret from now on; its sessions end within two seconds',
        params: SecretParams,
        response: { 200: Revoked },
      },
    },
    (request) => {
      const sessionsEnding = store.mutate(actorOf(request).who, (record) => {
        const { app, secret } = changeable(ports, request.params);
        expectSuccessor(ports, app, secret);
        const sessions = new SessionCounts(ports.relay.sessions()).ofSecret(app.id, secret.id);
        store.secrets.revoke(app.id, secret.id);
        record({
          action: 'secret.revoke',
          target: `app/${app.id}/secret/${secret.id}`,
          before: { state: secret.state },
          after: { state: 'revoked', sessionsEnding: sessions },
        });
        return sessions;
      });
      return { sessionsEnding };
    },
  );
}

function changeable(
  ports: AdminPorts,
  params: { readonly app: string; readonly secret: string },
): { readonly app: AppRecord; readonly secret: SecretRecord } {
  const app = appAt(ports, params.app);
  const configured = app.id === defaultAppId ? ports.configured.secrets() : [];
  const owner = configured.find(({ id }) => id === params.secret);
  if (owner !== undefined) {
    throw new RequestRefused('locked', `The secret ${owner.id} is set by ${owner.origin}. Change turn.secrets there.`);
  }
  const secret = ports.store.secrets.get(app.id, params.secret);
  if (secret === null) throw noSuchSecret(app.id, params.secret);
  if (secret.state === 'revoked') throw new RequestRefused('conflict', `The secret ${secret.id} is revoked already.`);
  return { app, secret };
}

/** An app that could issue nothing would be found out by its users. */
function expectSuccessor({ store, configured }: AdminPorts, app: AppRecord, secret: SecretRecord): void {
  if (secret.state !== 'active') return;
  const isOther = ({ id, state }: SecretRecord): boolean => state === 'active' && id !== secret.id;
  if (store.secrets.list(app.id).some(isOther)) return;
  if (app.id === defaultAppId && configured.secrets().length > 0) return;
  throw new RequestRefused(
    'conflict',
    `The secret ${secret.id} is the only active one of the app "${app.id}", which could issue nothing without it. Make another first, or ` +
      'rotate; to stop the app, disable it.',
  );
}

function noSuchSecret(app: string, secret: string): RequestRefused {
  return new RequestRefused('not_found', `The app "${app}" has no secret ${secret}.`);
}
