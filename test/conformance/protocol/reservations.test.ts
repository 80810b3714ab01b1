import { describe, expect, test } from 'vitest';
import { writeEvenPort, writeReservationToken } from '../../../server/stun/turn-attributes.ts';
import { at } from '../../turn/addresses.ts';
import type { Reply } from '../../turn/reply.ts';
import { TestClient, type WriteAttributes } from '../../turn/test-client.ts';
import { TestMachine } from '../../turn/test-machine.ts';
import { testRows } from './protocol-row.ts';

const reserveNext: WriteAttributes = (writer) => void writeEvenPort(writer, { reserveNext: true });

describe('RFC 8656 section 7.2: EVEN-PORT with the R bit, and RESERVATION-TOKEN', () => {
  function redeem(client: TestClient, token: Uint8Array | undefined): Reply | undefined {
    return client.allocate((writer) => void writeReservationToken(writer, token ?? new Uint8Array(8)));
  }

  function portOf(reply: Reply | undefined): number {
    return Number(reply?.relayed[0]?.split(':').at(-1));
  }

  test('the token is good for the next higher port, from another 5-tuple and transport', () => {
    const machine = new TestMachine();
    const lower = new TestClient(machine).allocate(reserveNext);
    expect(portOf(lower) % 2).toBe(0);
    const upper = redeem(new TestClient(machine, { transport: 'tcp', address: at('203.0.113.99', 7) }), lower?.token);
    expect(upper?.code).toBe(0);
    expect(portOf(upper)).toBe(portOf(lower) + 1);
    expect(machine.server.stats).toMatchObject({ allocations: 2, reservations: 0, claims: 2 });
  });

  testRows([
    [
      'a token is redeemed once: 508',
      (machine) => {
        const token = new TestClient(machine).allocate(reserveNext)?.token;
        redeem(new TestClient(machine), token);
        return redeem(new TestClient(machine), token);
      },
      508,
    ],
    [
      'after 29 seconds it is there',
      (machine) => {
        const token = new TestClient(machine).allocate(reserveNext)?.token;
        machine.advance(29);
        return redeem(new TestClient(machine), token);
      },
      0,
    ],
    [
      'after 30 seconds it is not: 508',
      (machine) => {
        const token = new TestClient(machine).allocate(reserveNext)?.token;
        machine.advance(30);
        return redeem(new TestClient(machine), token);
      },
      508,
    ],
    [
      'the token of another user is as good as none: 508',
      (machine) => {
        const token = new TestClient(machine).allocate(reserveNext)?.token;
        return redeem(new TestClient(machine, { username: 'bob', password: 'builder' }), token);
      },
      508,
    ],
    [
      'the same subject redeems with a newer credential',
      (machine) => {
        const token = TestClient.withRestCredential(machine, 'carol', 600).allocate(reserveNext)?.token;
        return redeem(TestClient.withRestCredential(machine, 'carol', 900), token);
      },
      0,
    ],
    [
      'it outlives the allocation that it was made with',
      (machine) => {
        const client = new TestClient(machine);
        const token = client.allocate(reserveNext)?.token;
        client.refresh(0);
        return redeem(client, token);
      },
      0,
    ],
    [
      'the pair cannot be opened: another pair is tried',
      (machine) => {
        let tries = 0;
        machine.answerOpen = () => (++tries < 3 ? 'port-taken' : 'open');
        return new TestClient(machine).allocate(reserveNext);
      },
      0,
    ],
  ]);
});
