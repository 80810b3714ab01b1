import { expect, test } from 'vitest';
import { EventDigests } from '../../server/telemetry/event-digests.ts';

test('SECURITY.md 14: a flood of what happens often is one event, with its number and the first few', () => {
  const published: unknown[] = [];
  const digests = new EventDigests((type, digest) => published.push([type, digest]));
  for (let at = 0; at < 100_000; at++) digests.collect('sessions-started', at);
  digests.collect('sessions-ended', 'one');
  expect(published).toEqual([]);
  digests.flush();
  digests.flush();
  expect(published).toEqual([
    ['sessions-started', { count: 100_000, first: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }],
    ['sessions-ended', { count: 1, first: ['one'] }],
  ]);
});
