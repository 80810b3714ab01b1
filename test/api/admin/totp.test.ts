import { describe, expect, test } from 'vitest';
import { Secret, TOTP } from 'otpauth';
import { adminWorld, cookieOf, goodPassword, type AdminWorld } from './admin-world.ts';

interface Person {
  readonly world: AdminWorld;
  readonly id: string;
  readonly cookie: string;
  readonly codeAt: (offsetS: number) => string;
  readonly recoveryCodes: readonly string[];
}

function signIn(world: AdminWorld, code?: string) {
  const payload = { username: 'alice', password: goodPassword, ...(code === undefined ? {} : { code }) };
  return world.call('nobody', { method: 'POST', url: '/sign-in', payload });
}

function asMe(
  { world, cookie }: Pick<Person, 'world' | 'cookie'>,
  method: 'POST' | 'DELETE',
  url: string,
  body: object,
) {
  return world.call('nobody', { method, url, headers: { cookie }, payload: body });
}

/** Somebody who has confirmed a seed with the code of now, half a minute ago. */
async function enrolled(): Promise<Person> {
  const world = await adminWorld();
  const made = await world.call('owner', {
    method: 'POST',
    url: '/accounts',
    payload: { username: 'alice', role: 'operator', password: goodPassword },
  });
  const cookie = cookieOf(await signIn(world));
  const begun = await asMe({ world, cookie }, 'POST', '/me/totp', { password: goodPassword });
  const secret = Secret.fromBase32(begun.json<{ secret: string }>().secret);
  const codeAt = (offsetS: number) => new TOTP({ secret }).generate({ timestamp: world.clock.nowMs + offsetS * 1000 });
  const confirmed = await asMe({ world, cookie }, 'POST', '/me/totp/confirm', { code: codeAt(0) });
  const { recoveryCodes } = confirmed.json<{ recoveryCodes: string[] }>();
  expect((await signIn(world, codeAt(0))).statusCode).toBe(401);
  world.clock.nowMs += 30_000;
  return { world, id: made.json<{ id: string }>().id, cookie, codeAt, recoveryCodes };
}

describe('time-based codes', () => {
  test('a password alone does not sign in any more, with a code it does', async () => {
    const { world, codeAt } = await enrolled();
    expect((await signIn(world)).json()).toMatchObject({ status: 401, code: 'code_required' });
    expect((await signIn(world, codeAt(0))).statusCode).toBe(200);
  });

  test('SECURITY.md 13: a code that was used is refused, and so is one of before it', async () => {
    const { world, codeAt } = await enrolled();
    expect((await signIn(world, codeAt(30))).statusCode).toBe(200);
    expect((await signIn(world, codeAt(30))).statusCode).toBe(401);
    expect((await signIn(world, codeAt(0))).statusCode).toBe(401);
  });

  test('guessing codes is slowed like guessing passwords, and being asked for one is no failure', async () => {
    const { world } = await enrolled();
    for (let time = 0; time < 10; time += 1) expect((await signIn(world)).statusCode).toBe(401);
    const statuses: number[] = [];
    for (let guess = 0; guess < 7; guess += 1) statuses.push((await signIn(world, `00000${guess}`)).statusCode);
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429, 429]);
  });

  test('each recovery code signs in once', async () => {
    const { world, recoveryCodes } = await enrolled();
    expect(recoveryCodes).toHaveLength(10);
    const [first = '', second = ''] = recoveryCodes;
    expect((await signIn(world, first)).statusCode).toBe(200);
    expect((await signIn(world, first)).statusCode).toBe(401);
    const signedIn = await signIn(world, second.toUpperCase().replaceAll('-', ' '));
    const me = await world.call('nobody', { url: '/me', headers: { cookie: cookieOf(signedIn) } });
    expect(me.json()).toMatchObject({ recoveryCodesLeft: 8, account: { totp: true } });
  });

  test.each([
    ['with the password', goodPassword, 204],
    ['not without', 'not the password', 401],
  ])('are switched off %s', async (_what, password, status) => {
    const person = await enrolled();
    expect((await asMe(person, 'DELETE', '/me/totp', { password })).statusCode).toBe(status);
    expect((await signIn(person.world)).statusCode).toBe(status === 204 ? 200 : 401);
  });

  test('an owner switches them off for whoever lost everything', async () => {
    const { world, id } = await enrolled();
    expect((await world.call('owner', { method: 'DELETE', url: `/accounts/${id}/totp` })).statusCode).toBe(204);
    expect((await signIn(world)).statusCode).toBe(200);
  });
});

describe('beginning with them', () => {
  async function begun(): Promise<{
    readonly world: AdminWorld;
    readonly cookie: string;
    readonly code: () => string;
  }> {
    const world = await adminWorld();
    await world.call('owner', {
      method: 'POST',
      url: '/accounts',
      payload: { username: 'alice', role: 'operator', password: goodPassword },
    });
    const cookie = cookieOf(await signIn(world));
    const answer = await asMe({ world, cookie }, 'POST', '/me/totp', { password: goodPassword });
    const secret = Secret.fromBase32(answer.json<{ secret: string }>().secret);
    return { world, cookie, code: () => new TOTP({ secret }).generate({ timestamp: world.clock.nowMs }) };
  }

  test('a seed is in force once a code of it was given', async () => {
    const { world } = await begun();
    expect((await signIn(world)).statusCode).toBe(200);
  });

  test.each([
    ['another code', 0, () => '000000', 'invalid_value'],
    ['the code, too late', 600_000, (code: string) => code, 'conflict'],
  ])('%s does not confirm', async (_what, laterMs, change, code) => {
    const start = await begun();
    start.world.clock.nowMs += laterMs;
    const answer = await asMe(start, 'POST', '/me/totp/confirm', { code: change(start.code()) });
    expect(answer.json()).toMatchObject({ code });
  });

  test('takes the password again', async () => {
    const { world, cookie } = await begun();
    expect((await asMe({ world, cookie }, 'POST', '/me/totp', { password: 'wrong' })).statusCode).toBe(401);
  });
});
