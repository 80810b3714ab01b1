import { describe, expect, test } from 'vitest';
import { grant, refusal } from './asking.ts';
import { adminWorld, startMs, type AdminWorld } from './admin-world.ts';

interface SecretDocument {
  readonly id: string;
}

async function list(world: AdminWorld, app: string): Promise<readonly SecretDocument[]> {
  return (await grant<{ secrets: SecretDocument[] }>(world, 'GET', `/apps/${app}/secrets`)).secrets;
}

describe('secrets that the configuration names', () => {
  const id = '0123456789abcdef';
  const origin = '/etc/turnpike/turnpike.yaml:12';

  async function worldWithConfigured(): Promise<AdminWorld> {
    const world = await adminWorld({
      ports: {
        configured: {
          realm: () => 'turnpike.local',
          secrets: () => [{ id, origin }],
          userOrigin: () => null,
          userKey: () => null,
          issuingSecretId: (appId) => (appId === 'default' ? id : (world.store.secrets.list(appId)[0]?.id ?? null)),
          secretValue: () => null,
        },
      },
    });
    await grant(world, 'POST', '/apps', { id: 'default' });
    await grant(world, 'POST', '/apps', { id: 'chat' });
    return world;
  }

  test('are shown first, with their origin; they issue for the default app', async () => {
    const world = await worldWithConfigured();
    const principal = { kind: 'rest', app: 'default', subject: 'alice', secretId: id, keyId: null } as const;
    world.relay.add({ principal });
    world.relay.add({ principal: { ...principal, app: 'chat' } });
    expect(await list(world, 'default')).toMatchObject([
      { id, origin, state: 'active', issues: true, liveSessions: 1 },
      { origin: 'stored', state: 'active', issues: false },
    ]);
    expect(await list(world, 'chat')).toMatchObject([{ origin: 'stored', issues: true }]);
  });

  test.each<[what: string, path: string, document: object]>([
    [
      'retired',
      `/apps/default/secrets/${id}/retire`,
      { acceptedUntil: new Date(startMs + 9 * 86_400_000).toISOString() },
    ],
    ['revoked', `/apps/default/secrets/${id}/revoke`, {}],
    ['rotated away', '/apps/default/secrets/rotate', {}],
    ['rotated by schedule', '/apps/default', { rotateEveryDays: 30 }],
  ])('cannot be %s here', async (_what, path, document) => {
    const world = await worldWithConfigured();
    const method = path === '/apps/default' ? 'PATCH' : 'POST';
    const refused = await refusal(world, method, path, document);
    expect(refused).toMatchObject({ code: 'locked', detail: expect.stringContaining(origin) as string });
    expect(world.store.apps.get('default')?.rotateEveryDays).toBeNull();
    expect(world.store.secrets.list('default')).toHaveLength(1);
  });

  test('succeed the last stored one, and count among the eight', async () => {
    const world = await worldWithConfigured();
    const [, stored] = await list(world, 'default');
    for (let made = 2; made < 8; made += 1) await grant(world, 'POST', '/apps/default/secrets', {});
    expect((await refusal(world, 'POST', '/apps/default/secrets', {})).detail).toContain('8 live secrets');
    for (const { id: each } of (await list(world, 'default')).slice(1)) {
      await grant(world, 'POST', `/apps/default/secrets/${each}/revoke`);
    }
    expect(world.store.secrets.get('default', stored?.id ?? '')?.state).toBe('revoked');
  });
});
