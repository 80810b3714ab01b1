import { describe, expect, test } from 'vitest';
import { RequestRefused } from '../../../server/api/request-failure.ts';
import type { LiveSession } from '../../../server/api/admin/ports.ts';
import { StoreError } from '../../../server/store/store-error.ts';
import { auditLines, ask, grant, refusal } from './asking.ts';
import { adminWorld, startMs, type AdminWorld } from './admin-world.ts';

interface Page {
  readonly sessions: readonly { readonly id: string }[];
  readonly next: string | null;
  readonly total: number;
}

const rest = { kind: 'rest', app: 'chat', subject: 'alice', secretId: 's1', keyId: null } as const;

/** What sessions are looked for among: each differs from the first in something. */
const variety: readonly Partial<LiveSession>[] = [
  { principal: rest },
  { principal: { ...rest, app: 'shop' } },
  { principal: { ...rest, subject: 'bob' } },
  { principal: { ...rest, secretId: 's2' } },
  { principal: { ...rest, keyId: 'abcdefgh' } },
  { principal: { kind: 'static', name: 'alice' }, username: 'alice' },
  { principal: rest, transport: 'tls' },
  { principal: rest, client: { address: '203.0.113.9', port: 1 } },
  { principal: rest, client: { address: '2001:db8::7', port: 1 } },
  { principal: rest, client: { address: '2001:db8::8', port: 1 } },
];

async function worldWith(sessions: readonly Partial<LiveSession>[]): Promise<AdminWorld> {
  const world = await adminWorld();
  for (const session of sessions) {
    world.clock.nowMs += 1;
    world.relay.add(session);
  }
  return world;
}

function idsOf({ sessions }: Page): number[] {
  return sessions.map(({ id }) => Number(id));
}

