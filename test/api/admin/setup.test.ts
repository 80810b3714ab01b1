import { describe, expect, test } from 'vitest';
import { adminWorld, cookieOf, goodPassword, type AdminWorld } from './admin-world.ts';

const root = { username: 'root', password: goodPassword };

function freshToken(world: AdminWorld): string {
  return world.ports.setup.fresh().url.split('#/setup/')[1] ?? '';
}

function setUp(world: AdminWorld, token: string, owner: object = root) {
  return world.call('nobody', { method: 'POST', url: '/setup', payload: { token, ...owner } });
}

describe('DESIGN.md section 6: the setup link', () => {
  test('makes the first owner, who is signed in', async () => {
    const world = await adminWorld({ isFresh: true });
    expect((await world.call('nobody', { url: '/setup' })).json()).toEqual({ state: 'needed' });
    const answer = await setUp(world, freshToken(world));
    expect([answer.statusCode, answer.json()]).toMatchObject([201, { account: { username: 'root', role: 'owner' } }]);
    const me = await world.call('nobody', { url: '/me', headers: { cookie: cookieOf(answer) } });
    expect(me.json()).toMatchObject({ account: { username: 'root' } });
    expect((await world.call('nobody', { url: '/setup' })).json()).toEqual({ state: 'done' });
  });

  test.each([
    ['another token', (world: AdminWorld) => `${freshToken(world).slice(0, -1)}_`, 0],
    ['a beginning of the token', (world: AdminWorld) => freshToken(world).slice(0, -1), 0],
    ['nothing', () => '', 0],
    ['the token before the fresh one', (world: AdminWorld) => [freshToken(world), freshToken(world)][0] ?? '', 0],
    ['the token after half an hour', freshToken, 30 * 60_000],
  ])('%s is refused', async (_what, tokenOf, laterMs) => {
    const world = await adminWorld({ isFresh: true });
    const token = tokenOf(world);
    world.clock.nowMs += laterMs;
    expect((await setUp(world, token)).json()).toMatchObject({ status: 403, code: 'setup_link_invalid' });
    expect(world.store.accounts.list()).toEqual([]);
  });

  test('of two requests with one link, sent at once, one makes an owner', async () => {
    const world = await adminWorld({ isFresh: true });
    const token = freshToken(world);
    const answers = await Promise.all([setUp(world, token), setUp(world, token, { ...root, username: 'other' })]);
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 409]);
    expect(world.store.accounts.list()).toHaveLength(1);
  });

  test('a link is good once', async () => {
    const world = await adminWorld({ isFresh: true });
    const token = freshToken(world);
    await setUp(world, token);
    expect(world.ports.setup.accepts(token)).toBe(false);
  });

  test('while there is an owner no link makes another', async () => {
    const world = await adminWorld();
    expect((await setUp(world, freshToken(world))).json()).toMatchObject({ status: 409, code: 'setup_done' });
  });

  test.each([
    ['a short password', { ...root, password: 'short' }, 422],
    ['a password that is the name', { username: 'administrator1', password: 'administrator1' }, 422],
    ['no name', { ...root, username: '' }, 400],
    ['a name with a line break', { ...root, username: 'ro\not' }, 400],
  ])('%s does not use the link up', async (_what, owner, status) => {
    const world = await adminWorld({ isFresh: true });
    const token = freshToken(world);
    expect((await setUp(world, token, owner)).statusCode).toBe(status);
    expect((await setUp(world, token)).statusCode).toBe(201);
  });
});

test('a command makes the first owner without a browser', async () => {
  const world = await adminWorld({ isFresh: true });
  const body = { ...root, role: 'owner' };
  const made = await world.api.asLocal({ command: 'admin', method: 'POST', path: '/accounts', body });
  expect(made).toMatchObject({ status: 201, body: { username: 'root', role: 'owner' } });
  expect(world.store.audit.list(everything)).toMatchObject([{ actor: { kind: 'local' }, action: 'account.create' }]);
});

const everything = {
  fromMs: null,
  toMs: null,
  actor: null,
  action: null,
  target: null,
  beforeId: null,
  limit: 1_000,
};
