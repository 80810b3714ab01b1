import { describe, expect, test } from 'vitest';
import type { FailureView } from '../../../server/api/admin/ports.ts';
import { failureCauses, type FailureGroup } from '../../../server/contract/failure-groups.ts';
import type { FailureRow } from '../../../server/store/records.ts';
import { grant, refusal } from './asking.ts';
import { adminWorld, type AdminWorld } from './admin-world.ts';

interface FailuresDocument {
  readonly causes: readonly { readonly cause: string; readonly group: string; readonly count: number }[];
  readonly points: readonly Readonly<Record<string, unknown>>[];
  readonly samples: readonly { readonly username: string | null; readonly [key: string]: unknown }[];
}

const noonMs = Date.UTC(2026, 11, 1, 12);
const minuteMs = 60_000;

function row(cause: string, count: number, given: Partial<FailureRow> = {}): FailureRow {
  return { startMs: noonMs - minuteMs, cause, app: 'chat', subject: '', transport: 'udp', count, ...given };
}

function sample(given: Partial<FailureView> = {}): FailureView {
  return {
    atMs: noonMs - 1_000,
    group: 'wrong-secret',
    cause: 'wrong-password',
    username: '1796212800:chat/alice',
    app: 'chat',
    transport: 'udp',
    client: { address: '203.0.113.9', port: 4_000 },
    peer: null,
    hint: null,
    ...given,
  };
}

async function worldWith(rows: readonly FailureRow[], samples: readonly FailureView[] = []): Promise<AdminWorld> {
  const recent = (group: FailureGroup | null) => samples.filter((each) => group === null || each.group === group);
  const world = await adminWorld({ ports: { failures: { recent } } });
  world.store.batch(() => world.store.usage.addFailures(rows));
  return world;
}

function failures(world: AdminWorld, query = ''): Promise<FailuresDocument> {
  return grant(world, 'GET', `/failures?${query}`);
}

