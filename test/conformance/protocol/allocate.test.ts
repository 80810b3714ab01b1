import { describe, expect, test } from 'vitest';
import { AttributeType, Method } from '../../../server/stun/registry.ts';
import {
  writeAdditionalAddressFamily,
  writeEvenPort,
  writeLifetime,
  writeRequestedAddressFamily,
  writeRequestedTransport,
  writeReservationToken,
} from '../../../server/stun/turn-attributes.ts';
import type { AddressPlan } from '../../../server/seam/relay.ts';
import { at, ip } from '../../turn/addresses.ts';
import { requestedTransportUdp, TestClient, type WriteAttributes } from '../../turn/test-client.ts';
import { dualStackPlan, TestMachine, type TestMachineSettings } from '../../turn/test-machine.ts';
import { testRows, type ProtocolRow } from './protocol-row.ts';

const ipv4Only: AddressPlan = {
  own: [ip('198.19.0.1')],
  relays: [{ listener: ip('198.19.0.1'), ipv4: ip('198.19.0.1'), ipv6: null }],
  translations: [],
};
const ipv6Only: AddressPlan = {
  own: [ip('2620:fe::1')],
  relays: [{ listener: ip('198.19.0.1'), ipv4: null, ipv6: ip('2620:fe::1') }],
  translations: [],
};
const noPlan: AddressPlan = { own: [], relays: [], translations: [] };
const withDontFragment = { options: { capabilities: { dontFragment: true, icmp: true } } };

const reserveNext: WriteAttributes = (writer) => void writeEvenPort(writer, { reserveNext: true });
const evenPort: WriteAttributes = (writer) => void writeEvenPort(writer, { reserveNext: false });
const ipv6Too: WriteAttributes = (writer) => void writeAdditionalAddressFamily(writer, 6);
const anyToken: WriteAttributes = (writer) => void writeReservationToken(writer, new Uint8Array(8));

function both(...writes: WriteAttributes[]): WriteAttributes {
  return (writer) => {
    for (const write of writes) write(writer);
  };
}

/** A row about an Allocate of alice with these attributes beside REQUESTED-TRANSPORT. */
function row(
  rule: string,
  write: WriteAttributes | undefined,
  expected: number,
  settings: TestMachineSettings = {},
): ProtocolRow {
  return [rule, (machine) => new TestClient(machine).allocate(write), expected, settings];
}

