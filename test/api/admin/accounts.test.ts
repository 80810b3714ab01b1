import { describe, expect, test, vi } from 'vitest';
import { adminWorld, cookieFor, goodPassword, type AdminWorld, type Caller } from './admin-world.ts';

async function make(world: AdminWorld, username: string, role: string): Promise<string> {
  const payload = { username, role, password: goodPassword };
  return (await world.call('owner', { method: 'POST', url: '/accounts', payload })).json<{ id: string }>().id;
}

describe('accounts', () => {
  test('are made, listed, shown, changed and deleted by owners', async () => {
    const world = await adminWorld();
    const id = await make(world, 'alice', 'viewer');
    const listed = await world.call('owner', { url: '/accounts' });
    expect(listed.json<{ accounts: { username: string }[] }>().accounts.map(({ username }) => username)).toEqual([
      'alice',
      'operator',
      'owner',
      'viewer',
    ]);
    const url = `/accounts/${id}`;
    expect((await world.call('owner', { method: 'PATCH', url, payload: { role: 'operator' } })).json()).toMatchObject({
      role: 'operator',
    });
    expect((await world.call('owner', { method: 'DELETE', url })).statusCode).toBe(204);
    expect((await world.call('owner', { url })).json()).toMatchObject({ code: 'not_found' });
  });

  test.each(['alice', 'ALICE'])('a name is taken once: %s', async (username) => {
    const world = await adminWorld();
    await make(world, 'alice', 'viewer');
    const payload = { username, role: 'viewer', password: goodPassword };
    expect((await world.call('owner', { method: 'POST', url: '/accounts', payload })).json()).toMatchObject({
      code: 'conflict',
    });
  });

  test.each([
    ['demoted', { method: 'PATCH' as const, payload: { role: 'operator' } }],
    ['deleted', { method: 'DELETE' as const }],
  ])('the last owner is not %s, one of two is', async (_what, request) => {
    const world = await adminWorld();
    const url = `/accounts/${world.accountIds.owner}`;
    expect((await world.call('owner', { ...request, url })).json()).toMatchObject({ code: 'last_owner' });
    const second = await make(world, 'second', 'owner');
    const answer = await world.server.inject({
      ...request,
      url: `/admin/v1${url}`,
      headers: { ...world.headersOf('nobody'), cookie: cookieFor(world.store, second, world.clock.nowMs) },
    });
    expect(answer.statusCode).toBeLessThan(300);
  });

  test.each([
    ['a role that is taken away', { method: 'PATCH' as const, payload: { role: 'viewer' } }, 403],
    ['an account that is deleted', { method: 'DELETE' as const }, 401],
  ])('%s is gone at once', async (_what, request, status) => {
    const world = await adminWorld();
    const headers = world.headersOf('operator');
    const ask = () =>
      world.server.inject({ method: 'POST', url: '/admin/v1/apps', headers, payload: { id: 'nonsense-' } });
    expect([401, 403]).not.toContain((await ask()).statusCode);
    await world.call('owner', { ...request, url: `/accounts/${world.accountIds.operator}` });
    expect((await ask()).statusCode).toBe(status);
  });
});

describe('letting somebody in again', () => {
  test.each([
    ['with a password that was made', {}, /^[a-z2-7]{24}$/],
    ['with a password that was given', { password: 'another good password' }, null],
  ])('%s; every sign-in ends', async (_what, payload, made) => {
    const world = await adminWorld();
    const id = await make(world, 'alice', 'operator');
    const cookie = cookieFor(world.store, id, world.clock.nowMs);
    const reset = await world.call('owner', { method: 'POST', url: `/accounts/${id}/reset-password`, payload });
    const { password } = reset.json<{ password: string | null }>();
    if (made === null) expect(password).toBeNull();
    else expect(password).toMatch(made);
    expect((await world.call('nobody', { url: '/me', headers: { cookie } })).statusCode).toBe(401);
    const signIn = await world.call('nobody', {
      method: 'POST',
      url: '/sign-in',
      payload: { username: 'alice', password: password ?? 'another good password' },
    });
    expect(signIn.statusCode).toBe(200);
  });

  test('an old password that is being checked meanwhile signs nobody in', async () => {
    const world = await adminWorld();
    const id = await make(world, 'alice', 'operator');
    const other = await make(world, 'bob', 'operator');
    const { accounts } = world.store;
    const read = accounts.secrets.bind(accounts);
    const another = read(other).passwordHash;
    vi.spyOn(accounts, 'secrets').mockImplementationOnce((account) => {
      const before = read(account);
      accounts.setPasswordHash(id, another);
      return before;
    });
    const payload = { username: 'alice', password: goodPassword };
    expect((await world.call('nobody', { method: 'POST', url: '/sign-in', payload })).statusCode).toBe(401);
    expect(world.store.signIns.list(id)).toEqual([]);
  });

  test('an owner ends the sign-ins of an account, one or all', async () => {
    const world = await adminWorld();
    const id = await make(world, 'alice', 'operator');
    const cookies = [1, 2, 3].map(() => cookieFor(world.store, id, world.clock.nowMs));
    const url = `/accounts/${id}/sign-ins`;
    const listed = await world.call('owner', { url });
    const [first] = listed.json<{ signIns: { id: string }[] }>().signIns;
    await world.call('owner', { method: 'DELETE', url: `${url}/${first?.id}` });
    expect(world.store.signIns.list(id)).toHaveLength(2);
    await world.call('owner', { method: 'DELETE', url });
    for (const cookie of cookies) {
      expect((await world.call('nobody', { url: '/me', headers: { cookie } })).statusCode).toBe(401);
    }
  });
});

