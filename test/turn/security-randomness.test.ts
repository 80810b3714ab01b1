import { describe, expect, test } from 'vitest';
import { writeEvenPort } from '../../server/stun/turn-attributes.ts';
import { randomBelow } from '../../server/turn/random.ts';
import { seededUint32 } from './seeded-random.ts';
import { TestClient, type WriteAttributes } from './test-client.ts';
import { TestMachine } from './test-machine.ts';

const plain: WriteAttributes = () => undefined;
const even: WriteAttributes = (writer) => void writeEvenPort(writer, { reserveNext: false });
const pair: WriteAttributes = (writer) => void writeEvenPort(writer, { reserveNext: true });

/** The ports and tokens of ten Allocates. */
function drawn(write: WriteAttributes, seed: number): { ports: number[]; tokens: string[] } {
  const machine = new TestMachine({ seed });
  const replies = Array.from({ length: 10 }, () => new TestClient(machine).allocate(write));
  return {
    ports: replies.map((reply) => Number(reply?.relayed[0]?.split(':').at(-1))),
    tokens: replies.flatMap((reply) => reply?.token?.join() ?? []),
  };
}

describe('SECURITY.md 12: relay ports and reservation tokens come from the source of randomness', () => {
  test.each([
    ['any port', plain, 0],
    ['an even port', even, 0],
    ['a pair and its token', pair, 10],
  ])('%s: another source draws others, the same source the same', (_, write, tokenCount) => {
    const { ports, tokens } = drawn(write, 1);
    expect(new Set(ports).size).toBe(10);
    expect(new Set(tokens).size).toBe(tokenCount);
    const other = drawn(write, 2);
    expect(other.ports.filter((port) => ports.includes(port)).length).toBeLessThan(3);
    expect(other.tokens.filter((token) => tokens.includes(token))).toEqual([]);
    expect(drawn(write, 1)).toEqual({ ports, tokens });
  });

  test.each([
    ['any', plain],
    ['even', even],
    ['paired', pair],
  ])('%s ports depend on nothing else: neither order nor neighbours show through', (_, write) => {
    const { ports } = drawn(write, 3);
    const steps = ports.slice(1).map((port, at) => port - (ports[at] ?? 0));
    expect(new Set(steps).size).toBeGreaterThan(7);
    expect(steps.some((step) => step < 0)).toBe(true);
  });

  test('a token is eight bytes asked of the source of bytes', () => {
    const asked: number[] = [];
    const token = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const randomBytes = (length: number): Uint8Array => {
      asked.push(length);
      return token;
    };
    const machine = new TestMachine({ options: { randomBytes } });
    const reply = new TestClient(machine).allocate(pair);
    expect([asked, reply?.token]).toEqual([[8], token]);
  });

  test('every number below a bound is drawn equally often, though the bound divides nothing', () => {
    const counts = [0, 0, 0];
    const random = seededUint32(9);
    for (let draw = 0; draw < 30_000; draw++) counts[randomBelow(3, random)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  test('what would favour small numbers is drawn again', () => {
    const words = [0xffffffff, 0xfffffffe, 7];
    expect(randomBelow(0xc0000000, () => words.shift() ?? 0)).toBe(7);
  });
});
