import { describe, expect, test } from 'vitest';
import { csvLine } from '../../../server/api/admin/csv.ts';
import type { AuditRecord } from '../../../server/store/records.ts';
import type { Store } from '../../../server/store/store.ts';
import { adminWorld, cookieOf, goodPassword, type AdminWorld } from './admin-world.ts';

const everything = { fromMs: null, toMs: null, actor: null, action: null, target: null, beforeId: null, limit: 1_000 };

function lines(store: Store): readonly AuditRecord[] {
  return store.audit.list(everything);
}

/** Adds so many lines, of one action each. */
function fill(world: AdminWorld, count: number, target = 'app/chat'): void {
  for (let line = 1; line <= count; line += 1) {
    world.clock.nowMs += 1_000;
    world.store.mutate({ kind: 'system' }, (record) => {
      record({ action: `test.line-${line}`, target, before: null, after: { line } });
    });
  }
}

describe('SECURITY.md 13: every change of an identity is written down', () => {
  test('who, from where, before and after, and no secret anywhere', async () => {
    const world = await adminWorld();
    const secrets: string[] = [goodPassword, 'another good password'];
    const post = async (url: string, payload: object, headers = {}) => {
      const answer = await world.call('owner', { method: 'POST', url, payload, headers, remoteAddress: '203.0.113.9' });
      expect(answer.statusCode).toBeLessThan(300);
      return answer;
    };
    const made = await post('/accounts', { username: 'alice', role: 'viewer', password: goodPassword });
    const { id } = made.json<{ id: string }>();
    await world.call('owner', { method: 'PATCH', url: `/accounts/${id}`, payload: { role: 'operator' } });
    const token = (await post('/tokens', { name: 'ci', scope: 'read' })).json<{
      text: string;
      token: { id: string };
    }>();
    secrets.push(token.text);
    const signIn = await post('/sign-in', { username: 'alice', password: goodPassword });
    const cookie = cookieOf(signIn);
    secrets.push(cookie.split('=')[1] ?? '');
    await post('/me/password', { current: goodPassword, password: 'another good password' }, { cookie });
    const seed = await post('/me/totp', { password: 'another good password' }, { cookie });
    secrets.push(seed.json<{ secret: string }>().secret);
    await post('/sign-out', {}, { cookie });
    secrets.push((await post(`/accounts/${id}/reset-password`, {})).json<{ password: string }>().password);
    await post(`/accounts/${id}/unlock`, {});
    await world.call('owner', { method: 'DELETE', url: `/tokens/${token.token.id}` });
    await world.call('owner', { method: 'DELETE', url: `/accounts/${id}` });

    const written = lines(world.store).toReversed();
    const target = 'account/alice';
    expect(written).toMatchObject([
      { action: 'account.create', target, before: null, after: { role: 'viewer' }, actor: { name: 'owner' } },
      { action: 'account.change', target, before: { role: 'viewer' }, after: { role: 'operator' } },
      { action: 'token.create', after: { name: 'ci', scope: 'read' } },
      { action: 'sign-in.create', actor: { name: 'alice' }, address: '203.0.113.9', after: { method: 'password' } },
      { action: 'account.change-password', target, actor: { name: 'alice' }, after: { signInsEnded: 0 } },
      { action: 'sign-in.delete', after: null },
      { action: 'account.reset-password', target, actor: { name: 'owner' } },
      { action: 'account.unlock', target },
      { action: 'token.revoke', before: { name: 'ci', scope: 'read' }, after: null },
      { action: 'account.delete', target, before: { role: 'operator' }, after: null },
    ]);
    const told = JSON.stringify([written, world.logged]);
    for (const secret of secrets) expect(told).not.toContain(secret);
  });

  test('a change that does not happen leaves no line', async () => {
    const world = await adminWorld();
    const url = `/accounts/${world.accountIds.owner}`;
    await world.call('owner', { method: 'DELETE', url });
    await world.call('owner', { method: 'PATCH', url, payload: { role: 'viewer' } });
    await world.call('owner', { method: 'DELETE', url: '/tokens/nowhere' });
    expect(lines(world.store)).toEqual([]);
  });
});

describe('GET /audit', () => {
  test.each([
    ['all, the newest first', '', [6, 5, 4, 3, 2, 1]],
    ['a page', '?limit=2', [6, 5]],
    ['the next page', '?limit=2&after=5', [4, 3]],
    ['from a time on', '?from=2026-12-01T12:00:05Z', [6, 5]],
    ['until a time', '?to=2026-12-01T12:00:03Z', [2, 1]],
    ['in another zone', '?from=2026-12-01T13:00:06%2B01:00', [6]],
    ['one action', '?action=test.line-3', [3]],
    ['all of a kind', '?action=test.', [6, 5, 4, 3, 2, 1]],
    ['another kind', '?action=tes', []],
    ['an actor', '?actor=system', [6, 5, 4, 3, 2, 1]],
    ['another actor', '?actor=owner', []],
    ['a target and what is below', '?target=app', [6, 5, 4, 3, 2, 1]],
    ['a target that begins alike', '?target=app/cha', []],
  ])('%s', async (_what, query, ids) => {
    const world = await adminWorld();
    fill(world, 6);
    const answer = await world.call('viewer', { url: `/audit${query}` });
    expect(answer.json<{ lines: { id: number }[] }>().lines.map(({ id }) => id)).toEqual(ids);
  });

  test.each([
    ['?limit=0', 400],
    ['?limit=1001', 400],
    ['?limit=two', 400],
    ['?limit=1&limit=2', 400],
    ['?from=yesterday', 400],
    ['?unknown=1', 400],
  ])('%s is %d', async (query, status) => {
    const world = await adminWorld();
    expect((await world.call('viewer', { url: `/audit${query}` })).statusCode).toBe(status);
  });
});

describe('GET /audit/export', () => {
  test('has every line, however many there are', async () => {
    const world = await adminWorld();
    fill(world, 1_203);
    const answer = await world.call('viewer', { url: '/audit/export' });
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    const exported = answer.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number });
    expect(exported.map(({ id }) => id)).toEqual(Array.from({ length: 1_203 }, (_, index) => 1_203 - index));
  });

  test('as CSV, with what a spreadsheet would compute made harmless', async () => {
    const world = await adminWorld();
    fill(world, 1, '=cmd|/c calc!A1');
    const answer = await world.call('viewer', { url: '/audit/export?format=csv&action=test.' });
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).toBe('attachment; filename="turnpike-audit.csv"');
    const [head, line] = answer.body.split('\r\n');
    expect(head).toBe('"id","at","actorKind","actorId","actorName","address","action","target","before","after"');
    expect(line).toContain('"test.line-1","\'=cmd|/c calc!A1","null","{""line"":1}"');
  });
});

test.each([
  ['=1+1', `"'=1+1"`],
  ['+1', `"'+1"`],
  ['-1', `"'-1"`],
  ['@SUM(A1)', `"'@SUM(A1)"`],
  ['\t=1', `"'\t=1"`],
  ['\r=1', `"'\r=1"`],
  ['a "b", c', '"a ""b"", c"'],
  ['two\nlines', '"two\nlines"'],
  ['plain', '"plain"'],
])('CSV: %j is %j', (text, field) => {
  expect(csvLine([text])).toBe(`${field}\r\n`);
});
