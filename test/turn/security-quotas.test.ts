import { describe, expect, test } from 'vitest';
import {
  writeAdditionalAddressFamily,
  writeEvenPort,
  writeReservationToken,
} from '../../server/stun/turn-attributes.ts';
import { Method } from '../../server/stun/registry.ts';
import { at } from './addresses.ts';
import { requestedTransportUdp, TestClient, type WriteAttributes } from './test-client.ts';
import { defaultCredentials, TestMachine, type TestMachineSettings } from './test-machine.ts';

const settings: TestMachineSettings = {
  options: { relayPorts: { first: 50000, last: 50019 } },
  limits: {
    allocationsPerUser: 4,
    allocationsPerAddress: 4,
    allocationsTotal: 4,
    bitsPerSecondPerAllocation: 1000,
    bitsPerSecondPerUser: 5000,
  },
};

const reserveNext: WriteAttributes = (writer) => void writeEvenPort(writer, { reserveNext: true });
const ipv6Too: WriteAttributes = (writer) => void writeAdditionalAddressFamily(writer, 6);

function carol(machine: TestMachine, transport: 'udp' | 'tcp' = 'udp'): TestClient {
  return TestClient.withRestCredential(machine, 'carol', 7200, { transport });
}

const revoked = {
  ...defaultCredentials,
  secrets: defaultCredentials.secrets.map((s) => ({ ...s, state: 'revoked' as const })),
};

/** Each way for an allocation to come to its end, or to come to nothing. */
const paths: readonly [string, (machine: TestMachine) => void][] = [
  [
    'released',
    (machine) => {
      const client = carol(machine);
      client.allocate();
      client.refresh(0);
    },
  ],
  [
    'expired',
    (machine) => {
      carol(machine).allocate();
      machine.advance(600);
    },
  ],
  [
    'expired with permissions and channels',
    (machine) => {
      const client = carol(machine);
      client.allocate();
      client.channelBind(0x4000, at('8.8.8.8', 9));
      client.createPermission(at('8.8.4.4', 9));
      machine.advance(600);
    },
  ],
  [
    'retransmitted while it is opened',
    (machine) => {
      machine.answerOpen = () => 'later';
      const client = carol(machine);
      const request = client.build(Method.allocate, requestedTransportUdp, { nonce: client.nonce() }).slice();
      for (let count = 0; count < 3; count++) client.send(request);
      machine.answer(machine.waitingRelay, 'open');
      for (let count = 0; count < 3; count++) client.send(request);
      client.refresh(0);
    },
  ],
  [
    'failed: the ports are taken',
    (machine) => {
      machine.answerOpen = () => 'port-taken';
      carol(machine).allocate();
    },
  ],
  [
    'failed: no descriptors',
    (machine) => {
      machine.answerOpen = () => 'no-descriptors';
      carol(machine).allocate(reserveNext);
    },
  ],
  [
    'failed in one family',
    (machine) => {
      machine.answerOpen = ({ ip }) => (ip.family === 6 ? 'port-taken' : 'open');
      const client = carol(machine);
      client.allocate(ipv6Too);
      client.refresh(0);
    },
  ],
  [
    'failed in both families',
    (machine) => {
      machine.answerOpen = () => 'address-unavailable';
      carol(machine).allocate(ipv6Too);
    },
  ],
  [
    'one family after the other',
    (machine) => {
      const client = carol(machine);
      client.allocate(ipv6Too);
      client.refresh(0, 4);
      client.refresh(0, 6);
    },
  ],
  [
    'disconnected',
    (machine) => {
      const client = carol(machine, 'tcp');
      client.allocate();
      machine.clientGone(client.client);
    },
  ],
  [
    'gone while it is opened',
    (machine) => {
      machine.answerOpen = () => 'later';
      const client = carol(machine, 'tcp');
      client.allocate();
      machine.clientGone(client.client);
      machine.answer(machine.waitingRelay, 'open');
    },
  ],
  [
    'gone while it is opened, which fails',
    (machine) => {
      machine.answerOpen = () => 'later';
      const client = carol(machine, 'tcp');
      client.allocate();
      machine.clientGone(client.client);
      machine.answer(machine.waitingRelay, 'port-taken');
    },
  ],
  [
    'killed',
    (machine) => {
      carol(machine).allocate(reserveNext);
      machine.setCredentials(revoked);
      expect(machine.server.stats).toMatchObject({ allocations: 0, reservations: 0, claims: 0, portsTaken: 0 });
      machine.setCredentials(defaultCredentials);
      machine.advance(600);
    },
  ],
  [
    'killed while it is opened',
    (machine) => {
      machine.answerOpen = () => 'later';
      carol(machine).allocate(reserveNext);
      machine.setCredentials(revoked);
      machine.answer(machine.waitingRelay, 'open');
      machine.setCredentials(defaultCredentials);
    },
  ],
  [
    'a reservation that nobody redeems',
    (machine) => {
      const client = carol(machine);
      client.allocate(reserveNext);
      client.refresh(0);
      machine.advance(30);
    },
  ],
  [
    'a reservation that is redeemed',
    (machine) => {
      const token = carol(machine).allocate(reserveNext)?.token ?? new Uint8Array(8);
      const redeemer = carol(machine);
      expect(redeemer.allocate((writer) => void writeReservationToken(writer, token))?.code).toBe(0);
      machine.advance(600);
    },
  ],
  [
    'refused: the second claim of a pair',
    (machine) => {
      const clients = [1, 2, 3].map(() => carol(machine));
      for (const client of clients) client.allocate();
      expect(carol(machine).allocate(reserveNext)?.code).toBe(508);
      for (const client of clients) client.refresh(0);
    },
  ],
  [
    'everything ended at once',
    (machine) => {
      carol(machine).allocate(reserveNext);
      machine.answerOpen = () => 'later';
      carol(machine).allocate();
      machine.server.endAllSessions('drained', machine.nowMs);
      machine.drain();
      machine.answer(machine.waitingRelay, 'open');
    },
  ],
];

