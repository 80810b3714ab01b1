import { describe, expect, test } from 'vitest';
import type { AdminPorts } from '../../../server/api/admin/ports.ts';
import { staticUser } from '../../../server/credentials/credential-set.ts';
import { ask, auditLines, grant, refusal } from './asking.ts';
import { adminWorld, startMs, type AdminWorld } from './admin-world.ts';

const password = 'a password of a camera';
const realm = 'turnpike.local';

interface UserDocument {
  readonly name: string;
  readonly version: number;
}

/** A world whose configuration names the user `desk-phone`. */
async function worldWithPhone(given: Partial<AdminPorts['configured']> = {}): Promise<AdminWorld> {
  return adminWorld({
    ports: {
      configured: {
        realm: () => realm,
        secrets: () => [],
        userOrigin: (name) => (name === 'desk-phone' ? '/etc/turnpike/turnpike.yaml:30' : null),
        userKey: () => null,
        issuingSecretId: () => null,
        secretValue: () => null,
        ...given,
      },
    },
  });
}

function keysOf(world: AdminWorld, name: string): { md5Key: string; sha256Key: string } {
  const { md5Key, sha256Key } = world.store.turnUsers.keys(name);
  return { md5Key: Buffer.from(md5Key).toString('hex'), sha256Key: Buffer.from(sha256Key).toString('hex') };
}

function derived(name: string, ofRealm: string, ofPassword: string): ReturnType<typeof keysOf> {
  const { md5Key, sha256Key } = staticUser(name, ofRealm, ofPassword);
  return { md5Key: Buffer.from(md5Key).toString('hex'), sha256Key: Buffer.from(sha256Key).toString('hex') };
}

describe('POST /turn-users', () => {
  test('keeps the keys of the realm, and not the password', async () => {
    const world = await worldWithPhone();
    const user = await grant(world, 'POST', '/turn-users', { name: 'camera', password });
    expect(user).toEqual({
      name: 'camera',
      realm,
      expiresAt: null,
      allocations: null,
      bitsPerSecond: null,
      bytesPerMonth: null,
      createdAt: new Date(startMs).toISOString(),
      updatedAt: new Date(startMs).toISOString(),
      version: 1,
      liveSessions: 0,
      bytesThisMonth: 0,
    });
    expect(keysOf(world, 'camera')).toEqual(derived('camera', realm, password));
  });

  test('takes names and passwords as clients prepare them (RFC 8265)', async () => {
    const world = await worldWithPhone();
    const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301'];
    const user = await grant<UserDocument>(world, 'POST', '/turn-users', { name: decomposed, password: 'a\u3000b' });
    expect(user.name).toBe(composed);
    expect(keysOf(world, composed)).toEqual(derived(composed, realm, 'a b'));
    for (const name of [composed, decomposed]) {
      await grant(world, 'GET', `/turn-users/${encodeURIComponent(name)}`);
    }
    expect(await refusal(world, 'POST', '/turn-users', { name: composed, password })).toMatchObject({
      code: 'conflict',
    });
  });

  test('takes every limit', async () => {
    const world = await worldWithPhone();
    const limits = {
      expiresAt: new Date(startMs + 1_000).toISOString(),
      allocations: 1,
      bitsPerSecond: 16_000,
      bytesPerMonth: 1,
    };
    expect(await grant(world, 'POST', '/turn-users', { name: 'camera', password, ...limits })).toMatchObject(limits);
  });

  test.each<[what: string, document: object, code: string, detail: RegExp]>([
    ['no password', { name: 'camera' }, 'bad_request', /password/],
    ['an empty password', { name: 'camera', password: '' }, 'bad_request', /password/],
    ['an empty name', { name: '', password }, 'bad_request', /name/],
    ['a control character', { name: 'a\u0007', password }, 'invalid_value', /name has characters .* Choose another/],
    [
      'a control character in the password',
      { name: 'camera', password: 'pass\u0007word' },
      'invalid_value',
      /^password has characters/,
    ],
    ['510 bytes', { name: 'é'.repeat(255), password }, 'invalid_value', /name is 510 bytes long\. Write at most 508/],
    ['a time-limited name', { name: '1796212800:alice', password }, 'invalid_value', /Put a letter before the digits/],
    [
      'a name that the configuration has',
      { name: 'desk-phone', password },
      'locked',
      /turnpike\.yaml:30\. Change turn\.users there/,
    ],
    [
      'a rate that passes no packet',
      { name: 'camera', password, bitsPerSecond: 15_999 },
      'bad_request',
      /bitsPerSecond/,
    ],
    ['no allocations', { name: 'camera', password, allocations: 0 }, 'bad_request', /allocations/],
    [
      'an end that is over',
      { name: 'camera', password, expiresAt: '2026-12-01T12:00:00Z' },
      'invalid_value',
      /is over/,
    ],
    ['an unknown key', { name: 'camera', password, role: 'x' }, 'bad_request', /unknown keys: "role"/],
  ])('refuses %s', async (_what, document, code, detail) => {
    const world = await worldWithPhone();
    const refused = await refusal(world, 'POST', '/turn-users', document);
    expect(refused).toMatchObject({ code, detail: expect.stringMatching(detail) as string });
    expect(refused.detail).not.toContain('pass\u0007word');
    expect(world.store.turnUsers.count()).toBe(0);
  });

  test.each(['__proto__', 'constructor', '1796212800', 'a/b c?d#e%', 'ünïcödé', '\u{1f511}'])(
    'SECURITY.md 7: %j is a name like any other',
    async (name) => {
      const world = await worldWithPhone();
      await grant(world, 'POST', '/turn-users', { name, password });
      expect(await grant(world, 'GET', `/turn-users/${encodeURIComponent(name)}`)).toMatchObject({ name });
      await grant(world, 'DELETE', `/turn-users/${encodeURIComponent(name)}`);
      expect(world.store.turnUsers.count()).toBe(0);
    },
  );
});

