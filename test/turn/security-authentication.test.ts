import { describe, expect, test } from 'vitest';
import { staticUser } from '../../server/credentials/credential-set.ts';
import { Method } from '../../server/stun/registry.ts';
import { freeFailures, longestBackoffS } from '../../server/turn/auth-backoff.ts';
import { at } from './addresses.ts';
import { TestClient } from './test-client.ts';
import { defaultCredentials, realm, TestMachine } from './test-machine.ts';

const office = '203.0.113.50';
const wrong = { password: 'looking-glass' };
let port = 1000;

/** Fails to authenticate as this user from the office, each time with a nonce valid for its address. */
function fail(machine: TestMachine, times: number, username = 'alice', address = office): void {
  const client = new TestClient(machine, { username, address: at(address, port++) });
  for (let count = 0; count < times; count++) client.request(Method.refresh, undefined, wrong);
}

function allocateFrom(machine: TestMachine, address: string, username: string, password: string): number | undefined {
  return new TestClient(machine, { username, password, address: at(address, port++) }).allocate()?.code;
}

describe('SECURITY.md 5: back-off by address and user', () => {
  test('after too many failures in a row a new Allocate is refused though its password is right', () => {
    const machine = new TestMachine();
    fail(machine, freeFailures);
    expect(allocateFrom(machine, office, 'alice', 'wonderland')).toBe(0);
    fail(machine, freeFailures + 1);
    expect(allocateFrom(machine, office, 'alice', 'wonderland')).toBe(401);
    expect(machine.refusals.at(-1)).toBe('backed-off');
  });

  test('another user of the address and the same user elsewhere are served', () => {
    const machine = new TestMachine();
    fail(machine, freeFailures + 1);
    expect(allocateFrom(machine, office, 'bob', 'builder')).toBe(0);
    expect(allocateFrom(machine, '203.0.113.51', 'alice', 'wonderland')).toBe(0);
  });

  test('a live session is not touched, whoever fails in its name', () => {
    const machine = new TestMachine();
    const session = new TestClient(machine, { address: at(office, 999) });
    session.allocate();
    fail(machine, freeFailures + 20);
    for (let count = 0; count < freeFailures + 20; count++) session.request(Method.refresh, undefined, wrong);
    expect(session.refresh()?.code).toBe(0);
    expect(session.createPermission(at('8.8.8.8', 0))?.code).toBe(0);
    expect(session.channelBind(0x4000, at('8.8.8.8', 9))?.code).toBe(0);
  });

  test('the wait is a second at first, doubles, and ends', () => {
    const machine = new TestMachine();
    fail(machine, freeFailures + 1);
    machine.advance(1);
    fail(machine, 1);
    machine.advance(1.9);
    expect(allocateFrom(machine, office, 'alice', 'wonderland')).toBe(401);
    machine.advance(0.1);
    expect(allocateFrom(machine, office, 'alice', 'wonderland')).toBe(0);
  });

  test(`it is never longer than ${longestBackoffS} seconds`, () => {
    const machine = new TestMachine();
    fail(machine, freeFailures + 1);
    for (let round = 0; round < 20; round++) {
      machine.advance(longestBackoffS);
      fail(machine, 1);
    }
    machine.advance(longestBackoffS);
    expect(allocateFrom(machine, office, 'alice', 'wonderland')).toBe(0);
  });

  test('who waits is told nothing: right and wrong password are one answer, by every method', () => {
    const machine = new TestMachine();
    fail(machine, freeFailures + 1);
    for (const method of [Method.allocate, Method.refresh, Method.createPermission, Method.channelBind]) {
      const replies = [{}, wrong].map((details) => new TestClient(machine).request(method, undefined, details));
      expect(replies.map((reply) => reply?.code)).toEqual([401, 401]);
      expect(new Set(replies.map((reply) => reply?.size)).size).toBe(1);
    }
  });

  test('without a nonce of ours nobody learns whether a password is right: 438 either way, and it is no failure', () => {
    const machine = new TestMachine();
    for (let count = 0; count <= freeFailures; count++) {
      for (const details of [{}, wrong]) {
        const client = new TestClient(machine, { address: at(office, port++) });
        expect(client.allocate(undefined, { nonce: 'forged', ...details })?.code).toBe(438);
      }
    }
    expect(allocateFrom(machine, office, 'alice', 'wonderland')).toBe(0);
    expect(machine.refusals).toEqual([]);
  });

  const carol = (machine: TestMachine, ttlS: number): TestClient => {
    return TestClient.withRestCredential(machine, 'carol', ttlS, { address: at(office, port++) });
  };

  test.each<[string, (machine: TestMachine) => number | undefined, number]>([
    ['the opening challenge', (m) => new TestClient(m).allocate(undefined, { integrity: 'none' })?.code, 401],
    ['an expired credential', (machine) => carol(machine, -1).allocate()?.code, 401],
    [
      '403',
      (machine) => {
        const client = carol(machine, 600);
        client.allocate();
        const { code } = client.createPermission(at('10.0.0.1', 0)) ?? {};
        client.refresh(0);
        return code;
      },
      403,
    ],
    [
      '486',
      (machine) => {
        carol(machine, 600).allocate();
        return carol(machine, 600).allocate()?.code;
      },
      486,
    ],
  ])('%s is no failure', (_, provoke, code) => {
    const machine = new TestMachine({ limits: { allocationsPerUser: 1 } });
    for (let count = 0; count < freeFailures + 2; count++) expect(provoke(machine)).toBe(code);
    expect(machine.refusals).not.toContain('backed-off');
  });

  test('5,000 clients with 2 allocations each behind one address, 1 % of them with a wrong password: every good one is served', () => {
    const machine = new TestMachine();
    let served = 0;
    for (let number = 0; number < 5000; number++) {
      const isBad = number % 100 === 0;
      for (let allocation = 0; allocation < 2; allocation++) {
        const client = TestClient.withRestCredential(machine, `client-${number}`, 600, { address: at(office, port++) });
        // A client whose challenge is withheld sends again after half a second (RFC 8489 section 6.2.1).
        let reply = client.allocate(undefined, { integrity: 'none' });
        for (let tries = 0; reply === undefined && tries < 6; tries++) {
          machine.advance(0.5);
          reply = client.allocate(undefined, { integrity: 'none' });
        }
        const { nonce = '' } = reply ?? {};
        const code = client.allocate(undefined, isBad ? { nonce, ...wrong } : { nonce })?.code;
        expect(code).toBe(isBad ? 401 : 0);
        if (code === 0) served++;
      }
    }
    expect(served).toBe(9900);
  });

  test('a hundred wrong passwords in a row cost the others of a shared name nothing', () => {
    const machine = new TestMachine();
    fail(machine, 100);
    expect(allocateFrom(machine, office, 'alice', 'wonderland')).toBe(0);
  });

  test('of a user whom a whole office shares, with more failures than are free, every good client is served too', () => {
    const machine = new TestMachine();
    for (let number = 0; number < 15 * freeFailures; number++) {
      const isBad = number % 10 === 0;
      expect(allocateFrom(machine, office, 'alice', isBad ? 'looking-glass' : 'wonderland')).toBe(isBad ? 401 : 0);
    }
  });
});

