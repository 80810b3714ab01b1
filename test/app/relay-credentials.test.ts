import { describe, expect, test } from 'vitest';
import { CredentialStream } from '../../server/app/relay-credentials.ts';
import type { CredentialChange, CredentialDelta } from '../../server/credentials/credential-set.ts';

const ban = (id: string): CredentialChange => ({ kind: 'remove-ban', id });

/** A stream whose source counts how far it was read. */
function streamOf(snapshot: () => readonly string[]) {
  const posted: CredentialDelta[] = [];
  const read: string[] = [];
  const source = {
    *snapshot(): Generator<CredentialChange> {
      for (const id of snapshot()) {
        read.push(id);
        yield ban(id);
      }
    },
  };
  const stream = new CredentialStream(source, 'example.org', (delta) => posted.push(delta));
  const words = (): string[] => posted.map(({ change }) => (change.kind === 'remove-ban' ? change.id : change.kind));
  return { stream, posted, read, words };
}

describe('the credentials of a relay thread', () => {
  test('the whole set, then every change, each with the number that follows', () => {
    const { stream, posted, words } = streamOf(() => ['a', 'b']);
    stream.sendAll();
    stream.send([ban('c'), ban('d')]);
    expect(words()).toEqual(['reset', 'a', 'b', 'complete', 'c', 'd']);
    expect(posted.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(posted[0]?.change).toEqual({ kind: 'reset', realm: 'example.org' });
  });

  test('no more is on the way than the thread can take, and no more is read', () => {
    const ids = Array.from({ length: 100 }, (_, index) => String(index));
    const { stream, posted, read, words } = streamOf(() => ids);
    stream.sendAll();
    expect([posted.length, read.length]).toEqual([8, 7]);
    stream.send([ban('later')]);
    for (let applied = 1; applied <= 103; applied++) {
      expect(posted.length - applied).toBeLessThan(8);
      stream.applied(applied);
    }
    expect(words()).toEqual(['reset', ...ids, 'complete', 'later']);
  });

  test('a change that comes while the set is on its way follows it', () => {
    let ids = ['a'];
    const { stream, words } = streamOf(() => ids);
    stream.sendAll();
    ids = ['a', 'b'];
    stream.send([ban('b')]);
    expect(words()).toEqual(['reset', 'a', 'complete', 'b']);
  });

  test('after a gap the set is read anew, and what waited is in it', () => {
    const { stream, posted, words } = streamOf(() => ['a']);
    stream.sendAll();
    for (const id of 'bcdefghi') stream.send([ban(id)]);
    expect(words().at(-1)).toBe('f');
    stream.sendAll();
    for (let applied = 1; applied <= 11; applied++) stream.applied(applied);
    expect(words().slice(8)).toEqual(['reset', 'a', 'complete']);
    expect(posted.at(-1)?.sequence).toBe(11);
  });
});
