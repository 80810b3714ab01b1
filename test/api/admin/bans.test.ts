import { describe, expect, test } from 'vitest';
import { ask, auditLines, grant, refusal } from './asking.ts';
import { adminWorld, startMs, type AdminWorld } from './admin-world.ts';

interface BanDocument {
  readonly id: string;
  readonly target: object;
  readonly [key: string]: unknown;
}

interface Created {
  readonly ban: BanDocument;
  readonly sessionsEnding: number;
  readonly isWidened: boolean;
}

const reason = 'port scan';
const rest = { kind: 'rest', app: 'chat', subject: 'alice', secretId: 's1', keyId: null } as const;

async function worldWithChat(): Promise<AdminWorld> {
  const world = await adminWorld();
  await grant(world, 'POST', '/apps', { id: 'chat' });
  await grant(world, 'POST', '/turn-users', { name: 'caf\u00e9', password: 'a password of a camera' });
  return world;
}

function range(text: string): object {
  return { kind: 'address', range: text };
}

describe('POST /bans', () => {
  test('shuts somebody out until the ban is lifted', async () => {
    const world = await worldWithChat();
    const created = await grant<Created>(world, 'POST', '/bans', { target: range('203.0.113.9'), reason });
    expect(created).toEqual({
      ban: {
        id: expect.stringMatching(/^[a-z2-7]{8}$/) as string,
        target: range('203.0.113.9/32'),
        reason,
        expiresAt: null,
        createdAt: new Date(startMs).toISOString(),
        createdBy: 'owner',
      },
      sessionsEnding: 0,
      isWidened: false,
    });
    expect(await grant(world, 'GET', `/bans/${created.ban.id}`)).toEqual(created.ban);
    expect(await grant(world, 'GET', '/bans')).toEqual({ bans: [created.ban] });
  });

  test.each<[given: string, banned: string, isWidened: boolean]>([
    ['203.0.113.9', '203.0.113.9/32', false],
    ['203.0.113.0/24', '203.0.113.0/24', false],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', true],
    ['2001:db8:1:2:3::/80', '2001:db8:1:2::/64', true],
    ['2001:db8:1:2:3:4:5:6/128', '2001:db8:1:2::/64', true],
    ['2001:db8:1:2::/64', '2001:db8:1:2::/64', false],
    ['2001:db8::/32', '2001:db8::/32', false],
    ['2001:DB8:0::/33', '2001:db8::/33', false],
  ])('%s bans %s', async (given, banned, isWidened) => {
    const world = await worldWithChat();
    const created = await grant<Created>(world, 'POST', '/bans', { target: range(given), reason });
    expect([created.ban.target, created.isWidened]).toEqual([range(banned), isWidened]);
  });

  test.each<[what: string, target: object, hits: number[]]>([
    ['an address', range('203.0.113.9'), [2]],
    ['a range', range('203.0.113.0/24'), [2, 3]],
    ["an address of IPv6, whose neighbour is the same customer's", range('2001:db8::7'), [4, 5]],
    [
      'a subject, whichever key issued its credential',
      { kind: 'subject', app: 'chat', subject: 'alice' },
      [1, 2, 3, 4, 5, 6],
    ],
    ['a subject of nobody', { kind: 'subject', app: 'chat', subject: 'carol' }, []],
    ['a TURN user', { kind: 'user', name: 'caf\u00e9' }, [9]],
    ['a TURN user, typed otherwise', { kind: 'user', name: 'cafe\u0301' }, [9]],
  ])('of %s says how many sessions end', async (_what, target, hits) => {
    const world = await worldWithChat();
    for (const address of ['198.51.100.7', '203.0.113.9', '203.0.113.10', '2001:db8::7', '2001:db8::8']) {
      world.relay.add({ principal: rest, client: { address, port: 1 } });
    }
    world.relay.add({ principal: { ...rest, keyId: 'abcdefgh' } });
    world.relay.add({ principal: { ...rest, app: 'default' } });
    world.relay.add({ principal: { ...rest, subject: 'bob' } });
    world.relay.add({ principal: { kind: 'static', name: 'caf\u00e9' } });
    world.relay.add({ principal: { kind: 'static', name: 'alice' } });
    const { sessionsEnding } = await grant<Created>(world, 'POST', '/bans', { target, reason });
    expect(sessionsEnding).toBe(hits.length);
  });

  test.each<[what: string, document: object, code: string, detail: RegExp]>([
    ['no reason', { target: range('203.0.113.9') }, 'bad_request', /reason/],
    ['an empty reason', { target: range('203.0.113.9'), reason: '' }, 'bad_request', /reason/],
    ['a reason of two lines', { target: range('203.0.113.9'), reason: 'a\nb' }, 'bad_request', /reason/],
    ['a target of another kind', { target: { kind: 'country', code: 'xx' }, reason }, 'bad_request', /target/],
    ['a target of two kinds', { target: { kind: 'user', name: 'x', range: '::1' }, reason }, 'bad_request', /target/],
    [
      'no address',
      { target: range('evil.example'), reason },
      'invalid_value',
      /target\.range "evil\.example" is no address/,
    ],
    ['host bits', { target: range('203.0.113.9/24'), reason }, 'invalid_value', /the network is 203\.0\.113\.0\/24/],
    [
      'an app that is not there',
      { target: { kind: 'subject', app: 'shop', subject: 'x' }, reason },
      'not_found',
      /no app "shop"/,
    ],
    [
      'a user that is not there',
      { target: { kind: 'user', name: 'alice' }, reason },
      'not_found',
      /no TURN user "alice"/,
    ],
    [
      'an end that is over',
      { target: range('203.0.113.9'), reason, expiresAt: '2026-12-01T12:00:00Z' },
      'invalid_value',
      /expiresAt 2026-12-01T12:00:00Z is over/,
    ],
    [
      'an unknown key',
      { target: range('203.0.113.9'), reason, forever: true },
      'bad_request',
      /unknown keys: "forever"/,
    ],
  ])('refuses %s', async (_what, document, code, detail) => {
    const world = await worldWithChat();
    expect(await refusal(world, 'POST', '/bans', document)).toMatchObject({
      code,
      detail: expect.stringMatching(detail) as string,
    });
    expect(world.store.bans.list()).toEqual([]);
  });

  test.each([
    ['0.0.0.0/0', 'is a large part of the internet'],
    ['::/0', 'is a large part of the internet'],
    ['64.0.0.0/7', 'is a large part of the internet'],
    ['2000::/23', 'is a large part of the internet'],
    // Where requests of tests come from.
    ['127.0.0.1', 'holds your own address'],
    ['127.0.0.0/8', 'holds your own address'],
  ])('refuses %s without force', async (text, why) => {
    const world = await worldWithChat();
    const document = { target: range(text), reason };
    expect(await refusal(world, 'POST', '/bans', document)).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining(`${why}. Set force to ban it all the same`) as string,
    });
    await grant(world, 'POST', '/bans', { ...document, force: true });
  });

  test('holds that against a token too, and against an own address of IPv6 by its network', async () => {
    const world = await worldWithChat();
    const payload = { target: range('2001:db8::1'), reason };
    const headers = world.headersOf('token:operate');
    const remoteAddress = '2001:db8::2';
    const answer = await world.server.inject({
      method: 'POST',
      url: '/admin/v1/bans',
      payload,
      headers,
      remoteAddress,
    });
    expect(answer.json()).toMatchObject({ code: 'conflict' });
  });

  test('a command on the host has no address to shut out', async () => {
    const world = await worldWithChat();
    const body = { target: range('127.0.0.1'), reason };
    const reply = await world.api.asLocal({ command: 'admin', method: 'POST', path: '/bans', body });
    expect(reply).toMatchObject({ status: 201, body: { ban: { createdBy: 'local' } } });
  });

  test('leaves room for no more than 10,000, those that have run out not counted', async () => {
    const world = await worldWithChat();
    world.store.batch(() => {
      for (let number = 0; number < 10_000; number += 1) {
        const expiresAtMs = number === 0 ? startMs + 1_000 : null;
        const target = { kind: 'subject', app: 'chat', subject: String(number) } as const;
        world.store.bans.create({ id: `ban-${number}`, target, reason, expiresAtMs, createdBy: 'test' });
      }
    });
    const document = { target: range('203.0.113.9'), reason };
    expect(await refusal(world, 'POST', '/bans', document)).toMatchObject({ code: 'conflict' });
    world.clock.nowMs += 1_000;
    await grant(world, 'POST', '/bans', document);
  });
});

