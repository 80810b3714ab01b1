import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HandshakeQueue } from '../../server/transport/handshake-queue.ts';
import { ipKey, ipv4, type IpKey } from '../../server/stun/transport-address.ts';

const [a, b, c] = [ipKey(ipv4(1)), ipKey(ipv4(2)), ipKey(ipv4(3))];
const limits = { handshakesPerSecond: 10, handshakeBurst: 2, maxWaiting: 4, waitTimeoutMs: 1000 };

/** Everyone who may begin at this time, in order. */
function begun(queue: HandshakeQueue<string>, nowMs: number): string {
  const names: string[] = [];
  for (let next = queue.next(nowMs); next !== undefined; next = queue.next(nowMs)) names.push(next);
  return names.join(' ');
}

function filled(...names: readonly string[]): HandshakeQueue<string> {
  const queue = new HandshakeQueue<string>({ ...limits, maxWaiting: 100 });
  for (const name of names) queue.enter(name.startsWith('a') ? a : name.startsWith('b') ? b : c, name, 0);
  return queue;
}

describe('SECURITY.md 10: TLS handshakes per second are bounded', () => {
  test('a burst begins at once, then one in each interval, and a quiet time gives back no more than the burst', () => {
    const queue = filled('a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8');
    expect([0, 99, 100, 150, 200, 5000, 5099, 5100].map((nowMs) => begun(queue, nowMs))).toEqual([
      'a8 a7',
      '',
      'a6',
      '',
      'a5',
      'a4 a3',
      '',
      'a2',
    ]);
  });

  test('another rate holds from the next on, and what has begun is paid for in the time that it was to take', () => {
    const queue = filled('a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8');
    expect(begun(queue, 0)).toBe('a8 a7');
    queue.setRate({ handshakesPerSecond: 1, handshakeBurst: 1 });
    expect([199, 200, 1199, 1200].map((nowMs) => begun(queue, nowMs))).toEqual(['', 'a6', '', 'a5']);
    queue.setRate({ handshakesPerSecond: 100, handshakeBurst: 3 });
    expect(queue.untilNextMs(1200)).toBe(980);
    expect([2179, 2180, 2190].map((nowMs) => begun(queue, nowMs))).toEqual(['', 'a4', 'a3']);
  });

  test('says how long until the next, and nothing when nobody waits', () => {
    const queue = filled('a1', 'a2', 'a3');
    expect(queue.untilNextMs(0)).toBe(0);
    begun(queue, 0);
    expect(queue.untilNextMs(0)).toBe(100);
    expect(queue.untilNextMs(60)).toBe(40);
    expect(queue.untilNextMs(500)).toBe(0);
    begun(queue, 500);
    expect(queue.untilNextMs(500)).toBe(undefined);
  });
});

describe('SECURITY.md 10: whoever waits for a TLS handshake is served fairly by source', () => {
  test.each([
    ['sources take turns', ['a1', 'b1', 'c1', 'a2', 'b2', 'c2'], 'a2 b2 c2 a1 b1 c1'],
    ['a flood costs a latecomer one turn', ['a1', 'a2', 'a3', 'a4', 'a5', 'b1'], 'a5 b1 a4 a3 a2 a1'],
    ['of one source the newest is first', ['a1', 'a2', 'a3'], 'a3 a2 a1'],
  ])('%s', (_what, arrivals, order) => {
    const queue = filled(...arrivals);
    const served = arrivals.map((_name, turn) => (turn === 0 ? queue.next(0) : queue.next(turn * 100)));
    expect(served.join(' ')).toBe(order);
  });

  test('who waits for too long goes, the oldest first', () => {
    const queue = new HandshakeQueue<string>(limits);
    queue.enter(a, 'a1', 0);
    queue.enter(b, 'b1', 10);
    queue.enter(a, 'a2', 20);
    expect(queue.nextOverdue(999)).toBe(undefined);
    expect([queue.nextOverdue(1010), queue.nextOverdue(1010), queue.nextOverdue(1010)]).toEqual([
      'a1',
      'b1',
      undefined,
    ]);
    expect([queue.waiting, queue.sources]).toEqual([1, 1]);
  });

  test('when too many wait, the oldest of the longest line goes: never one of a smaller source', () => {
    const queue = new HandshakeQueue<string>(limits);
    const pushedOut = ['b1', 'a1', 'a2', 'a3', 'a4', 'c1'].map((name) =>
      queue.enter(name.startsWith('a') ? a : name.startsWith('b') ? b : c, name, 0),
    );
    expect(pushedOut).toEqual([undefined, undefined, undefined, undefined, 'a1', 'a2']);
    expect(queue.waiting).toBe(4);
  });

  test('who has left is not served, and may leave twice', () => {
    const queue = filled('a1', 'a2', 'b1');
    queue.leave('a2');
    queue.leave('a2');
    expect(begun(queue, 0)).toBe('a1 b1');
    expect([queue.waiting, queue.sources]).toEqual([0, 0]);
  });
});