describe('GET /turn-users', () => {
  test('lists them by name, page by page', async () => {
    const world = await worldWithPhone();
    for (const name of ['b', 'd', 'a', 'c', 'e']) await grant(world, 'POST', '/turn-users', { name, password });
    world.relay.add({ principal: { kind: 'static', name: 'c' } });
    const pages: [names: string[], next: string | null][] = [];
    for (let after: string | null = ''; after !== null;) {
      const path = `/turn-users?limit=2${after === '' ? '' : `&after=${after}`}`;
      const page: { users: { name: string; liveSessions: number }[]; next: string | null } = await grant(
        world,
        'GET',
        path,
      );
      pages.push([page.users.map(({ name, liveSessions }) => `${name}${liveSessions}`), page.next]);
      after = page.next;
    }
    expect(pages).toEqual([
      [['a0', 'b0'], 'b'],
      [['c1', 'd0'], 'd'],
      [['e0'], null],
    ]);
  });

  test.each(['?limit=0', '?limit=1001', '?limit=x', '?name=a'])('%s is a 400', async (query) => {
    const world = await worldWithPhone();
    expect(await refusal(world, 'GET', `/turn-users${query}`)).toMatchObject({ code: 'bad_request' });
  });

  test('one that is not there is a 404, one of the configuration is locked', async () => {
    const world = await worldWithPhone();
    expect(await refusal(world, 'GET', '/turn-users/nobody')).toMatchObject({ code: 'not_found' });
    expect(await refusal(world, 'DELETE', '/turn-users/nobody')).toMatchObject({ code: 'not_found' });
    for (const method of ['GET', 'DELETE'] as const) {
      expect(await refusal(world, method, '/turn-users/desk-phone')).toMatchObject({ code: 'locked' });
    }
    expect(await refusal(world, 'PATCH', '/turn-users/desk-phone', {})).toMatchObject({ code: 'locked' });
  });
});

