import { describe, expect, test } from 'vitest';
import type { RefusalCause } from '../../server/seam/session-event.ts';
import { failureCauses, failureGroups, groupOfCause, type FailureCause } from '../../server/contract/failure-groups.ts';
import { classifyFailure } from '../../server/telemetry/failure-groups.ts';
import { FailureLog, peerAllowLine, type Refusal } from '../../server/telemetry/failure-log.ts';

const nowS = 1_800_000_000;
const nowMs = nowS * 1000;
const day = 86_400;

const refusal: Refusal = {
  cause: 'unknown-user',
  username: 'mallory',
  expiresAtS: null,
  app: null,
  transport: 'udp',
  client: { address: '198.51.100.7', port: 4000 },
  peer: null,
};

test('the causes are those of the relay, all of them', () => {
  // That each name is in the other type is the compiler's to check.
  const ofRelay: readonly RefusalCause[] = failureCauses;
  const ofTelemetry: Readonly<Record<RefusalCause, true>> & Readonly<Record<FailureCause, true>> = Object.fromEntries(
    failureCauses.map((cause) => [cause, true]),
  ) as Record<FailureCause, true>;
  expect(Object.keys(ofTelemetry).sort()).toEqual([...ofRelay].sort());
});

test('every group has a cause, but the one that only a username tells of', () => {
  const groups = new Set<string>(failureCauses.map(groupOfCause));
  expect([...groups, 'clock-skew'].sort()).toEqual([...failureGroups].sort());
});

describe('the group of a refusal', () => {
  test.each<[string, FailureCause, number | null, string]>([
    ['a static name', 'unknown-user', null, 'unknown-user'],
    ['a time-limited name of nobody', 'unknown-user', nowS + 3600, 'unknown-user'],
    ['a wrong secret', 'wrong-password', nowS + 3600, 'wrong-secret'],
    ['a wrong password of a static user', 'wrong-password', null, 'wrong-secret'],
    ['expired just now', 'expired-credential', nowS, 'clock-skew'],
    ['expired a second less than 15 minutes ago', 'expired-credential', nowS - 899, 'clock-skew'],
    ['expired 15 minutes ago', 'expired-credential', nowS - 900, 'expired'],
    ['expired a day ago', 'expired-credential', nowS - day, 'expired'],
    ['a static user that has expired', 'expired-credential', null, 'expired'],
    ['a secret whose overlap is over, before the credential is', 'expired-credential', nowS + 60, 'expired'],
    ['the longest TTL and a day', 'wrong-password', nowS + 8 * day, 'wrong-secret'],
    ['further away than the longest TTL and a day', 'wrong-password', nowS + 8 * day + 1, 'clock-skew'],
    ['in milliseconds', 'wrong-password', nowMs, 'clock-skew'],
    ['in milliseconds, of nobody', 'unknown-user', nowMs + 3_600_000, 'clock-skew'],
    ['a quota, whatever the name says', 'quota-user', nowMs, 'quota'],
    ['a ban, whatever the name says', 'banned', nowS - 10, 'banned'],
    ['a revoked key', 'revoked-key', nowS + 3600, 'revoked'],
    ['a disabled app', 'disabled-app', nowS + 3600, 'revoked'],
    ['no ports', 'out-of-ports', nowS + 3600, 'capacity'],
  ])('%s', (_, cause, expiresAtS, group) => {
    expect(classifyFailure(cause, expiresAtS, nowMs).group).toBe(group);
  });

  test.each<[string, FailureCause, number, RegExp]>([
    ['milliseconds', 'wrong-password', nowMs, /milliseconds.*seconds/],
    ['a clock that is ahead', 'wrong-password', nowS + 30 * day, /30 days away.*ahead/],
    ['a clock that is behind', 'expired-credential', nowS - 42, /42 seconds ago.*clocks/],
  ])('the hint names %s', (_, cause, expiresAtS, hint) => {
    expect(classifyFailure(cause, expiresAtS, nowMs).hint).toMatch(hint);
  });
});

describe('the failure log', () => {
  test('SECURITY.md 1: a denied peer is shown with the exact line that would allow it', () => {
    const log = new FailureLog();
    log.note({ ...refusal, cause: 'peer-denied', peer: '10.1.2.3' }, nowMs);
    expect(log.recent({ group: 'peer-denied', limit: 1 })).toMatchObject([
      { peer: '10.1.2.3', hint: 'to allow it: turn.peers.allow: ["10.1.2.3/32"]' },
    ]);
    expect(peerAllowLine('fd00::7')).toBe('turn.peers.allow: ["fd00::7/128"]');
  });

  test('SECURITY.md 14: a flood leaves a bounded number of samples, and does not hide other groups', () => {
    const log = new FailureLog();
    log.note({ ...refusal, cause: 'banned' }, nowMs);
    for (let at = 1; at <= 50_000; at++) log.note({ ...refusal, username: `stranger ${at}` }, nowMs + at);
    const all = log.recent({ group: null, limit: 1_000_000 });
    expect(all).toHaveLength(101);
    expect(all[0]).toMatchObject({ username: 'stranger 50000', atMs: nowMs + 50_000 });
    expect(all.at(-1)).toMatchObject({ cause: 'banned' });
    expect(log.recent({ group: 'banned', limit: 10 })).toHaveLength(1);
  });

  test('counts are exact, whatever was sampled; a summary holds what came since the last', () => {
    const log = new FailureLog();
    expect(log.takeSummary()).toBeNull();
    log.note(refusal, nowMs);
    log.count([
      { cause: 'unknown-user', count: 1_000 },
      { cause: 'stale-nonce', count: 1 },
      { cause: 'unknown-user', count: 5 },
    ]);
    expect(log.takeSummary()).toEqual({ 'unknown-user': 1_005, 'stale-nonce': 1 });
    expect(log.takeSummary()).toBeNull();
    log.count([{ cause: 'unknown-user', count: 1 }]);
    expect(log.takeSummary()).toEqual({ 'unknown-user': 1 });
    expect(new Map(log.totals)).toEqual(
      new Map([
        ['unknown-user', 1_006],
        ['stale-nonce', 1],
      ]),
    );
  });
});
