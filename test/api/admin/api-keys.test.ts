import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ask, auditLines, grant, refusal } from './asking.ts';
import { adminWorld, startMs, type AdminWorld } from './admin-world.ts';

interface Key {
  readonly id: string;
  readonly [key: string]: unknown;
}

interface Made {
  readonly key: Key;
  readonly text: string;
}

const keys = '/apps/chat/keys';

async function worldWithChat(): Promise<AdminWorld> {
  const world = await adminWorld();
  for (const id of ['chat', 'shop']) await grant(world, 'POST', '/apps', { id });
  return world;
}

function hold(world: AdminWorld, keyId: string | null, count: number): void {
  const principal = { kind: 'rest', app: 'chat', subject: 'alice', secretId: 'x', keyId } as const;
  for (let session = 0; session < count; session += 1) world.relay.add({ principal });
}

describe('POST /apps/:app/keys', () => {
  test('makes a key that is shown this once; what is kept is its hash', async () => {
    const world = await worldWithChat();
    const { key, text } = await grant<Made>(world, 'POST', keys, { name: 'back end' });
    expect(text).toMatch(new RegExp(`^tpk_${key.id}_[A-Za-z0-9_-]{43}$`));
    expect(key).toEqual({
      id: expect.stringMatching(/^[a-z2-7]{8}$/) as string,
      name: 'back end',
      requestsPerSecond: 100,
      expiresAt: null,
      createdAt: new Date(startMs).toISOString(),
      revokedAt: null,
      lastUsedAt: null,
      liveSessions: 0,
    });
    expect(world.store.apiKeys.findByHash(createHash('sha256').update(text).digest())?.id).toBe(key.id);
    for (const path of [keys, '/apps/chat', '/audit']) {
      expect((await ask(world, ['GET', path])).text).not.toContain(text.slice(-43));
    }
  });

  test('with a rate and an end', async () => {
    const world = await worldWithChat();
    const expiresAt = new Date(startMs + 1).toISOString();
    const made = await grant<Made>(world, 'POST', keys, { name: 'x', requestsPerSecond: 1, expiresAt });
    expect(made.key).toMatchObject({ requestsPerSecond: 1, expiresAt });
  });

  test.each<[what: string, document: object, code: string, detail: RegExp]>([
    ['no name', {}, 'bad_request', /name/],
    ['a name of two lines', { name: 'a\nb' }, 'bad_request', /name/],
    ['no requests', { name: 'x', requestsPerSecond: 0 }, 'bad_request', /requestsPerSecond/],
    ['half a request', { name: 'x', requestsPerSecond: 0.5 }, 'bad_request', /requestsPerSecond/],
    [
      'an end that is over',
      { name: 'x', expiresAt: new Date(startMs).toISOString() },
      'invalid_value',
      /expiresAt 2026-12-01T12:00:00\.000Z is over\. Write a time that is still to come/,
    ],
    ['an unknown key', { name: 'x', scope: 'all' }, 'bad_request', /unknown keys: "scope"/],
  ])('refuses %s', async (_what, document, code, detail) => {
    const world = await worldWithChat();
    expect(await refusal(world, 'POST', keys, document)).toMatchObject({
      code,
      detail: expect.stringMatching(detail) as string,
    });
    expect(world.store.apiKeys.list('chat')).toEqual([]);
  });

  test('leaves room for no more than a hundred that are live', async () => {
    const world = await worldWithChat();
    const first = await grant<Made>(world, 'POST', keys, { name: 'first' });
    for (let made = 1; made < 100; made += 1) await grant(world, 'POST', keys, { name: String(made) });
    expect(await refusal(world, 'POST', keys, { name: 'one more' })).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('Revoke one that nobody uses') as string,
    });
    await grant(world, 'POST', '/apps/shop/keys', { name: 'another app' });
    await grant(world, 'DELETE', `${keys}/${first.key.id}`);
    await grant(world, 'POST', keys, { name: 'one more' });
  });
});

describe('GET /apps/:app/keys', () => {
  test('lists them with when each was last used, and by how many sessions it is', async () => {
    const world = await worldWithChat();
    const { key } = await grant<Made>(world, 'POST', keys, { name: 'back end' });
    world.store.batch(() => world.store.apiKeys.noteUsed(key.id, startMs + 5));
    hold(world, key.id, 2);
    hold(world, null, 1);
    expect(await grant(world, 'GET', keys)).toEqual({
      keys: [{ ...key, lastUsedAt: new Date(startMs + 5).toISOString(), liveSessions: 2 }],
    });
    expect(await grant(world, 'GET', '/apps/shop/keys')).toEqual({ keys: [] });
    expect(await refusal(world, 'GET', '/apps/nowhere/keys')).toMatchObject({ code: 'not_found' });
  });
});

describe('DELETE /apps/:app/keys/:key', () => {
  test('revokes it, and says how many sessions end', async () => {
    const world = await worldWithChat();
    const { key } = await grant<Made>(world, 'POST', keys, { name: 'back end' });
    hold(world, key.id, 3);
    expect(await grant(world, 'DELETE', `${keys}/${key.id}`)).toEqual({ sessionsEnding: 3 });
    const { keys: listed } = await grant<{ keys: Key[] }>(world, 'GET', keys);
    expect(listed).toMatchObject([{ id: key.id, revokedAt: new Date(startMs).toISOString() }]);
  });

  test('one that is not there, of another app, or revoked already is a 404', async () => {
    const world = await worldWithChat();
    const { key } = await grant<Made>(world, 'POST', keys, { name: 'back end' });
    for (const path of [`/apps/shop/keys/${key.id}`, `${keys}/nowhere`, `/apps/nowhere/keys/${key.id}`]) {
      expect(await refusal(world, 'DELETE', path)).toMatchObject({ code: 'not_found' });
    }
    expect(world.store.apiKeys.get(key.id)?.revokedAtMs).toBeNull();
    await grant(world, 'DELETE', `${keys}/${key.id}`);
    expect(await refusal(world, 'DELETE', `${keys}/${key.id}`)).toMatchObject({ code: 'not_found' });
  });
});

test('SECURITY.md 13: every change of a key is written down, and its text nowhere', async () => {
  const world = await worldWithChat();
  const { key, text } = await grant<Made>(world, 'POST', keys, { name: 'back end' });
  hold(world, key.id, 1);
  await grant(world, 'DELETE', `${keys}/${key.id}`);
  const target = `app/chat/key/${key.id}`;
  expect(auditLines(world.store).slice(-2)).toMatchObject([
    {
      action: 'key.create',
      target,
      before: null,
      after: { name: 'back end', requestsPerSecond: 100, expiresAtMs: null },
    },
    { action: 'key.revoke', target, before: { name: 'back end' }, after: { sessionsEnding: 1 } },
  ]);
  expect(JSON.stringify([auditLines(world.store), world.logged])).not.toContain(text.slice(-43));
});