describe('tokens', () => {
  const days = 86_400_000;

  async function token(world: AdminWorld, maker: Caller, scope: string, expiresInDays = 30) {
    return world.call(maker, { method: 'POST', url: '/tokens', payload: { name: 'ci', scope, expiresInDays } });
  }

  function withToken(world: AdminWorld, text: string, url = '/accounts') {
    return world.server.inject({ url: `/admin/v1${url}`, headers: { authorization: `Bearer ${text}` } });
  }

  test('the text is shown once, and its hash is kept', async () => {
    const world = await adminWorld();
    const { text, token: made } = (await token(world, 'owner', 'own')).json<{ text: string; token: { id: string } }>();
    expect(text).toMatch(new RegExp(`^tpa_${made.id}_[A-Za-z0-9_-]{43}$`));
    const listed = await world.call('owner', { url: '/tokens' });
    expect(listed.body).not.toContain(text.slice(-43));
    expect((await withToken(world, text)).statusCode).toBe(200);
  });

  test.each([
    ['a beginning', (text: string) => text.slice(0, -1)],
    ['one more character', (text: string) => `${text}A`],
    ['another last character', (text: string) => `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`],
    ['another id', (text: string) => text.replace(/_.{8}_/, '_aaaaaaaa_')],
    ['the id alone', (text: string) => text.slice(0, 12)],
    ['nothing', () => ''],
  ])('SECURITY.md 13: is compared at full length: %s', async (_what, change) => {
    const world = await adminWorld();
    const { text } = (await token(world, 'owner', 'own')).json<{ text: string }>();
    expect((await withToken(world, change(text))).statusCode).toBe(401);
  });

  test('a bad token is not made up for by a good cookie', async () => {
    const world = await adminWorld();
    const answer = await world.call('owner', { url: '/accounts', headers: { authorization: 'Bearer tpa_x' } });
    expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
  });

  test('ends at its time, and when it is revoked', async () => {
    const world = await adminWorld();
    const texts: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      texts.push((await token(world, 'owner', 'read', 1)).json<{ text: string }>().text);
    }
    const [first = '', second = ''] = texts;
    const id = first.split('_')[1] ?? '';
    await world.call('owner', { method: 'DELETE', url: `/tokens/${id}` });
    expect((await withToken(world, first, '/system')).statusCode).toBe(401);
    expect((await withToken(world, second, '/system')).statusCode).toBe(200);
    world.clock.nowMs += 1 * days;
    expect((await withToken(world, second, '/system')).statusCode).toBe(401);
  });

  test('does no more than whoever made it does now, and goes with that account', async () => {
    const world = await adminWorld();
    const { text } = (await token(world, 'owner', 'own')).json<{ text: string }>();
    const second = await make(world, 'second', 'owner');
    await world.call('owner', {
      method: 'PATCH',
      url: `/accounts/${world.accountIds.owner}`,
      payload: { role: 'viewer' },
    });
    expect((await withToken(world, text)).json()).toMatchObject({ code: 'forbidden' });
    expect((await withToken(world, text, '/system')).statusCode).toBe(200);
    const cookie = cookieFor(world.store, second, world.clock.nowMs);
    const url = `/accounts/${world.accountIds.owner}`;
    expect((await world.call('nobody', { method: 'DELETE', url, headers: { cookie } })).statusCode).toBe(204);
    expect((await withToken(world, text, '/system')).statusCode).toBe(401);
  });

  test('that makes a token makes none that outlives it', async () => {
    const world = await adminWorld();
    const made = (await token(world, 'token:own', 'own', 365)).json<{ token: { expiresAt: string } }>();
    expect(Date.parse(made.token.expiresAt)).toBe(world.clock.nowMs + 3_600_000);
  });

  test('of the scope metrics reads metrics alone', async () => {
    const world = await adminWorld();
    const { text } = (await token(world, 'owner', 'metrics')).json<{ text: string }>();
    const metrics = await world.server.inject({ url: '/metrics', headers: { authorization: `Bearer ${text}` } });
    expect([metrics.statusCode, metrics.body]).toEqual([200, 'up 1\n']);
    expect((await withToken(world, text, '/system')).statusCode).toBe(403);
  });

  test('when it was last used is told at once and written later', async () => {
    const world = await adminWorld();
    const { text, token: made } = (await token(world, 'owner', 'read')).json<{ text: string; token: { id: string } }>();
    await withToken(world, text, '/system');
    const listed = await world.call('owner', { url: '/tokens' });
    const { tokens } = listed.json<{ tokens: { id: string; lastUsedAt: string | null }[] }>();
    expect(tokens.find(({ id }) => id === made.id)?.lastUsedAt).toBe(new Date(world.clock.nowMs).toISOString());
    expect(world.store.adminTokens.get(made.id)?.lastUsedAtMs).toBeNull();
    await world.api.close();
    expect(world.store.adminTokens.get(made.id)?.lastUsedAtMs).toBe(world.clock.nowMs);
  });
});
