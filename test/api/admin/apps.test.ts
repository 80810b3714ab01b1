import { describe, expect, test } from 'vitest';
import { ask, auditLines, grant, refusal, type Asked } from './asking.ts';
import { adminWorld, startMs, type AdminWorld } from './admin-world.ts';

interface AppDocument {
  readonly id: string;
  readonly version: number;
  readonly [key: string]: unknown;
}

interface SecretDocument {
  readonly id: string;
  readonly liveSessions: number;
}

const defaults = {
  name: 'chat',
  enabled: true,
  defaultTtlSeconds: 43_200,
  longestTtlSeconds: 86_400,
  longestSessionSeconds: null,
  allocationsPerSubject: null,
  bitsPerSecondPerSubject: null,
  bytesPerMonth: null,
  peersAllow: [],
  peersDeny: [],
  rotateEveryDays: null,
};

async function worldWithChat(): Promise<AdminWorld> {
  const world = await adminWorld();
  await grant(world, 'POST', '/apps', { id: 'default' });
  await grant(world, 'POST', '/apps', { id: 'chat' });
  return world;
}

describe('POST /apps', () => {
  test('makes an app that issues, with defaults for what is omitted', async () => {
    const world = await adminWorld();
    const app = await grant<AppDocument>(world, 'POST', '/apps', { id: 'chat' });
    const at = new Date(startMs).toISOString();
    expect(app).toEqual({
      id: 'chat',
      ...defaults,
      version: 1,
      createdAt: at,
      updatedAt: at,
      liveSessions: 0,
      bytesThisMonth: 0,
    });
    expect(world.store.secrets.list('chat')).toMatchObject([{ state: 'active' }]);
  });

  test('takes every limit', async () => {
    const world = await adminWorld();
    const wishes = {
      name: 'Chat of the shop',
      enabled: false,
      defaultTtlSeconds: 60,
      longestTtlSeconds: 604_800,
      longestSessionSeconds: 60,
      allocationsPerSubject: 0,
      bitsPerSecondPerSubject: 16_000,
      bytesPerMonth: 1,
      peersAllow: ['10.1.2.0/24', 'fd12::/33'],
      peersDeny: ['198.51.100.0/24'],
      rotateEveryDays: 8,
    };
    expect(await grant(world, 'POST', '/apps', { id: 'shop-1', ...wishes })).toMatchObject(wishes);
  });

  test('leaves room for no more than 1,000 apps', async () => {
    const world = await worldWithChat();
    const present = world.store.apps.get('chat');
    if (present === null) throw new Error('there is no app');
    world.store.batch(() => {
      for (let number = 0; number < 998; number += 1) world.store.apps.create(`app-${number}`, present);
    });
    expect(await refusal(world, 'POST', '/apps', { id: 'one-more' })).toMatchObject({ code: 'conflict' });
  });
});