describe('RFC 8656 section 7.2: receiving an Allocate request', () => {
  testRows([
    row('step 1: authenticated', undefined, 0),
    ['step 1: not authenticated: 401', (m) => new TestClient(m).allocate(undefined, { integrity: 'none' }), 401],
    [
      'step 2: the 5-tuple has an allocation already: 437',
      (machine) => {
        const client = new TestClient(machine);
        client.allocate();
        return client.allocate();
      },
      437,
    ],
    [
      'step 2: the 5-tuple has an allocation of another user: 437',
      (machine) => {
        const alice = new TestClient(machine);
        alice.allocate();
        const { remote } = alice.client;
        return new TestClient(machine, { address: remote, username: 'bob', password: 'builder' }).allocate();
      },
      437,
    ],
    ['step 3: no REQUESTED-TRANSPORT: 400', (machine) => new TestClient(machine).request(Method.allocate), 400],
    [
      'step 3: a malformed REQUESTED-TRANSPORT: 400',
      (machine) =>
        new TestClient(machine).request(Method.allocate, (writer) => {
          writer.attribute(AttributeType.requestedTransport, Uint8Array.of(17));
        }),
      400,
    ],
    [
      'step 3: TCP relays are not served: 442',
      (machine) =>
        new TestClient(machine).request(Method.allocate, (writer) => void writeRequestedTransport(writer, 6)),
      442,
    ],
    row('step 4: DONT-FRAGMENT without the capability: 420', (w) => void w.flag(AttributeType.dontFragment), 420),
    row('step 4: DONT-FRAGMENT with it', (w) => void w.flag(AttributeType.dontFragment), 0, withDontFragment),
    row('step 5: RESERVATION-TOKEN with EVEN-PORT: 400', both(anyToken, evenPort), 400),
    row(
      'step 5: RESERVATION-TOKEN with REQUESTED-ADDRESS-FAMILY: 400',
      both(anyToken, (writer) => void writeRequestedAddressFamily(writer, 4)),
      400,
    ),
    row('step 5: RESERVATION-TOKEN with ADDITIONAL-ADDRESS-FAMILY: 400', both(anyToken, ipv6Too), 400),
    row('step 5: a token that nobody was given: 508', anyToken, 508),
    row(
      'step 5: a token of the wrong length: 400',
      (w) => void w.attribute(AttributeType.reservationToken, new Uint8Array(7)),
      400,
    ),
    row(
      'step 6: REQUESTED- and ADDITIONAL-ADDRESS-FAMILY: 400',
      both((writer) => void writeRequestedAddressFamily(writer, 4), ipv6Too),
      400,
    ),
    row('step 7: IPv6 where there is none: 440', (w) => void writeRequestedAddressFamily(w, 6), 440, {
      plan: ipv4Only,
    }),
    row('step 7: IPv4 where there is none: 440', (w) => void writeRequestedAddressFamily(w, 4), 440, {
      plan: ipv6Only,
    }),
    row('step 7: an unknown family: 440', (w) => void w.uint32(AttributeType.requestedAddressFamily, 0x03000000), 440),
    row(
      'step 7: a malformed family: 400',
      (w) => void w.attribute(AttributeType.requestedAddressFamily, Uint8Array.of(1)),
      400,
    ),
    row('step 8: EVEN-PORT with R and ADDITIONAL-ADDRESS-FAMILY: 400', both(reserveNext, ipv6Too), 400),
    row('step 8: EVEN-PORT without R and ADDITIONAL-ADDRESS-FAMILY', both(evenPort, ipv6Too), 0),
    row('step 8: a malformed EVEN-PORT: 400', (w) => void w.attribute(AttributeType.evenPort, new Uint8Array(2)), 400),
    row('step 8: no pair of ports is left: 508', reserveNext, 508, {
      options: { relayPorts: { first: 50001, last: 50002 } },
    }),
    row('step 8: no even port is left: 508', evenPort, 508, { options: { relayPorts: { first: 50001, last: 50001 } } }),
    row('step 9: ADDITIONAL-ADDRESS-FAMILY of IPv4: 400', (w) => void writeAdditionalAddressFamily(w, 4), 400),
    row(
      'step 9: a malformed ADDITIONAL-ADDRESS-FAMILY: 400',
      (w) => void w.flag(AttributeType.additionalAddressFamily),
      400,
    ),
    row('step 9: both families', ipv6Too, 0),
    row('section 18.2: a malformed LIFETIME: 400', (w) => void w.flag(AttributeType.lifetime), 400),
    row('an address of ours that the plan does not know: 500', undefined, 500, { plan: noPlan }),
  ]);

  test('step 4: DONT-FRAGMENT is then listed in UNKNOWN-ATTRIBUTES', () => {
    const reply = new TestClient(new TestMachine()).allocate((writer) => void writer.flag(AttributeType.dontFragment));
    expect(reply?.unknownAttributes).toEqual([AttributeType.dontFragment]);
  });
});

