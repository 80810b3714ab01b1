import { assert as property, array, integer, oneof, record, constant, property as given } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Deadlines, type Timed } from '../../server/turn/deadlines.ts';

function timed(expiresAtMs: number): Timed {
  return { expiresAtMs, deadlineIndex: -1 };
}

describe('the deadline heap', () => {
  test('nothing waits in an empty one', () => {
    const deadlines = new Deadlines();
    expect([deadlines.size, deadlines.nextMs, deadlines.popDue(Infinity)]).toEqual([0, Infinity, undefined]);
  });

  test('an entry is due at its time and not before', () => {
    const deadlines = new Deadlines();
    const entry = timed(100);
    deadlines.add(entry);
    expect(deadlines.popDue(99)).toBeUndefined();
    expect(deadlines.popDue(100)).toBe(entry);
    expect(deadlines.size).toBe(0);
  });

  test('an entry can be in it once, and only an entry of it can be moved or removed', () => {
    const deadlines = new Deadlines();
    const entry = timed(1);
    deadlines.add(entry);
    expect(() => deadlines.add(entry)).toThrow('once');
    expect(() => deadlines.move(timed(1), 2)).toThrow('not in this heap');
    deadlines.remove(entry);
    expect(() => deadlines.remove(entry)).toThrow('not in this heap');
  });

  test('after any adding, moving, removing and popping it answers as a sorted list does', () => {
    const time = integer({ min: 0, max: 50 });
    const index = integer({ min: 0, max: 100 });
    const step = oneof(
      record({ kind: constant('add' as const), time }),
      record({ kind: constant('move' as const), time, index }),
      record({ kind: constant('remove' as const), index }),
      record({ kind: constant('pop' as const), time }),
    );
    property(
      given(array(step, { maxLength: 200 }), (steps) => {
        const deadlines = new Deadlines();
        const held: Timed[] = [];
        for (const action of steps) {
          const chosen = 'index' in action ? held[action.index % Math.max(1, held.length)] : undefined;
          if (action.kind === 'add') {
            const entry = timed(action.time);
            held.push(entry);
            deadlines.add(entry);
          } else if (action.kind === 'move' && chosen !== undefined) {
            deadlines.move(chosen, action.time);
          } else if (action.kind === 'remove' && chosen !== undefined) {
            held.splice(held.indexOf(chosen), 1);
            deadlines.remove(chosen);
          } else if (action.kind === 'pop') {
            const popped = deadlines.popDue(action.time);
            const soonest = Math.min(...held.map((entry) => entry.expiresAtMs));
            expect(popped?.expiresAtMs).toBe(soonest <= action.time ? soonest : undefined);
            if (popped !== undefined) held.splice(held.indexOf(popped), 1);
          }
          expect(deadlines.size).toBe(held.length);
          expect(deadlines.nextMs).toBe(Math.min(...held.map((entry) => entry.expiresAtMs)));
        }
      }),
    );
  });
});