describe('PATCH /turn-users/:name', () => {
  test('changes what is named and leaves the rest, the keys too', async () => {
    const world = await worldWithPhone();
    await grant(world, 'POST', '/turn-users', { name: 'camera', password, allocations: 3 });
    const before = keysOf(world, 'camera');
    const changed = await grant(world, 'PATCH', '/turn-users/camera', { bitsPerSecond: 64_000 });
    expect(changed).toMatchObject({ allocations: 3, bitsPerSecond: 64_000 });
    expect(keysOf(world, 'camera')).toEqual(before);
    expect(await grant(world, 'PATCH', '/turn-users/camera', { allocations: null })).toMatchObject({
      allocations: null,
    });
  });

  test('with a password derives the keys anew, for the realm as it is now', async () => {
    let ofRealm = realm;
    const world = await worldWithPhone({ realm: () => ofRealm });
    await grant(world, 'POST', '/turn-users', { name: 'camera', password });
    ofRealm = 'example.org';
    expect(await grant(world, 'PATCH', '/turn-users/camera', { allocations: 1 })).toMatchObject({ realm });
    expect(await grant(world, 'PATCH', '/turn-users/camera', { password: 'another' })).toMatchObject({
      realm: ofRealm,
    });
    expect(keysOf(world, 'camera')).toEqual(derived('camera', ofRealm, 'another'));
  });

  test.each<[ifMatch: string | null, status: number]>([
    [null, 428],
    ['"9"', 412],
    ['"1"', 200],
  ])('If-Match %j is %d', async (ifMatch, status) => {
    const world = await worldWithPhone();
    await grant(world, 'POST', '/turn-users', { name: 'camera', password });
    const answer = await ask(world, ['PATCH', '/turn-users/camera', { password: 'another' }], { ifMatch });
    expect(answer.status).toBe(status);
    expect(keysOf(world, 'camera')).toEqual(derived('camera', realm, status === 200 ? 'another' : password));
  });

  test('refuses a password that cannot be typed, and changes nothing else either', async () => {
    const world = await worldWithPhone();
    await grant(world, 'POST', '/turn-users', { name: 'camera', password });
    const change = { allocations: 9, password: 'pass\u0007word' };
    expect(await refusal(world, 'PATCH', '/turn-users/camera', change)).toMatchObject({ code: 'invalid_value' });
    expect(world.store.turnUsers.get('camera')).toMatchObject({ allocations: null, version: 1 });
  });

  test('refuses a user whose name the configuration has meanwhile: it would change nothing', async () => {
    const names = new Set<string>();
    const world = await worldWithPhone({ userOrigin: (name) => (names.has(name) ? 'flag --turn-users' : null) });
    await grant(world, 'POST', '/turn-users', { name: 'camera', password });
    names.add('camera');
    expect(await refusal(world, 'PATCH', '/turn-users/camera', { allocations: 1 })).toMatchObject({ code: 'locked' });
    await grant(world, 'DELETE', '/turn-users/camera');
  });
});

test('SECURITY.md 13: every change of a TURN user is written down, and its password nowhere', async () => {
  const world = await worldWithPhone();
  await grant(world, 'POST', '/turn-users', { name: 'camera', password });
  await grant(world, 'PATCH', '/turn-users/camera', { password: 'another password', allocations: 2 });
  await grant(world, 'DELETE', '/turn-users/camera');
  const target = 'turn-user/camera';
  expect(auditLines(world.store)).toMatchObject([
    { action: 'turn-user.create', target, before: null, after: { allocations: null } },
    {
      action: 'turn-user.change',
      target,
      before: { allocations: null },
      after: { allocations: 2, password: 'changed' },
    },
    { action: 'turn-user.delete', target, before: { allocations: 2 }, after: null },
  ]);
  const told = JSON.stringify([auditLines(world.store), world.logged]);
  for (const secret of [password, 'another password', ...Object.values(derived('camera', realm, password))]) {
    expect(told).not.toContain(secret);
  }
});

test.each([
  ['508 bytes', 'a'.repeat(508)],
  ['254 characters of two bytes', 'é'.repeat(254)],
])('a user whose name has %s can be read, and deleted again', async (_what, name) => {
  const world = await worldWithPhone();
  await grant(world, 'POST', '/turn-users', { name, password });
  const url = `/turn-users/${encodeURIComponent(name)}`;
  expect((await grant<UserDocument>(world, 'GET', url)).name).toBe(name);
  await grant(world, 'DELETE', url);
  expect(world.store.turnUsers.get(name)).toBeNull();
});