describe('an app is refused', () => {
  test.each<[what: string, document: object, code: string, detail: RegExp]>([
    ['an id of capitals', { id: 'Chat' }, 'bad_request', /body\/id/],
    ['an id that could be taken for a key', { id: 'chat.abcdefgh' }, 'bad_request', /body\/id/],
    ['an id of 33 characters', { id: 'a'.repeat(33) }, 'bad_request', /body\/id/],
    ['an id that is there', { id: 'chat' }, 'conflict', /"chat" already\. Choose another id/],
    ['an unknown key', { id: 'shop', ttl: 5 }, 'bad_request', /unknown keys: "ttl"/],
    ['a number as a text', { id: 'shop', longestTtlSeconds: '60' }, 'bad_request', /longestTtlSeconds/],
    ['no default TTL', { id: 'shop', defaultTtlSeconds: 0 }, 'bad_request', /defaultTtlSeconds must be >= 1/],
    [
      'more than a week',
      { id: 'shop', longestTtlSeconds: 604_801 },
      'bad_request',
      /longestTtlSeconds must be <= 604800/,
    ],
    [
      'a default TTL beyond the longest',
      { id: 'shop', defaultTtlSeconds: 101, longestTtlSeconds: 100 },
      'invalid_value',
      /defaultTtlSeconds 101 is longer than longestTtlSeconds 100\. Lower it/,
    ],
    ['a session of 59 seconds', { id: 'shop', longestSessionSeconds: 59 }, 'bad_request', /longestSessionSeconds/],
    [
      'a rate that passes no packet',
      { id: 'shop', bitsPerSecondPerSubject: 15_999 },
      'invalid_value',
      /bitsPerSecondPerSubject 15999 lets no packet of full size pass\. Write at least 16000, or 0/,
    ],
    ['no bytes a month', { id: 'shop', bytesPerMonth: 0 }, 'bad_request', /bytesPerMonth/],
    [
      'no range',
      { id: 'shop', peersAllow: ['10.1.2.3'] },
      'invalid_value',
      /peersAllow "10\.1\.2\.3" is no address range\. Write e\.g\. .* one address is 10\.1\.2\.3\/32/,
    ],
    [
      'a range with host bits',
      { id: 'shop', peersDeny: ['10.1.2.3/24'] },
      'invalid_value',
      /peersDeny "10\.1\.2\.3\/24" has bits set after its prefix: the network is 10\.1\.2\.0\/24/,
    ],
    ['rotation every 366 days', { id: 'shop', rotateEveryDays: 366 }, 'bad_request', /rotateEveryDays/],
    [
      'rotation that is no longer than the overlap',
      { id: 'shop', rotateEveryDays: 1 },
      'invalid_value',
      /rotateEveryDays 1 is no longer than longestTtlSeconds 86400: .* Write more days/,
    ],
  ])('for %s', async (_what, document, code, detail) => {
    const world = await worldWithChat();
    const before = auditLines(world.store).length;
    expect(await refusal(world, 'POST', '/apps', document)).toMatchObject({
      code,
      detail: expect.stringMatching(detail) as string,
    });
    expect(auditLines(world.store)).toHaveLength(before);
    expect(world.store.apps.get('shop')).toBeNull();
  });

  test.each<[what: string, present: object, change: object, detail: RegExp]>([
    ['the longest TTL below the default', {}, { longestTtlSeconds: 100 }, /defaultTtlSeconds 43200 is longer/],
    [
      'the longest TTL beyond the days between rotations',
      { rotateEveryDays: 2 },
      { longestTtlSeconds: 172_800 },
      /rotateEveryDays 2 is no longer than longestTtlSeconds 172800/,
    ],
  ])('for a change against what it has: %s', async (_what, present, change, detail) => {
    const world = await worldWithChat();
    await grant(world, 'PATCH', '/apps/chat', present);
    expect(await refusal(world, 'PATCH', '/apps/chat', change)).toMatchObject({
      code: 'invalid_value',
      detail: expect.stringMatching(detail) as string,
    });
  });
});

describe('GET /apps', () => {
  test('lists apps with what they use', async () => {
    const world = await adminWorld({
      ports: { bytesThisMonth: (kind, name) => (kind === 'app' && name === 'chat' ? 9 : 0) },
    });
    for (const id of ['default', 'chat']) await grant(world, 'POST', '/apps', { id });
    const principal = { kind: 'rest', app: 'chat', subject: 'alice', secretId: 'x', keyId: null } as const;
    for (let count = 0; count < 3; count += 1) world.relay.add({ principal });
    world.relay.add({ principal: { kind: 'static', name: 'chat' } });
    const { apps } = await grant<{ apps: AppDocument[] }>(world, 'GET', '/apps');
    expect(apps.map(({ id, liveSessions, bytesThisMonth }) => [id, liveSessions, bytesThisMonth])).toEqual([
      ['chat', 3, 9],
      ['default', 0, 0],
    ]);
  });

  test('reads one with its secrets: when each was last used, and by how many sessions it is', async () => {
    const world = await worldWithChat();
    const [secret] = world.store.secrets.list('chat');
    if (secret === undefined) throw new Error('there is no secret');
    const usedAtMs = startMs - 60_000;
    world.store.batch(() => world.store.secrets.noteUsed('chat', secret.id, usedAtMs));
    const principal = { kind: 'rest', app: 'chat', subject: 'alice', secretId: secret.id, keyId: null } as const;
    world.relay.add({ principal });
    // The same id under another app is another secret.
    world.relay.add({ principal: { ...principal, app: 'default' } });
    const app = await grant<AppDocument & { secrets: SecretDocument[] }>(world, 'GET', '/apps/chat');
    expect(app.liveSessions).toBe(1);
    expect(app.secrets).toEqual([
      {
        id: secret.id,
        state: 'active',
        origin: 'stored',
        acceptedUntil: null,
        createdAt: new Date(startMs).toISOString(),
        retiredAt: null,
        revokedAt: null,
        lastUsedAt: new Date(usedAtMs).toISOString(),
        liveSessions: 1,
        issues: true,
      },
    ]);
  });

  test('one that is not there is a 404', async () => {
    const world = await worldWithChat();
    const requests: readonly Asked[] = [
      ['GET', '/apps/nowhere'],
      ['PATCH', '/apps/nowhere', {}],
      ['DELETE', '/apps/nowhere'],
      ['GET', '/apps/__proto__'],
    ];
    for (const asked of requests) {
      expect(await refusal(world, ...asked)).toMatchObject({ code: 'not_found' });
    }
  });
});

