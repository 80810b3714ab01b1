import { describe, expect, test } from 'vitest';
import { changesOf, maxUsersPerChunk } from '../../server/credentials/credential-changes.ts';
import { CredentialBook } from '../../server/credentials/credential-book.ts';
import { unlimitedUser, type CredentialChange, type StaticUser } from '../../server/credentials/credential-set.ts';
import { realm } from './sets.ts';

const count = 100_000;

/** Users whose keys tell them apart; deriving them is not what is tested here. */
function* users(): Generator<StaticUser> {
  for (let number = 0; number < count; number++) {
    const sha256Key = new Uint8Array(32);
    new DataView(sha256Key.buffer).setUint32(0, number);
    yield { name: `user-${number}@example.org`, md5Key: sha256Key.slice(0, 16), sha256Key, ...unlimitedUser };
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

describe('a hundred thousand static users', () => {
  test('cost less than 60 MB; a chunk of them, and the change of one, are applied within a millisecond', () => {
    const book = new CredentialBook();
    let sequence = 0;
    /** Milliseconds that a change takes. */
    const apply = (change: CredentialChange): number => {
      sequence += 1;
      // As it comes from the other thread.
      const delta = structuredClone({ sequence, change });
      const startedAtMs = performance.now();
      book.apply(delta);
      return performance.now() - startedAtMs;
    };
    const before = process.memoryUsage();
    apply({ kind: 'reset', realm });
    const chunks = Array.from(changesOf({ apps: [], users: users(), bans: [] }), apply);
    apply({ kind: 'complete' });
    const after = process.memoryUsage();
    expect(chunks).toHaveLength(Math.ceil(count / maxUsersPerChunk));
    expect(book.userCount).toBe(count);
    // What is not collected yet is counted too.
    const usedBytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
    expect(usedBytes).toBeLessThan(60_000_000);

    const singles = Array.from({ length: 1000 }, (_, number) => {
      const name = `user-${number * 97}@example.org`;
      return apply({ kind: 'users', users: { names: [name], keys: new Uint8Array(48).fill(7), limits: [] } });
    });
    // The median: whatever else this machine does is not the book's.
    expect(median(chunks)).toBeLessThan(1);
    expect(median(singles)).toBeLessThan(0.1);
    expect(Array.from(book.candidates('user-97@example.org', 'md5'), ({ key }) => key[0])).toEqual([7]);
  });
});