/** Who would go for a newcomer by a look at every line: the oldest of each of the longest. */
function oldestOfLongest(waiting: ReadonlyMap<number, { readonly source: IpKey }>): readonly number[] {
  const lines = Map.groupBy(waiting.keys(), (item) => waiting.get(item)?.source);
  const longest = Math.max(...Array.from(lines.values(), (line) => line.length));
  return Array.from(lines.values()).flatMap((line) => (line.length === longest ? line.slice(0, 1) : []));
}

test('with whatever room and at whatever rate, who goes for a newcomer is the oldest of a longest line', () => {
  const someSource = fc.constantFrom(...Array.from({ length: 8 }, (_, index) => ipKey(ipv4(index))));
  const arrivals = fc.array(fc.record({ source: someSource, served: fc.nat(2), left: fc.nat(99) }), { maxLength: 200 });
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 1, max: 40 }), (steps, maxWaiting) => {
      const queue = new HandshakeQueue<number>({ ...limits, maxWaiting, handshakesPerSecond: 1e9 });
      const waiting = new Map<number, { readonly source: IpKey }>();
      for (const [item, { source, served, left }] of steps.entries()) {
        waiting.set(item, { source });
        const candidates = waiting.size > maxWaiting ? oldestOfLongest(waiting) : [undefined];
        const pushedOut = queue.enter(source, item, item);
        expect(candidates).toContain(pushedOut);
        if (pushedOut !== undefined) waiting.delete(pushedOut);
        if (served === 0) waiting.delete(queue.next(item) ?? -1);
        const leaving = Array.from(waiting.keys())[left];
        if (leaving === undefined) continue;
        queue.leave(leaving);
        waiting.delete(leaving);
      }
      expect(queue.waiting).toBe(waiting.size);
    }),
  );
});

const step = fc.record({
  passMs: fc.integer({ min: 0, max: 400 }),
  source: fc.constantFrom(a, b, c),
  which: fc.nat(10),
  act: fc.constantFrom('enter', 'enter', 'enter', 'leave', 'next', 'overdue'),
});

test('after any sequence: each is served or ends once, within the rate, the room and the time', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const queue = new HandshakeQueue<number>(limits);
      const waiting = new Map<number, { readonly source: IpKey; readonly atMs: number }>();
      const startsMs: number[] = [];
      let nowMs = 0;
      const gone = (item: number | undefined): void => {
        if (item !== undefined) expect(waiting.delete(item)).toBe(true);
      };
      for (const [item, { passMs, source, act, which }] of steps.entries()) {
        nowMs += passMs;
        if (act === 'enter') {
          waiting.set(item, { source, atMs: nowMs });
          const candidates = oldestOfLongest(waiting);
          const pushedOut = queue.enter(source, item, nowMs);
          if (pushedOut !== undefined) expect(candidates).toContain(pushedOut);
          gone(pushedOut);
        } else if (act === 'leave') {
          const someone = Array.from(waiting.keys())[which % waiting.size];
          if (someone !== undefined) queue.leave(someone);
          gone(someone);
        } else if (act === 'next') {
          const next = queue.next(nowMs);
          if (next !== undefined) startsMs.push(nowMs);
          gone(next);
        } else {
          for (let late = queue.nextOverdue(nowMs); late !== undefined; late = queue.nextOverdue(nowMs)) gone(late);
          for (const { atMs } of waiting.values()) expect(nowMs - atMs).toBeLessThan(limits.waitTimeoutMs);
        }
        expect(queue.waiting).toBe(waiting.size);
        expect(queue.waiting).toBeLessThanOrEqual(limits.maxWaiting);
        expect(queue.sources).toBeLessThanOrEqual(queue.waiting);
      }
      for (const [first, startMs] of startsMs.entries()) {
        const inASecond = startsMs.slice(first).filter((atMs) => atMs < startMs + 1000).length;
        expect(inASecond).toBeLessThanOrEqual(limits.handshakesPerSecond + limits.handshakeBurst);
      }
    }),
  );
});
