import { MessageWriter } from '../../../server/stun/message.ts';
import { AttributeType } from '../../../server/stun/registry.ts';
import {
  writeAdditionalAddressFamily,
  writeChannelNumber,
  writeEvenPort,
  writeLifetime,
  writeReservationToken,
} from '../../../server/stun/turn-attributes.ts';
import { at } from '../../turn/addresses.ts';
import { requestedTransportUdp, type WriteAttributes } from '../../turn/test-client.ts';
import { mutateAttributes } from '../attribute-mutation.ts';
import { concatenated, mutateBytes } from '../engine/mutate-bytes.ts';
import type { FuzzTarget } from '../engine/target.ts';
import { seedMessages } from '../seed-messages.ts';
import { FuzzedMachine } from './fuzzed-machine.ts';
import { joinSteps, mutateSteps, splitSteps, StepBytes } from './script-bytes.ts';

/** Peers of one range each that no relay may reach (SECURITY.md 1). */
const forbidden = [
  ...[
    '10.0.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.0.1',
    '168.63.129.16',
    '100.64.0.1',
    '0.0.0.1',
  ],
  ...[
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '64:ff9b::a00:1',
    '::ffff:10.0.0.1',
    '::1',
    '2002:a00:1::',
    '2001::1',
  ],
  ...['2001:db8::1', '3fff::1', 'fe80::1', 'fc00::1', '198.19.0.1', '2620:fe::1'],
];

/** Before the attributes of a request: what kind of step, who, how it is signed, which transaction, which method. */
const requestHeader = 5;

/**
 * RFC 8656 and SECURITY.md 16: the machine's invariants hold after any sequence of whatever may happen to it. An input
 * is a byte of options and a script.
 */
export const turnMachine: FuzzTarget = {
  name: 'turn-machine',
  maxBytes: 4096,
  batch: 64,
  seeds: () => [
    script(0, [...life(0), [6, 10, 0], ...life(1), [8, 1]]),
    script(0xc1, [...life(2), ...life(3), [11, 1, 0, 3, 1], [9, 0, 1], ...life(4), [12, 0, 1]]),
    script(0x3e, [
      [4, 2, 2],
      ...life(0),
      [5, 0, 0],
      [7, 0, 0, 0],
      [10, 1],
      [9, 0, 3],
      ...life(4),
      [12, 0, 0],
      ...life(1),
    ]),
    // Every change of credentials amid the sessions that it is about.
    script(
      1,
      Array.from({ length: 14 }, (_, change) => [...life(change % 5), [9, 1, change], ...life(change % 5)]).flat(),
    ),
    script(0, [...life(0).slice(0, 2), ...forbidden.map((peer) => request(0, 0, 2, peerAddress(peer)))]),
    script(
      0,
      seedMessages(new Uint8Array(16)).map((message) => [3, 0, ...message]),
    ),
  ],
  mutate(input, other, draw) {
    if (draw.oneIn(10)) return mutateBytes(input, other, draw);
    const others = splitSteps(other.subarray(1));
    const mutateStep = (step: Uint8Array): Uint8Array => {
      const donor = others.length === 0 ? step : draw.pick(others);
      if ((step[0] ?? 0) % 14 > 2 || draw.oneIn(4)) return mutateBytes(step, donor, draw).slice(0, 255);
      const body = mutateAttributes(step.subarray(requestHeader), donor.subarray(requestHeader), draw);
      return concatenated(step.subarray(0, requestHeader), body);
    };
    const steps = mutateSteps(splitSteps(input.subarray(1)), others, draw, mutateStep);
    const options = draw.oneIn(4) ? draw.bytes(1) : input.subarray(0, 1);
    return concatenated(options, joinSteps(steps));
  },
  run(input, observe) {
    const machine = new FuzzedMachine(input[0] ?? 0, observe);
    for (const step of splitSteps(input.subarray(1))) machine.step(new StepBytes(step));
    machine.end();
  },
};

function script(options: number, steps: readonly (readonly number[])[]): Uint8Array {
  return concatenated(Uint8Array.of(options), joinSteps(steps.map((step) => Uint8Array.from(step))));
}

function peerAddress(text: string): WriteAttributes {
  return (writer) => void writer.xorAddress(AttributeType.xorPeerAddress, at(text, 9));
}

/** A client's session, from its first request to its last. */
function life(who: number): number[][] {
  const [peer, peer6] = [peerAddress('8.8.8.8'), peerAddress('2606:4700::1')];
  return [
    request(who, 0, 0, requestedTransportUdp, (writer) => void writeEvenPort(writer, { reserveNext: true })),
    request(who, 0, 0, requestedTransportUdp, (writer) => void writeAdditionalAddressFamily(writer, 6)),
    request(who, 1, 1, (writer) => void writeLifetime(writer, 1000)),
    request(who, 0, 2, peer),
    request(who, 0, 2, peer6),
    request(who, 0, 3, peer, (writer) => void writeChannelNumber(writer, 0x4000)),
    request(who, 2, 1, (writer) => void writeLifetime(writer, 0)),
    request(who, 3, 0, requestedTransportUdp, (writer) => {
      writeReservationToken(writer, new Uint8Array(8).fill(0xff));
    }), // prettier-ignore
  ];
}

function request(who: number, transaction: number, method: number, ...attributes: WriteAttributes[]): number[] {
  const writer = new MessageWriter(1, 'request', new Uint8Array(12).fill(transaction));
  for (const write of attributes) write(writer);
  return [0, who, 0, transaction, method, ...writer.finish().subarray(20)];
}
