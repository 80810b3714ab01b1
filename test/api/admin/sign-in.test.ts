import { describe, expect, test } from 'vitest';
import type { Response } from 'light-my-request';
import { AdminApi } from '../../../server/api/admin/admin-api.ts';
import { TrustedProxies } from '../../../server/api/trusted-proxies.ts';
import { adminWorld, cheapHashing, cookieOf, goodPassword, type AdminWorld } from './admin-world.ts';

/** An account that has a password, beside those that every world has. */
async function withAccount(world: AdminWorld, username = 'alice'): Promise<string> {
  const answer = await world.api.asLocal({
    command: 'admin',
    method: 'POST',
    path: '/accounts',
    body: { username, role: 'operator', password: goodPassword },
  });
  return (answer.body as { id: string }).id;
}

interface Attempt {
  readonly username?: string;
  readonly password?: string;
  readonly code?: string;
  readonly headers?: Record<string, string>;
  readonly remoteAddress?: string;
}

function signIn(world: AdminWorld, { headers = {}, remoteAddress = '203.0.113.1', ...given }: Attempt = {}) {
  return world.call('nobody', {
    method: 'POST',
    url: '/sign-in',
    headers,
    remoteAddress,
    payload: { username: 'alice', password: goodPassword, ...given },
  });
}

function meWith(world: AdminWorld, cookie: string): Promise<Response> {
  return world.call('nobody', { url: '/me', headers: { cookie } });
}

describe('signing in', () => {
  test('the cookie is HttpOnly, SameSite=Strict and for the whole console', async () => {
    const world = await adminWorld();
    await withAccount(world);
    const answer = await signIn(world);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['set-cookie']).toMatch(
      /^turnpike_session=[A-Za-z0-9_-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect((await meWith(world, cookieOf(answer))).json()).toMatchObject({ account: { username: 'alice' } });
  });

  test.each([
    ['over HTTPS behind a proxy', { origin: 'https://console.test' }, null, /; Path=\/;.*; Secure; SameSite=Strict$/],
    [
      'below a path prefix',
      { origin: 'https://ops.test' },
      'https://ops.test/turnpike',
      /; Path=\/turnpike; HttpOnly; Secure; SameSite=Strict$/,
    ],
  ])('the cookie %s', async (_what, headers, adminUrl, pattern) => {
    const world = await adminWorld({ api: { adminUrl: () => adminUrl } });
    await withAccount(world);
    expect((await signIn(world, { headers })).headers['set-cookie']).toMatch(pattern);
  });

  test('SECURITY.md 13: an unknown account and a wrong password have the same answer', async () => {
    const world = await adminWorld();
    await withAccount(world);
    const answers = [await signIn(world, { username: 'nobody' }), await signIn(world, { password: 'wrong' })];
    const [unknown, wrong] = answers.map(({ statusCode, body, headers }) => {
      const { 'x-request-id': _, date: __, ...rest } = headers;
      return { statusCode, body, headers: rest };
    });
    expect(unknown).toEqual(wrong);
    expect(unknown).toMatchObject({ statusCode: 401 });
    expect(JSON.parse(unknown?.body ?? '')).toMatchObject({ code: 'sign_in_failed' });
  });

  test.each(['constructor', '__proto__', 'toString', "' OR 1=1 --", 'a\u0000b', '\ud800'])(
    'SECURITY.md 13: %j is a name like any other',
    async (username) => {
      const world = await adminWorld();
      expect((await signIn(world, { username })).json()).toMatchObject({ code: 'sign_in_failed' });
    },
  );

  test('whoever guesses has to wait, even with the right password then, and nobody else does', async () => {
    const world = await adminWorld();
    await withAccount(world);
    for (let guess = 0; guess < 5; guess += 1) await signIn(world, { password: `guess ${guess}` });
    const held = await signIn(world);
    expect([held.statusCode, held.headers['retry-after']]).toEqual([429, '2']);
    expect((await signIn(world, { remoteAddress: '203.0.113.2' })).statusCode).toBe(200);
    world.clock.nowMs += 2_000;
    expect((await signIn(world)).statusCode).toBe(200);
  });

  test('guesses that are sent at once are counted one by one', async () => {
    const world = await adminWorld();
    await withAccount(world);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, guess) => signIn(world, { password: `guess ${guess}` })),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 401)).toHaveLength(5);
  });

  test('a source that tries every account is slowed as well', async () => {
    const world = await adminWorld();
    const statuses: number[] = [];
    for (let name = 0; name < 40; name += 1) {
      statuses.push((await signIn(world, { username: `name${name}` })).statusCode);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(30);
    expect(statuses.at(-1)).toBe(429);
  });

  test('a command lets an account in again, and a restart does not', async () => {
    const world = await adminWorld();
    const id = await withAccount(world);
    for (let guess = 0; guess < 6; guess += 1) await signIn(world, { password: `guess ${guess}` });
    await world.api.close();
    const again = new AdminApi({
      ports: world.ports,
      proxies: new TrustedProxies([]),
      sourceOf: String,
      adminUrl: () => null,
      hashingCost: cheapHashing,
    });
    const restarted = again.createListener({ tls: null });
    const tryAgain = () =>
      restarted.inject({
        method: 'POST',
        url: '/admin/v1/sign-in',
        remoteAddress: '203.0.113.1',
        payload: { username: 'alice', password: goodPassword },
      });
    // The world counts this source by another key.
    expect(world.store.signIns.failures()).toMatchObject([{ username: 'alice', failures: 5 }]);
    const unlock = await again.asLocal({ command: 'admin', method: 'POST', path: `/accounts/${id}/unlock` });
    expect(unlock.body).toEqual({ sources: 1 });
    expect((await tryAgain()).statusCode).toBe(200);
    await restarted.close();
    await again.close();
  });

  test('a password whose hash costs otherwise than new ones is hashed anew', async () => {
    const world = await adminWorld({ api: { hashingCost: { ...cheapHashing, passes: 2 } } });
    const id = await withAccount(world);
    const old = await adminWorld({ store: world.store, ports: {} });
    expect((await signIn(old)).statusCode).toBe(200);
    expect(world.store.accounts.secrets(id).passwordHash).toMatch(/^\$argon2id\$v=19\$m=8,t=1,p=1/);
    expect((await signIn(old)).statusCode).toBe(200);
  });
});