describe('SECURITY.md 7: names are data', () => {
  const names: readonly [string, string | Uint8Array][] = [
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
    ['toString', 'toString'],
    ['hasOwnProperty', 'hasOwnProperty'],
    ['the empty name', ''],
    ['508 bytes', 'x'.repeat(508)],
    ['more bytes than a name may have', 'x'.repeat(764)],
    ['a time-limited name of 60,000 bytes', `9999999999:${'x'.repeat(60_000)}`],
    ['bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe, 0x80)],
    ['a lone surrogate in UTF-8', Uint8Array.of(0xed, 0xa0, 0x80)],
    // As bytes, so that they are signed with alice's key: whatever made them her name would let them in.
    ['a known name with a zero byte', new TextEncoder().encode('alice\0')],
    ['a known name with a byte order mark', new TextEncoder().encode('\uFEFFalice')],
    ['a time that is no number', 'Infinity:carol'],
  ];

  test.each(names)('%s: 401 by every method, and nothing is thrown', (_, username) => {
    for (const method of [Method.allocate, Method.refresh, Method.createPermission, Method.channelBind]) {
      const client = new TestClient(new TestMachine());
      expect(client.request(method, undefined, { username })?.code).toBe(401);
    }
  });

  test.each(['constructor', '__proto__', 'toString', 'x'.repeat(508)])('a user may be called %s', (name) => {
    const users = [staticUser(name, realm, 'wonderland')];
    const machine = new TestMachine({ credentials: { ...defaultCredentials, users } });
    expect(new TestClient(machine, { username: name }).allocate()?.code).toBe(0);
  });

  test.each(['constructor', '__proto__', 'toString', ''])(
    'a subject may be called %j, with quota and bucket of its own',
    (subject) => {
      const machine = new TestMachine({ limits: { allocationsPerUser: 1, bitsPerSecondPerUser: 1000 } });
      const client = TestClient.withRestCredential(machine, subject, 600);
      expect(client.allocate()?.code).toBe(0);
      expect(TestClient.withRestCredential(machine, subject, 600).allocate()?.code).toBe(486);
      client.refresh(0);
      machine.assertEmpty();
    },
  );
});