describe('GET /failures', () => {
  test('tells how many there were of each cause, in the words of whoever looks for the reason', async () => {
    const world = await worldWith(failureCauses.map((cause, index) => row(cause, 100 - index)));
    const { causes } = await failures(world);
    expect(causes.map(({ cause, group, count }) => [cause, group, count])).toEqual([
      ['unknown-user', 'unknown-user', 100],
      ['wrong-password', 'wrong-secret', 99],
      ['expired-credential', 'expired', 98],
      ['revoked-key', 'revoked', 97],
      ['disabled-app', 'revoked', 96],
      ['banned', 'banned', 95],
      ['backed-off', 'backed-off', 94],
      ['quota-user', 'quota', 93],
      ['quota-address', 'quota', 92],
      ['quota-total', 'quota', 91],
      ['quota-bytes', 'quota', 90],
      ['peer-denied', 'peer-denied', 89],
      ['out-of-ports', 'capacity', 88],
      ['out-of-descriptors', 'capacity', 87],
      ['draining', 'draining', 86],
      ['stale-nonce', 'stale-nonce', 85],
    ]);
  });

  const rows = [
    row('wrong-password', 1),
    row('wrong-password', 2, { app: 'shop', transport: 'tls' }),
    row('quota-user', 4, { subject: 'alice' }),
    row('quota-user', 8, { startMs: noonMs - 3 * minuteMs, app: '', subject: 'alice' }),
  ];

  test.each<[query: string, points: unknown[][]]>([
    [
      '',
      [
        ['quota-user', 'quota', '', '', '', 12],
        ['wrong-password', 'wrong-secret', '', '', '', 3],
      ],
    ],
    ['groupBy=none', [[null, null, '', '', '', 15]]],
    [
      'groupBy=app',
      [
        [null, null, '', '', '', 8],
        [null, null, 'chat', '', '', 5],
        [null, null, 'shop', '', '', 2],
      ],
    ],
    [
      'groupBy=subject',
      [
        [null, null, '', 'alice', '', 8],
        [null, null, 'chat', '', '', 1],
        [null, null, 'chat', 'alice', '', 4],
        [null, null, 'shop', '', '', 2],
      ],
    ],
    [
      'groupBy=transport',
      [
        [null, null, '', '', 'tls', 2],
        [null, null, '', '', 'udp', 13],
      ],
    ],
    [
      'app=chat',
      [
        ['quota-user', 'quota', '', '', '', 4],
        ['wrong-password', 'wrong-secret', '', '', '', 1],
      ],
    ],
    ['transport=tls', [['wrong-password', 'wrong-secret', '', '', '', 2]]],
    ['app=chat&subject=alice', [['quota-user', 'quota', '', '', '', 4]]],
    ['from=2026-12-01T11:58:00Z&subject=alice', [['quota-user', 'quota', '', '', '', 4]]],
  ])('by time: ?%s', async (query, points) => {
    const { points: told, causes } = await failures(await worldWith(rows), query);
    expect(
      told.map(({ cause, group, app, subject, transport, count }) => [cause, group, app, subject, transport, count]),
    ).toEqual(points);
    const total = points.reduce((sum, [, , , , , count]) => sum + Number(count), 0);
    expect(causes.reduce((sum, { count }) => sum + count, 0)).toBe(total);
  });

  test('shows recent ones in full, with the line that would admit a denied peer', async () => {
    const hint = 'to allow it: turn.peers.allow: ["10.1.2.3/32"]';
    const denied = sample({ group: 'peer-denied', cause: 'peer-denied', peer: '10.1.2.3', hint });
    const { samples } = await failures(await worldWith([], [denied]));
    expect(samples).toEqual([
      {
        at: new Date(noonMs - 1_000).toISOString(),
        group: 'peer-denied',
        cause: 'peer-denied',
        username: '1796212800:chat/alice',
        app: 'chat',
        transport: 'udp',
        client: { address: '203.0.113.9', port: 4_000 },
        peer: '10.1.2.3',
        hint,
      },
    ]);
  });

  test.each<[query: string, usernames: (string | null)[]]>([
    ['', ['1:chat/alice', '2:shop/alice', 'camera', '3:bob', null]],
    ['group=clock-skew', ['2:shop/alice']],
    ['app=chat', ['1:chat/alice']],
    ['app=', ['camera', null]],
    ['transport=tls', ['camera']],
    ['subject=alice', ['1:chat/alice', '2:shop/alice']],
    ['subject=camera', ['camera']],
    ['subject=bob', ['3:bob']],
    ['subject=lice', []],
    ['samples=2', ['1:chat/alice', '2:shop/alice']],
    ['samples=1&app=shop', ['2:shop/alice']],
    ['samples=0', []],
    ['from=2026-12-01T11:59:00Z', ['1:chat/alice', '2:shop/alice', 'camera', '3:bob']],
    ['to=2026-12-01T11:59:00Z', [null]],
  ])('samples: ?%s', async (query, usernames) => {
    const world = await worldWith(
      [],
      [
        sample({ username: '1:chat/alice' }),
        sample({ username: '2:shop/alice', app: 'shop', group: 'clock-skew' }),
        sample({ username: 'camera', app: null, transport: 'tls' }),
        sample({ username: '3:bob', app: 'default' }),
        sample({ username: null, app: null, group: 'stale-nonce', cause: 'stale-nonce', atMs: noonMs - 2 * minuteMs }),
      ],
    );
    const { samples } = await failures(world, query);
    expect(samples.map(({ username }) => username)).toEqual(usernames);
  });

  test.each<[query: string, code: string]>([
    ['group=weather', 'bad_request'],
    ['groupBy=group', 'bad_request'],
    ['samples=501', 'bad_request'],
    ['casue=x', 'bad_request'],
    ['from=2026-12-01T12:00:00Z', 'invalid_value'],
    ['resolution=minute&from=2026-11-01T00:00:00Z', 'invalid_value'],
  ])('refuses ?%s', async (query, code) => {
    expect(await refusal(await worldWith([]), 'GET', `/failures?${query}`)).toMatchObject({ code });
  });

  test('as CSV', async () => {
    const world = await worldWith(rows);
    const answer = await world.call('viewer', { url: '/failures?format=csv&app=shop' });
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.body.split('\r\n')).toEqual([
      '"start","cause","group","app","subject","transport","count"',
      '"2026-12-01T11:00:00.000Z","wrong-password","wrong-secret","","","","2"',
      '',
    ]);
  });
});