describe('GET /sessions', () => {
  test('tells of each who it is, and what it has relayed', async () => {
    const world = await adminWorld();
    world.relay.add({ principal: { ...rest, keyId: 'abcdefgh' }, label: 'consultation' });
    world.relay.add({ principal: { kind: 'static', name: 'camera' }, username: 'camera' });
    const counts = { bytesUp: 1, bytesDown: 2, packetsUp: 1, packetsDown: 1, drops: 0 };
    const same = {
      ...counts,
      transport: 'udp',
      client: { address: '198.51.100.7', port: 50_000 },
      relayed: [{ address: '192.0.2.1', port: 49_152 }],
      startedAt: new Date(startMs).toISOString(),
    };
    expect(await grant(world, 'GET', '/sessions')).toEqual({
      sessions: [
        {
          ...same,
          id: '1',
          username: '1796212800:alice',
          app: 'chat',
          subject: 'alice',
          user: null,
          secret: 's1',
          key: 'abcdefgh',
          label: 'consultation',
        },
        {
          ...same,
          id: '2',
          username: 'camera',
          app: null,
          subject: null,
          user: 'camera',
          secret: null,
          key: null,
          label: null,
        },
      ],
      next: null,
      total: 2,
    });
  });

  test.each<[query: string, ids: number[]]>([
    ['', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['app=shop', [2]],
    ['subject=bob', [3]],
    ['subject=alice', [1, 2, 4, 5, 7, 8, 9, 10]],
    ['secret=s2', [4]],
    ['key=abcdefgh', [5]],
    ['user=alice', [6]],
    ['transport=tls', [7]],
    ['address=203.0.113.9', [8]],
    ['address=203.0.113.0/24', [8]],
    ['address=198.51.100.0/24', [1, 2, 3, 4, 5, 6, 7]],
    ['address=2001:db8::7', [9]],
    ['address=2001:db8::/64', [9, 10]],
    ['address=0.0.0.0/0', [1, 2, 3, 4, 5, 6, 7, 8]],
    ['app=chat&subject=alice&transport=udp&address=2001:db8::8', [10]],
    ['app=shop&subject=bob', []],
    ['app=nowhere', []],
  ])('?%s', async (query, ids) => {
    const page = await grant<Page>(await worldWith(variety), 'GET', `/sessions?${query}`);
    expect(idsOf(page)).toEqual(ids);
    expect(page).toMatchObject({ total: ids.length, next: null });
  });

  test.each<[query: string, code: string, detail: RegExp]>([
    ['transport=sctp', 'bad_request', /transport/],
    ['limit=0', 'bad_request', /limit/],
    ['limit=1001', 'bad_request', /limit/],
    ['sbuject=alice', 'bad_request', /unknown keys: "sbuject"/],
    ['address=localhost', 'invalid_value', /address "localhost" is no address and no address range\. Write e\.g\./],
    ['address=10.1.2.3/24', 'invalid_value', /the network is 10\.1\.2\.0\/24/],
    ['after=1', 'invalid_value', /after "1" is no cursor/],
    ['after=x.1', 'invalid_value', /is no cursor/],
  ])('?%s is refused', async (query, code, detail) => {
    expect(await refusal(await worldWith(variety), 'GET', `/sessions?${query}`)).toMatchObject({
      code,
      detail: expect.stringMatching(detail) as string,
    });
  });
});

describe('pages of sessions', () => {
  /** Reads page after page, and does something between them. */
  async function walk(world: AdminWorld, limit: number, between: (page: Page) => void): Promise<number[]> {
    const ids: number[] = [];
    for (let after: string | null = ''; after !== null;) {
      const path = `/sessions?limit=${limit}${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`;
      const page: Page = await grant(world, 'GET', path);
      ids.push(...idsOf(page));
      if (ids.length > 100) throw new Error(`pages without an end: ${ids.join(' ')}`);
      between(page);
      after = page.next;
    }
    return ids;
  }

  test('hold every session once', async () => {
    const world = await worldWith(Array.from({ length: 25 }, () => ({})));
    expect(await walk(world, 10, () => undefined)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  });

  test('hold every session once that is live all the time, whoever ends and begins meanwhile', async () => {
    const world = await worldWith(Array.from({ length: 25 }, () => ({})));
    const ids = await walk(world, 10, ({ sessions }) => {
      // The very last one, where the next page begins, and another.
      world.relay.sessions.delete(sessions.at(-1)?.id ?? '');
      world.relay.sessions.delete(sessions[0]?.id ?? '');
      world.clock.nowMs += 1;
      if (sessions.length === 10) world.relay.add();
    });
    expect(ids).toEqual(Array.from({ length: 27 }, (_, index) => index + 1));
  });

  test('hold every session once when all began in the same millisecond', async () => {
    const world = await adminWorld();
    for (let count = 0; count < 12; count += 1) world.relay.add();
    const ids = await walk(world, 5, ({ sessions }) => void world.relay.sessions.delete(sessions.at(-1)?.id ?? ''));
    expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  });
});

describe('one session', () => {
  test('is read, and ended', async () => {
    const world = await worldWith(variety);
    expect(await grant(world, 'GET', '/sessions/6')).toMatchObject({ id: '6', user: 'alice' });
    await grant(world, 'DELETE', '/sessions/6');
    expect([...world.relay.sessions.keys()]).not.toContain('6');
    expect(auditLines(world.store)).toMatchObject([
      {
        action: 'session.end',
        target: 'session/6',
        before: { username: 'alice', client: { address: '198.51.100.7', port: 50_000 } },
        after: null,
      },
    ]);
  });

  test('that has ended is a 404', async () => {
    const world = await worldWith([]);
    expect(await refusal(world, 'GET', '/sessions/6')).toMatchObject({ code: 'not_found' });
    expect(await refusal(world, 'DELETE', '/sessions/6')).toMatchObject({ code: 'not_found' });
    expect(auditLines(world.store)).toEqual([]);
  });

  test('that ends by itself meanwhile is a 404', async () => {
    const world = await adminWorld({
      ports: {
        relay: { sessions: () => [...world.relay.sessions.values()], endSession: () => Promise.resolve(false) },
      },
    });
    world.relay.add();
    expect(await refusal(world, 'DELETE', '/sessions/1')).toMatchObject({ code: 'not_found' });
  });

  test('is a 503 while the relay does not answer', async () => {
    const unavailable = new RequestRefused('relay_unavailable', 'The relay thread is starting again.');
    const world = await adminWorld({
      ports: {
        relay: { sessions: () => [...world.relay.sessions.values()], endSession: () => Promise.reject(unavailable) },
      },
    });
    world.relay.add();
    expect(await refusal(world, 'DELETE', '/sessions/1')).toMatchObject({ code: 'relay_unavailable' });
    expect(await refusal(world, 'POST', '/sessions/end', { app: 'default' })).toMatchObject({
      code: 'relay_unavailable',
    });
  });
});

describe('POST /sessions/end', () => {
  test.each<[filter: object, left: number[]]>([
    [{ app: 'shop' }, [1, 3, 4, 5, 6, 7, 8, 9, 10]],
    [{ app: 'chat', subject: 'alice' }, [2, 3, 6]],
    [{ user: 'alice' }, [1, 2, 3, 4, 5, 7, 8, 9, 10]],
    [{ secret: 's1' }, [4, 6]],
    [{ key: 'abcdefgh' }, [1, 2, 3, 4, 6, 7, 8, 9, 10]],
    [{ address: '2001:db8::7' }, [1, 2, 3, 4, 5, 6, 7, 8, 10]],
    [{ transport: 'tls' }, [1, 2, 3, 4, 5, 6, 8, 9, 10]],
    [{ app: 'nowhere' }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  ])('%j', async (filter, left) => {
    const world = await worldWith(variety);
    const ended = variety.length - left.length;
    expect(await grant(world, 'POST', '/sessions/end', filter)).toEqual({ ended, remaining: 0 });
    expect([...world.relay.sessions.keys()].map(Number)).toEqual(left);
    expect(auditLines(world.store)).toMatchObject([
      { action: 'session.end-many', before: filter, after: { sessionsEnding: ended } },
    ]);
  });

  test.each<[what: string, filter: object, code: string]>([
    ['everything, by no filter', {}, 'bad_request'],
    ['an unknown filter', { name: 'alice' }, 'bad_request'],
    ['a range that is none', { address: '10.0.0.0' + '/33' }, 'invalid_value'],
  ])('refuses %s', async (_what, filter, code) => {
    const world = await worldWith(variety);
    expect(await refusal(world, 'POST', '/sessions/end', filter)).toMatchObject({ code });
    expect(world.relay.sessions.size).toBe(variety.length);
  });

  test('ends no more than 10,000 at once, and says how many are left', async () => {
    const world = await worldWith(Array.from({ length: 10_003 }, () => ({})));
    const end = () => grant(world, 'POST', '/sessions/end', { app: 'default' });
    expect(await end()).toEqual({ ended: 10_000, remaining: 3 });
    expect(await end()).toEqual({ ended: 3, remaining: 0 });
  });
});

test('SECURITY.md 13: no session ends without a line in the audit log, be it that none can be written', async () => {
  const world = await worldWith(variety);
  const full = new StoreError('store_full', 'The disk is full.');
  const mutate = world.store.mutate.bind(world.store);
  world.store.mutate = () => {
    throw full;
  };
  for (const [method, path, document] of [
    ['DELETE', '/sessions/1', undefined],
    ['POST', '/sessions/end', { app: 'chat' }],
  ] as const) {
    const answer = await ask(world, document === undefined ? [method, path] : [method, path, document]);
    expect([answer.status, (answer.body as { code: string }).code]).toEqual([503, 'store_full']);
  }
  world.store.mutate = mutate;
  expect(world.relay.sessions.size).toBe(variety.length);
});