describe('PATCH /apps/:app', () => {
  test('changes what is named and leaves the rest', async () => {
    const world = await worldWithChat();
    const changed = await grant<AppDocument>(world, 'PATCH', '/apps/chat', { allocationsPerSubject: 4, name: 'Chat' });
    expect(changed).toMatchObject({ ...defaults, name: 'Chat', allocationsPerSubject: 4, version: 2 });
  });

  test.each<[what: string, ifMatch: string | null, status: number, code: string | undefined]>([
    ['without a version', null, 428, 'version_required'],
    ['of another version', '"2"', 412, 'changed_meanwhile'],
    ['of a version without its quotes', '1', 412, 'changed_meanwhile'],
    ['of this version', '"1"', 200, undefined],
    ['of one of several', '"7", "1"', 200, undefined],
    ['of whatever version', '*', 200, undefined],
  ])('%s: If-Match %j', async (_what, ifMatch, status, code) => {
    const world = await worldWithChat();
    expect((await ask(world, ['GET', '/apps/chat'])).etag).toBe('"1"');
    const answer = await ask(world, ['PATCH', '/apps/chat', { name: 'x' }], { ifMatch });
    expect([answer.status, (answer.body as { code?: string }).code]).toEqual([status, code]);
    expect(answer.etag).toBe(status === 200 ? '"2"' : undefined);
    expect(world.store.apps.get('chat')?.name).toBe(status === 200 ? 'x' : 'chat');
  });
});

describe('DELETE /apps/:app', () => {
  test('takes its secrets and keys along', async () => {
    const world = await worldWithChat();
    await grant(world, 'POST', '/apps/chat/keys', { name: 'back end' });
    await grant(world, 'DELETE', '/apps/chat');
    expect(world.store.apps.get('chat')).toBeNull();
    expect(world.store.secrets.list('chat')).toEqual([]);
    expect(world.store.apiKeys.list('chat')).toEqual([]);
  });

  test('but never the default app', async () => {
    const world = await worldWithChat();
    expect(await refusal(world, 'DELETE', '/apps/default')).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('Disable it instead') as string,
    });
    expect(world.store.apps.get('default')).not.toBeNull();
  });
});

test('SECURITY.md 13: every change of an app is written down, with what it was before', async () => {
  const world = await worldWithChat();
  await grant(world, 'PATCH', '/apps/chat', { enabled: false });
  await grant(world, 'DELETE', '/apps/chat');
  const lines = auditLines(world.store).filter(
    ({ action, target }) => action.startsWith('app.') && target === 'app/chat',
  );
  expect(lines).toMatchObject([
    { action: 'app.create', before: null, after: { isEnabled: true }, actor: { kind: 'account', name: 'owner' } },
    { action: 'app.change', before: { isEnabled: true }, after: { isEnabled: false } },
    { action: 'app.delete', before: { isEnabled: false }, after: null },
  ]);
});