describe('a sign-in', () => {
  test.each([
    ['is good while it is used', 11 * 3_600_000, 200],
    ['ends after twelve hours without use', 12 * 3_600_000, 401],
  ])('%s', async (_what, silentMs, status) => {
    const world = await adminWorld();
    await withAccount(world);
    const cookie = cookieOf(await signIn(world));
    world.clock.nowMs += silentMs;
    expect((await meWith(world, cookie)).statusCode).toBe(status);
  });

  test('ends after a week, however much it is used', async () => {
    const world = await adminWorld();
    await withAccount(world);
    const cookie = cookieOf(await signIn(world));
    for (let step = 0; step < 16; step += 1) {
      world.clock.nowMs += 10 * 3_600_000;
      expect((await meWith(world, cookie)).statusCode).toBe(200);
    }
    world.clock.nowMs += 8 * 3_600_000;
    expect((await meWith(world, cookie)).statusCode).toBe(401);
  });

  test('ends with signing out, and the cookie goes', async () => {
    const world = await adminWorld();
    await withAccount(world);
    const cookie = cookieOf(await signIn(world));
    const out = await world.call('nobody', { method: 'POST', url: '/sign-out', headers: { cookie } });
    expect([out.statusCode, out.headers['set-cookie']]).toEqual([
      204,
      'turnpike_session=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Strict',
    ]);
    expect((await meWith(world, cookie)).statusCode).toBe(401);
  });

  test('is listed with where it came from, and ended from another one', async () => {
    const world = await adminWorld();
    await withAccount(world);
    const lost = cookieOf(await signIn(world, { headers: { 'user-agent': 'a lost phone' } }));
    const cookie = cookieOf(await signIn(world));
    const listed = await world.call('nobody', { url: '/me/sign-ins', headers: { cookie } });
    const { signIns } = listed.json<{ signIns: { id: string; userAgent: string; current: boolean }[] }>();
    expect(signIns).toMatchObject([
      { current: expect.any(Boolean) as boolean, address: '203.0.113.1' },
      { address: '203.0.113.1' },
    ]);
    const phone = signIns.find(({ userAgent }) => userAgent === 'a lost phone');
    const ended = await world.call('nobody', {
      method: 'DELETE',
      url: `/me/sign-ins/${phone?.id}`,
      headers: { cookie },
    });
    expect([phone?.current, ended.statusCode]).toEqual([false, 204]);
    expect([(await meWith(world, lost)).statusCode, (await meWith(world, cookie)).statusCode]).toEqual([401, 200]);
  });

  test('of somebody else is not there to end', async () => {
    const world = await adminWorld();
    const id = await withAccount(world);
    await signIn(world);
    const [signedIn] = world.store.signIns.list(id);
    const ended = await world.call('operator', { method: 'DELETE', url: `/me/sign-ins/${signedIn?.id}` });
    expect(ended.statusCode).toBe(404);
  });

  test('the others of an account end when its password changes', async () => {
    const world = await adminWorld();
    await withAccount(world);
    const other = cookieOf(await signIn(world));
    const cookie = cookieOf(await signIn(world));
    const change = (current: string) =>
      world.call('nobody', {
        method: 'POST',
        url: '/me/password',
        headers: { cookie },
        payload: { current, password: 'another good password' },
      });
    expect((await change('not the password')).json()).toMatchObject({ code: 'sign_in_failed' });
    expect((await change(goodPassword)).statusCode).toBe(204);
    expect([(await meWith(world, other)).statusCode, (await meWith(world, cookie)).statusCode]).toEqual([401, 200]);
    expect((await signIn(world)).statusCode).toBe(401);
    expect((await signIn(world, { password: 'another good password' })).statusCode).toBe(200);
  });

  test('an account keeps twenty of them', async () => {
    const world = await adminWorld();
    const id = await withAccount(world);
    const first = cookieOf(await signIn(world));
    for (let count = 0; count < 20; count += 1) {
      world.clock.nowMs += 2_000;
      await signIn(world);
    }
    expect(world.store.signIns.list(id)).toHaveLength(20);
    expect((await meWith(world, first)).statusCode).toBe(401);
  });

  test.each([
    ['a beginning of the cookie', (cookie: string) => cookie.slice(0, -1)],
    ['one more character', (cookie: string) => `${cookie}A`],
    ['another last character', (cookie: string) => `${cookie.slice(0, -2)}${cookie.endsWith('AA') ? 'BB' : 'AA'}`],
    ['nothing', () => 'turnpike_session='],
  ])('SECURITY.md 13: the cookie is compared at full length: %s', async (_what, change) => {
    const world = await adminWorld();
    await withAccount(world);
    const cookie = cookieOf(await signIn(world));
    expect((await meWith(world, change(cookie))).statusCode).toBe(401);
  });
});