describe('RFC 8656 section 7.2: which relayed transport address', () => {
  const ipv4Relay = /^198\.19\.0\.1:\d+$/;
  const ipv6Relay = /^\[2620:fe::1\]:\d+$/;
  const clientFamily: TestMachineSettings = { options: { defaultAddressFamily: 'client' } };

  test.each<[string, string, WriteAttributes | undefined, RegExp[], TestMachineSettings]>([
    ['IPv4 when none is named', '203.0.113.9', undefined, [ipv4Relay], {}],
    ['IPv4 when none is named, for a client on IPv6 too', '2620:fe::9', undefined, [ipv4Relay], {}],
    ['IPv6 when it is requested', '203.0.113.9', (w) => void writeRequestedAddressFamily(w, 6), [ipv6Relay], {}],
    ['IPv4 when it is requested', '2620:fe::9', (w) => void writeRequestedAddressFamily(w, 4), [ipv4Relay], {}],
    ['both when IPv6 is additional', '203.0.113.9', ipv6Too, [ipv4Relay, ipv6Relay], {}],
    ["the client's family where the operator chose so", '2620:fe::9', undefined, [ipv6Relay], clientFamily],
    ['IPv6 on a host without IPv4', '203.0.113.9', undefined, [ipv6Relay], { plan: ipv6Only }],
  ])('%s', (_, address, write, expected, settings) => {
    const machine = new TestMachine(settings);
    const reply = new TestClient(machine, { address: at(address, 5000) }).allocate(write);
    expect(reply?.relayed).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(reply?.relayed[index]).toMatch(pattern);
  });

  test('behind 1:1 NAT the relay is known by its public address', () => {
    const plan: AddressPlan = {
      ...dualStackPlan,
      translations: [{ local: ip('198.19.0.1'), public: ip('192.0.2.77') }],
    };
    const machine = new TestMachine({ plan });
    const reply = new TestClient(machine).allocate();
    expect(reply?.relayed[0]).toMatch(/^192\.0\.2\.77:\d+$/);
    const opened = machine.actions.find((action) => action.kind === 'open-relay');
    expect(opened?.localAddress).toEqual(ip('198.19.0.1'));
  });

  test('the response has the lifetime and the reflexive address, and no more than it must', () => {
    const reply = new TestClient(new TestMachine(), { address: at('203.0.113.9', 4711) }).allocate();
    expect(reply?.mapped).toBe('203.0.113.9:4711');
    expect(reply?.lifetimeS).toBe(600);
    expect(reply?.token).toBeUndefined();
    expect(reply?.addressError).toBeUndefined();
    for (const type of [AttributeType.software, AttributeType.mappedAddress]) expect(reply?.has(type)).toBe(false);
  });

  test.each([
    [0, 600],
    [1, 600],
    [599, 600],
    [601, 601],
    [3600, 3600],
    [3601, 3600],
    [0xffffffff, 3600],
  ])('a LIFETIME of %i s becomes %i s', (asked, granted) => {
    const reply = new TestClient(new TestMachine()).allocate((writer) => void writeLifetime(writer, asked));
    expect(reply?.lifetimeS).toBe(granted);
  });

  test('EVEN-PORT: the port is even', () => {
    const machine = new TestMachine();
    for (let count = 0; count < 50; count++) {
      const port = Number(new TestClient(machine).allocate(evenPort)?.relayed[0]?.split(':').at(-1));
      expect(port % 2).toBe(0);
    }
  });

  test('a port that another program has is not the end: another one is tried', () => {
    const machine = new TestMachine();
    const tried: number[] = [];
    machine.answerOpen = ({ port }) => (tried.push(port) < 4 ? 'port-taken' : 'open');
    const reply = new TestClient(machine).allocate();
    expect(reply?.relayed[0]).toBe(`198.19.0.1:${tried[3]}`);
    expect(new Set(tried).size).toBe(4);
    expect(machine.server.stats.portsTaken).toBe(1);
  });

  test.each([
    ['all ports that are tried are taken: 508', 'port-taken', 16, 508],
    ['no descriptor is left: 508', 'no-descriptors', 1, 508],
    ['the address cannot be bound: 500', 'address-unavailable', 1, 500],
  ] as const)('%s', (_, answer, tries, code) => {
    const machine = new TestMachine();
    let count = 0;
    machine.answerOpen = () => {
      count++;
      return answer;
    };
    expect(new TestClient(machine).allocate()?.code).toBe(code);
    expect(count).toBe(tries);
    machine.assertEmpty();
  });

  test('every port is used, then 508', () => {
    const machine = new TestMachine({ options: { relayPorts: { first: 50001, last: 50010 } } });
    const ports = Array.from({ length: 10 }, () => new TestClient(machine).allocate()?.relayed[0]?.split(':')[1]);
    expect(new Set(ports).size).toBe(10);
    expect(new TestClient(machine).allocate()?.code).toBe(508);
    expect(machine.refusals).toEqual(['out-of-ports']);
  });
});

