import { describe, expect, test } from 'vitest';
import { resolutionMs } from '../../../server/store/usage.ts';
import type { UsageRow } from '../../../server/store/records.ts';
import { ask, grant, refusal } from './asking.ts';
import { adminWorld, type AdminWorld } from './admin-world.ts';

interface Point {
  readonly start: string;
  readonly bytesUp: number;
  readonly [key: string]: unknown;
}

interface UsageDocument {
  readonly resolution: string;
  readonly from: string;
  readonly to: string;
  readonly points: readonly Point[];
}

/** The clock of a world stands at noon. */
const noonMs = Date.UTC(2026, 11, 1, 12);
const minuteMs = resolutionMs.minute;
const dayMs = resolutionMs.day;

function row(startMs: number, given: Partial<UsageRow> = {}): UsageRow {
  return {
    startMs,
    app: 'chat',
    subject: 'alice',
    transport: 'udp',
    bytesUp: 1,
    bytesDown: 10,
    packetsUp: 2,
    packetsDown: 3,
    drops: 4,
    allocations: 1,
    peakBitsPerSecond: 500,
    ...given,
  };
}

async function worldWith(rows: readonly UsageRow[]): Promise<AdminWorld> {
  const world = await adminWorld();
  world.store.batch(() => world.store.usage.add(rows));
  return world;
}

function usage(world: AdminWorld, query: string): Promise<UsageDocument> {
  return grant(world, 'GET', `/usage?${query}`);
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}

const threeOfDifferent = [
  row(noonMs - 3 * minuteMs, { bytesUp: 1 }),
  row(noonMs - 2 * minuteMs, { bytesUp: 2, app: 'shop' }),
  row(noonMs - 2 * minuteMs, { bytesUp: 4, subject: 'bob', transport: 'tls' }),
  row(noonMs - minuteMs, { bytesUp: 8, app: '', subject: 'alice' }),
];