describe('a ban with an end', () => {
  test('is listed until then, and gone from then on', async () => {
    const world = await worldWithChat();
    const expiresAt = new Date(startMs + 1_000).toISOString();
    const document = { target: range('203.0.113.9'), reason, expiresAt };
    const { ban } = await grant<Created>(world, 'POST', '/bans', document);
    world.clock.nowMs += 999;
    expect(await grant(world, 'GET', '/bans')).toEqual({ bans: [{ ...ban, expiresAt }] });
    world.clock.nowMs += 1;
    expect(await grant(world, 'GET', '/bans')).toEqual({ bans: [] });
    expect(await refusal(world, 'GET', `/bans/${ban.id}`)).toMatchObject({ code: 'not_found' });
    expect(await refusal(world, 'DELETE', `/bans/${ban.id}`)).toMatchObject({ code: 'not_found' });
  });
});

describe('DELETE /bans/:id', () => {
  test('lifts a ban', async () => {
    const world = await worldWithChat();
    const { ban } = await grant<Created>(world, 'POST', '/bans', { target: range('203.0.113.9'), reason });
    expect((await ask(world, ['DELETE', `/bans/${ban.id}`])).status).toBe(204);
    expect(await grant(world, 'GET', '/bans')).toEqual({ bans: [] });
    expect(await refusal(world, 'DELETE', `/bans/${ban.id}`)).toMatchObject({ code: 'not_found' });
  });
});

test('SECURITY.md 13: every ban and its lifting is written down', async () => {
  const world = await worldWithChat();
  world.relay.add({ principal: rest });
  const target = { kind: 'subject', app: 'chat', subject: 'alice' };
  const { ban } = await grant<Created>(world, 'POST', '/bans', { target, reason });
  await grant(world, 'DELETE', `/bans/${ban.id}`);
  expect(auditLines(world.store).slice(-2)).toMatchObject([
    {
      action: 'ban.create',
      target: `ban/${ban.id}`,
      before: null,
      after: { target, reason, expiresAtMs: null, sessionsEnding: 1 },
      address: '127.0.0.1',
    },
    { action: 'ban.delete', target: `ban/${ban.id}`, before: { target, reason }, after: null },
  ]);
});
