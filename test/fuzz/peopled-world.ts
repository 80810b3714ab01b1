import type { AdminRequest } from '../../server/contract/control.ts';
import { adminWorld, goodPassword, type AdminWorld } from '../api/admin/admin-world.ts';
import type { KnownTexts } from './schema-values.ts';

/** A world in which there is something of everything. */
export async function peopled(): Promise<AdminWorld> {
  const world = await adminWorld();
  world.relay.add();
  world.relay.add({ principal: { kind: 'static', name: 'pump' }, username: 'pump' });
  world.events.publish('session-started', { id: '1' });
  const post = (path: string, body: object) => must(world, { command: 'admin', method: 'POST', path, body });
  for (const id of ['default', 'chat']) await post('/apps', { id });
  for (const app of ['default', 'chat']) {
    await post(`/apps/${app}/secrets`, {});
    await post(`/apps/${app}/secrets/rotate`, {});
    await post(`/apps/${app}/keys`, { name: 'back end' });
  }
  await post('/turn-users', { name: 'pump', password: goodPassword });
  await post('/bans', { target: { kind: 'subject', app: 'chat', subject: 'mallory' }, reason: 'spam' });
  await post('/accounts', { username: 'second', role: 'owner', password: goodPassword });
  await post('/tokens', { name: 'ci', scope: 'read' });
  for (const role of ['viewer', 'operator', 'owner'] as const) world.headersOf(role);
  return world;
}

async function must({ api }: AdminWorld, request: AdminRequest): Promise<void> {
  const { status, body } = await api.asLocal(request);
  if (status >= 300) throw new Error(`${request.method} ${request.path}: ${status} ${JSON.stringify(body)}`);
}

/** What there is in a world, by the names of the keys and parameters that name it. */
export function knownTexts({ store, accountIds }: AdminWorld): KnownTexts {
  const signIns = Object.values(accountIds).flatMap((id) => store.signIns.list(id).map((signIn) => signIn.id));
  const apps = store.apps.list().map(({ id }) => id);
  return {
    id: [
      ...Object.values(accountIds),
      ...store.accounts.list().map(({ id }) => id),
      ...store.bans.list().map(({ id }) => id),
      ...store.adminTokens.list().map(({ id }) => id),
      ...signIns,
      '1',
      '2',
    ],
    signIn: signIns,
    app: apps,
    secret: apps.flatMap((app) => store.secrets.list(app).map(({ id }) => id)),
    key: apps.flatMap((app) => store.apiKeys.list(app).map(({ id }) => id)),
    name: ['pump'],
    username: ['owner', 'second', '1796212800:chat/alice'],
    password: [goodPassword],
    current: [goodPassword],
    subject: ['alice', 'mallory'],
    range: ['192.0.2.0/24', '2001:db8::/64'],
    peersAllow: ['10.0.0.0/8'],
  };
}