describe('SECURITY.md 8: quotas are paid back exactly once', () => {
  test.each(paths)('%s', (_, path) => {
    const machine = new TestMachine(settings);
    // More rounds than any limit has units: one unit lost a round would be noticed, and one paid back twice is an assertion.
    for (let round = 0; round < 10; round++) {
      machine.answerOpen = () => 'open';
      path(machine);
      machine.assertEmpty();
    }
    machine.answerOpen = () => 'open';
    const clients = [1, 2, 3, 4].map(() => carol(machine));
    expect(clients.map((client) => client.allocate()?.code)).toEqual([0, 0, 0, 0]);
    expect(carol(machine).allocate()?.code).not.toBe(0);
  });

  test('ten times the port range of allocations leaks no port and no unit', () => {
    const machine = new TestMachine({ options: { relayPorts: { first: 50000, last: 50099 } } });
    for (let round = 0; round < 10; round++) {
      const clients = Array.from({ length: 100 }, () => new TestClient(machine));
      for (const client of clients) expect(client.allocate()?.code).toBe(0);
      expect(new TestClient(machine).allocate()?.code).toBe(508);
      if (round % 2 === 0) machine.advance(600);
      else for (const client of clients) client.refresh(0);
      machine.assertEmpty();
    }
  });
});

describe('SECURITY.md 8: permissions, channels and reservations are capped, and a refresh never counts', () => {
  const capped = { limits: { permissionsPerAllocation: 3, channelsPerAllocation: 2, allocationsPerUser: 2 } };
  const peers = [1, 2, 3, 4].map((last) => at(`8.8.8.${last}`, 9));

  test('permissions', () => {
    const client = carol(new TestMachine(capped));
    client.allocate();
    const codes = [...peers, ...peers].map((peer) => client.createPermission(peer)?.code);
    expect(codes).toEqual([0, 0, 0, 508, 0, 0, 0, 508]);
  });

  test('channels', () => {
    const client = carol(new TestMachine(capped));
    client.allocate();
    const bind = (): (number | undefined)[] => peers.map((peer, at) => client.channelBind(0x4000 + at, peer)?.code);
    expect([...bind(), ...bind()]).toEqual([0, 0, 508, 508, 0, 0, 508, 508]);
  });

  test('reservations', () => {
    const machine = new TestMachine(capped);
    expect(carol(machine).allocate(reserveNext)?.code).toBe(0);
    expect(carol(machine).allocate(reserveNext)?.code).toBe(486);
    expect(machine.server.stats).toMatchObject({ reservations: 1, claims: 2 });
  });
});
