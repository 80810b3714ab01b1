import { describe, expect, test } from 'vitest';
import { AuthBackoff, freeFailures } from '../../server/turn/auth-backoff.ts';
import { ip } from './addresses.ts';
import { seededUint32 } from './seeded-random.ts';

const office = ip('203.0.113.50');
const nowMs = 1_700_000_000_000;

function failed(times: number): AuthBackoff {
  const backoff = AuthBackoff.restored(null, seededUint32(1));
  for (let count = 0; count < times; count++) backoff.recordFailure(office, 'alice', nowMs);
  return backoff;
}

function restarted(backoff: AuthBackoff): AuthBackoff {
  return AuthBackoff.restored(backoff.take(nowMs), seededUint32(2));
}

describe('SECURITY.md 5: the back-off survives a restart', () => {
  test('who waited waits on, and nobody else', () => {
    const restored = restarted(failed(freeFailures + 3));
    expect(restored.isBackedOff(office, 'alice', nowMs + 3_900)).toBe(true);
    expect(restored.isBackedOff(office, 'alice', nowMs + 4_000)).toBe(false);
    expect(restored.isBackedOff(office, 'bob', nowMs)).toBe(false);
    expect(restored.isBackedOff(ip('203.0.113.51'), 'alice', nowMs)).toBe(false);
  });

  test('the count goes on where it was', () => {
    const restored = restarted(failed(freeFailures));
    restored.recordFailure(office, 'alice', nowMs);
    expect(restored.isBackedOff(office, 'alice', nowMs)).toBe(true);
  });

  test('what was forgotten is not in it', () => {
    const backoff = failed(freeFailures + 1);
    backoff.recordSuccess(office, 'alice', nowMs);
    expect(backoff.take(nowMs)).toHaveLength(9);
    expect(failed(5).take(nowMs + 3_600_000)).toHaveLength(9);
  });

  test('it is answered when it has changed, and once', () => {
    const backoff = failed(1);
    expect(backoff.take(nowMs)).toHaveLength(9 + 17);
    expect(backoff.take(nowMs)).toBeNull();
    backoff.recordFailure(office, 'bob', nowMs);
    expect(backoff.take(nowMs)).toHaveLength(9 + 2 * 17);
    expect(AuthBackoff.restored(null, seededUint32(1)).take(nowMs)).toBeNull();
  });

  test('no name is in it', () => {
    const snapshot = failed(3).take(nowMs) ?? new Uint8Array(0);
    expect(new TextDecoder('latin1').decode(snapshot)).not.toContain('alice');
  });

  test.each([
    ['nothing', new Uint8Array(0)],
    ['another version', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['a header that is cut off', Uint8Array.of(1, 0, 0)],
    ['an entry that is cut off', Uint8Array.of(1, ...new Array<number>(8 + 16).fill(0))],
    ['entries beyond the table', Uint8Array.of(1, ...new Array<number>(8 + 17).fill(255))],
  ])('a snapshot that is damaged makes nobody wait: %s', (_, snapshot) => {
    const restored = AuthBackoff.restored(snapshot, seededUint32(3));
    expect(restored.isBackedOff(office, 'alice', nowMs)).toBe(false);
    restored.recordFailure(office, 'alice', nowMs);
    expect(restored.take(nowMs)?.length).toBeGreaterThan(9);
  });
});