describe('GET /usage', () => {
  test('tells the last day when nothing else is said', async () => {
    const world = await worldWith([
      row(noonMs - 90 * minuteMs),
      row(noonMs - 91 * minuteMs, { peakBitsPerSecond: 900 }),
    ]);
    expect(await grant(world, 'GET', '/usage')).toEqual({
      resolution: 'hour',
      from: at(noonMs - dayMs),
      to: at(noonMs),
      points: [
        {
          start: at(noonMs - 2 * 60 * minuteMs),
          app: '',
          subject: '',
          transport: '',
          bytesUp: 2,
          bytesDown: 20,
          packetsUp: 4,
          packetsDown: 6,
          drops: 8,
          allocations: 2,
          peakBitsPerSecond: 900,
        },
      ],
    });
  });

  test.each<[query: string, points: unknown[][]]>([
    ['groupBy=none', [['', '', '', 15]]],
    [
      'groupBy=app',
      [
        ['', '', '', 8],
        ['chat', '', '', 5],
        ['shop', '', '', 2],
      ],
    ],
    // Each subject is one of its app: two of one name are two.
    [
      'groupBy=subject',
      [
        ['', 'alice', '', 8],
        ['chat', 'alice', '', 1],
        ['chat', 'bob', '', 4],
        ['shop', 'alice', '', 2],
      ],
    ],
    [
      'groupBy=transport',
      [
        ['', '', 'tls', 4],
        ['', '', 'udp', 11],
      ],
    ],
    ['app=chat', [['', '', '', 5]]],
    ['app=', [['', '', '', 8]]],
    ['subject=alice', [['', '', '', 11]]],
    ['app=chat&subject=alice', [['', '', '', 1]]],
    ['transport=tls', [['', '', '', 4]]],
    ['app=shop&transport=tls', []],
    ['app=constructor', []],
  ])('%s', async (query, points) => {
    const { points: told } = await usage(await worldWith(threeOfDifferent), `resolution=day&${query}`);
    expect(told.map(({ app, subject, transport, bytesUp }) => [app, subject, transport, bytesUp])).toEqual(points);
  });

  test('the step that a time is in is told whole, and the one at its end is not', async () => {
    const world = await worldWith([0, 1, 2, 3].map((minute) => row(noonMs - minute * minuteMs)));
    const from = at(noonMs - 2 * minuteMs + 30_000);
    const told = await usage(world, `resolution=minute&from=${from}&to=${at(noonMs)}`);
    expect(told.from).toBe(at(noonMs - 2 * minuteMs));
    expect(told.points.map(({ start }) => start)).toEqual([at(noonMs - 2 * minuteMs), at(noonMs - minuteMs)]);
  });

  test.each<[what: string, spanMs: number, resolution: string]>([
    ['400 minutes', 400 * minuteMs, 'minute'],
    ['a little more', 400 * minuteMs + 1, 'hour'],
    ['400 hours', 400 * 60 * minuteMs, 'hour'],
    ['a little more than 400 hours', 400 * 60 * minuteMs + 1, 'day'],
    ['four years', 1_461 * dayMs, 'day'],
  ])('auto tells %s finely enough', async (_what, spanMs, resolution) => {
    const world = await worldWith([]);
    expect(await usage(world, `from=${at(noonMs - spanMs)}&to=${at(noonMs)}`)).toMatchObject({ resolution });
  });

  test.each<[what: string, fromMs: number, resolution: string]>([
    ['since they are kept', noonMs - 60 * minuteMs, 'minute'],
    ['of a time whose minutes are forgotten', noonMs - 5 * dayMs, 'hour'],
    ['of a time whose hours are forgotten', noonMs - 50 * dayMs, 'day'],
    ['of before the first', noonMs - 500 * dayMs, 'day'],
  ])('auto takes what is kept, for an hour %s', async (_what, fromMs, resolution) => {
    const world = await worldWith([60, 20, 4, 1, 0].map((days) => row(noonMs - days * dayMs - minuteMs)));
    world.store.batch(() => {
      world.store.usage.forgetBefore('minute', noonMs - 2 * dayMs, 1_000);
      world.store.usage.forgetBefore('hour', noonMs - 35 * dayMs, 1_000);
    });
    const to = at(fromMs + 60 * minuteMs);
    expect(await usage(world, `from=${at(fromMs)}&to=${to}`)).toMatchObject({ resolution });
  });

  test('auto tells minutes of a young appliance, although it is asked for more than it has', async () => {
    const world = await worldWith([row(noonMs - minuteMs)]);
    expect(await usage(world, `from=${at(noonMs - 6 * 60 * minuteMs)}`)).toMatchObject({ resolution: 'minute' });
  });

  test.each<[query: string, code: string, detail: RegExp]>([
    ['resolution=second', 'bad_request', /resolution/],
    ['groupBy=country', 'bad_request', /groupBy/],
    ['sbuject=alice', 'bad_request', /unknown keys: "sbuject"/],
    ['from=yesterday', 'bad_request', /from/],
    ['format=xml', 'bad_request', /format/],
    ['from=2026-12-01T12:00:00Z', 'invalid_value', /from 2026-12-01T12:00:00\.000Z is not before to 2026-12-01T12:00/],
    ['to=2026-12-01T11:00:00Z&from=2026-12-01T11:30:00Z', 'invalid_value', /is not before/],
    [
      'resolution=minute&from=2026-11-01T00:00:00Z',
      'invalid_value',
      /more than 1500 steps of a minute\. Ask for less time, or for a coarser resolution/,
    ],
    [
      'resolution=day&from=2000-01-01T00:00:00Z',
      'invalid_value',
      /more than 1500 steps of a day\. Ask for less time\./,
    ],
  ])('refuses %s', async (query, code, detail) => {
    expect(await refusal(await worldWith([]), 'GET', `/usage?${query}`)).toMatchObject({
      code,
      detail: expect.stringMatching(detail) as string,
    });
  });

  test('refuses more than 20,000 points', async () => {
    const subjects = Array.from({ length: 20_001 }, (_, number) => row(noonMs - minuteMs, { subject: String(number) }));
    const world = await worldWith(subjects.slice(1));
    const query = 'resolution=minute&from=2026-12-01T11:00:00Z&groupBy=subject';
    expect((await usage(world, query)).points).toHaveLength(20_000);
    world.store.batch(() => world.store.usage.add(subjects.slice(0, 1)));
    expect(await refusal(world, 'GET', `/usage?${query}`)).toMatchObject({
      code: 'invalid_value',
      detail: expect.stringMatching(
        /more than 20000 points grouped by subject\. Ask for less time, .* or for one app/,
      ) as string,
    });
  });

  test('as CSV, for a spreadsheet, which computes nothing of it', async () => {
    const world = await worldWith([row(noonMs - minuteMs, { subject: '=1+1' })]);
    const answer = await world.call('viewer', { url: '/usage?format=csv&groupBy=subject' });
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).toBe('attachment; filename="turnpike-usage.csv"');
    expect(answer.body.split('\r\n')).toEqual([
      '"start","app","subject","transport","bytesUp","bytesDown","packetsUp","packetsDown","drops","allocations","peakBitsPerSecond"',
      `"${at(noonMs - 60 * minuteMs)}","chat","'=1+1","","1","10","2","3","4","1","500"`,
      '',
    ]);
  });

  test('a viewer may read it, a token for metrics may not', async () => {
    const world = await worldWith([]);
    expect((await ask(world, ['GET', '/usage'], { as: 'viewer' })).status).toBe(200);
    expect((await ask(world, ['GET', '/usage'], { as: 'token:metrics' })).status).toBe(403);
  });
});