describe('RFC 8656 section 7.2 step 9: partial success', () => {
  test.each([
    ['IPv6 is not served: 440', { plan: ipv4Only }, undefined, { family: 6, code: 440 }],
    ['IPv4 is not served: 440', { plan: ipv6Only }, undefined, { family: 4, code: 440 }],
    ['IPv6 cannot be opened: 508', {}, 6, { family: 6, code: 508 }],
    ['IPv4 cannot be opened: 508', {}, 4, { family: 4, code: 508 }],
  ] as const)('%s in ADDRESS-ERROR-CODE', (_, settings, failing, expected) => {
    const machine = new TestMachine(settings);
    machine.answerOpen = (address) => (address.ip.family === failing ? 'no-descriptors' : 'open');
    const reply = new TestClient(machine).allocate(ipv6Too);
    expect(reply?.code).toBe(0);
    expect(reply?.relayed).toHaveLength(1);
    expect(reply?.addressError).toEqual(expected);
  });

  testRows([
    [
      'neither can be opened: 508',
      (machine) => {
        machine.answerOpen = () => 'no-descriptors';
        return new TestClient(machine).allocate(ipv6Too);
      },
      508,
    ],
  ]);
});

describe('RFC 8656 section 5: retransmissions of Allocate', () => {
  test('while the relay is being opened they are absorbed; one answer follows', () => {
    const machine = new TestMachine();
    machine.answerOpen = () => 'later';
    const client = new TestClient(machine);
    const request = client.build(Method.allocate, requestedTransportUdp, { nonce: client.nonce() }).slice();
    expect(client.send(request)).toBeUndefined();
    expect(client.send(request)).toBeUndefined();
    const sent = machine.answer(machine.waitingRelay, 'open').filter((action) => action.kind === 'send');
    expect(sent).toHaveLength(1);
    expect(machine.plane.opening.size).toBe(0);
    expect(machine.server.stats).toMatchObject({ allocations: 1, claims: 1, portsTaken: 1 });
  });

  test('while the relay is being opened another transaction is answered 437', () => {
    const machine = new TestMachine();
    machine.answerOpen = () => 'later';
    const client = new TestClient(machine);
    expect(client.allocate()).toBeUndefined();
    expect(client.allocate()?.code).toBe(437);
  });

  test('afterwards they are answered again: the same relay, the lifetime that is left', () => {
    const machine = new TestMachine();
    const client = new TestClient(machine);
    const request = client
      .build(Method.allocate, both(requestedTransportUdp, reserveNext), { nonce: client.nonce() })
      .slice();
    const first = client.send(request);
    machine.advance(10);
    const second = client.send(request);
    expect(second?.relayed).toEqual(first?.relayed);
    expect(second?.token).toEqual(first?.token);
    expect([first?.lifetimeS, second?.lifetimeS]).toEqual([600, 590]);
    expect(machine.server.stats).toMatchObject({ allocations: 1, reservations: 1, claims: 2, portsTaken: 2 });
  });

  test('with ADDRESS-ERROR-CODE if the first answer had it', () => {
    const client = new TestClient(new TestMachine({ plan: ipv4Only }));
    const request = client
      .build(Method.allocate, both(requestedTransportUdp, ipv6Too), { nonce: client.nonce() })
      .slice();
    const addressErrors = [client.send(request), client.send(request)].map((reply) => reply?.addressError);
    expect(addressErrors[1]).toEqual(addressErrors[0]);
    expect(addressErrors[0]).toBeDefined();
  });
});
