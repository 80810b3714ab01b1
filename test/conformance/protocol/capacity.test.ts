import { describe, expect, test } from 'vitest';
import { writeEvenPort, writeReservationToken } from '../../../server/stun/turn-attributes.ts';
import { at } from '../../turn/addresses.ts';
import type { Reply } from '../../turn/reply.ts';
import { TestClient, type WriteAttributes } from '../../turn/test-client.ts';
import { TestMachine } from '../../turn/test-machine.ts';
import { testRows } from './protocol-row.ts';

const reserveNext: WriteAttributes = (writer) => void writeEvenPort(writer, { reserveNext: true });

describe('RFC 8656 section 7.2 steps 10 and 11: 486, 300 and 508', () => {
  const alternateServers = [at('192.0.2.200', 3478), at('2001:db8::200', 3478)];

  function twice(makeClient: (machine: TestMachine) => TestClient) {
    return (machine: TestMachine): Reply | undefined => {
      makeClient(machine).allocate();
      return makeClient(machine).allocate();
    };
  }

  const carol = (machine: TestMachine): TestClient => TestClient.withRestCredential(machine, 'carol', 600);
  const alice = (machine: TestMachine): TestClient => new TestClient(machine);

  testRows([
    ['step 10: the subject has all it may have: 486', twice(carol), 486, { limits: { allocationsPerUser: 1 } }],
    ['step 10: static users are not limited', twice(alice), 0, { limits: { allocationsPerUser: 1 } }],
    ['step 10: the address has all it may have: 486', twice(alice), 486, { limits: { allocationsPerAddress: 1 } }],
    ['step 11: the server has all it may have: 508', twice(alice), 508, { limits: { allocationsTotal: 1 } }],
    [
      'step 11: or 300 where there is another server',
      twice(alice),
      300,
      { limits: { allocationsTotal: 1 }, options: { alternateServers } },
    ],
    [
      'step 11: a reservation counts like an allocation: 486',
      (machine) => {
        carol(machine).allocate(reserveNext);
        return carol(machine).allocate();
      },
      486,
      { limits: { allocationsPerUser: 2 } },
    ],
    [
      'step 10: no pair is opened when only one more is allowed: 486',
      (machine) => carol(machine).allocate(reserveNext),
      486,
      { limits: { allocationsPerUser: 1 } },
    ],
    [
      'step 11: draining: 508',
      (machine) => {
        machine.server.startDrain(machine.nowMs);
        return new TestClient(machine).allocate();
      },
      508,
    ],
    [
      'step 11: draining, and a token: 508',
      (machine) => {
        const token = new TestClient(machine).allocate(reserveNext)?.token ?? new Uint8Array(8);
        machine.server.startDrain(machine.nowMs);
        return new TestClient(machine).allocate((writer) => void writeReservationToken(writer, token));
      },
      508,
    ],
    [
      'step 11: or when the ports are used up: 300',
      twice(alice),
      300,
      { options: { alternateServers, relayPorts: { first: 50001, last: 50001 } } },
    ],
    [
      'step 11: or the descriptors: 300',
      (machine) => {
        machine.answerOpen = () => 'no-descriptors';
        return new TestClient(machine).allocate();
      },
      300,
      { options: { alternateServers } },
    ],
    [
      'RFC 8489 14.8: nobody is redirected before authentication: 401',
      (machine) => {
        machine.server.startDrain(machine.nowMs);
        return new TestClient(machine).allocate(undefined, { integrity: 'none' });
      },
      401,
      { options: { alternateServers } },
    ],
    [
      'draining: live allocations go on',
      (machine) => {
        const client = new TestClient(machine);
        client.allocate();
        machine.server.startDrain(machine.nowMs);
        return client.refresh();
      },
      0,
    ],
  ]);

  test.each([
    ['203.0.113.9', '192.0.2.200:3478'],
    ['2620:fe::9', '[2001:db8::200]:3478'],
  ])('RFC 8489 10: draining sends a client at %s to an alternate of its family, signed', (address, alternate) => {
    const machine = new TestMachine({ options: { alternateServers } });
    machine.server.startDrain(machine.nowMs);
    const client = new TestClient(machine, { address: at(address, 4711) });
    const reply = client.allocate();
    expect(reply?.code).toBe(300);
    expect(reply?.alternateServer).toBe(alternate);
    expect(reply?.signature(client.key())).toBe('sha1');
  });

  test('RFC 8489 10: without an alternate of its family the answer is 508', () => {
    const machine = new TestMachine({ options: { alternateServers: [at('192.0.2.200', 3478)] } });
    machine.server.startDrain(machine.nowMs);
    expect(new TestClient(machine, { address: at('2620:fe::9', 4711) }).allocate()?.code).toBe(508);
  });
});
