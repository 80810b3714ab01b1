import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SendIndication } from '../../../server/relay/js/send-indication.ts';
import { readXorAddress } from '../../../server/stun/addresses.ts';
import { attribute, decodeMessage, MessageWriter, unknownRequiredAttributes } from '../../../server/stun/message.ts';
import { AttributeType, Method } from '../../../server/stun/registry.ts';
import { ipv4, ipv6, type TransportAddress } from '../../../server/stun/transport-address.ts';

/** What a Send says. */
interface Read {
  readonly peer: TransportAddress;
  readonly data: Buffer;
}

const understood: ReadonlySet<number> = new Set(
  Object.values(AttributeType).filter((type) => type !== AttributeType.dontFragment),
);

/** RFC 8656 section 11.2, by the message decoder. */
function readByDecoder(bytes: Uint8Array): Read | null {
  const message = decodeMessage(bytes);
  if (typeof message === 'string' || unknownRequiredAttributes(message, understood).length > 0) return null;
  const peerValue = attribute(message, AttributeType.xorPeerAddress);
  const data = attribute(message, AttributeType.data);
  if (peerValue === undefined || data === undefined) return null;
  const peer = readXorAddress(peerValue, message.transactionId);
  return peer === null ? null : { peer, data: Buffer.from(data) };
}

/** The same, by the plane. */
function readByPlane(bytes: Uint8Array): Read | null {
  const send = new SendIndication();
  if (!send.read(bytes)) return null;
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = send.words;
  const ip = send.family === 4 ? ipv4(w0) : ipv6(w0, w1, w2, w3);
  return {
    peer: { ip, port: send.port },
    data: Buffer.from(bytes.subarray(send.dataOffset, send.dataOffset + send.dataLength)),
  };
}

type Fill = (writer: MessageWriter) => unknown;

const word = fc.integer({ min: 0, max: 0xffffffff });
const peer: fc.Arbitrary<TransportAddress> = fc.record({
  ip: fc.oneof(
    word.map(ipv4),
    fc.tuple(word, word, word, word).map((words) => ipv6(...words)),
  ),
  port: fc.integer({ min: 0, max: 65535 }),
});
const fill: fc.Arbitrary<Fill> = fc.oneof(
  {
    weight: 4,
    arbitrary: peer.map(
      (address): Fill =>
        (writer) =>
          writer.xorAddress(AttributeType.xorPeerAddress, address),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.uint8Array({ maxLength: 40 }).map(
      (data): Fill =>
        (writer) =>
          writer.attribute(AttributeType.data, data),
    ),
  },
  fc
    .tuple(
      fc.constantFrom(
        AttributeType.software,
        AttributeType.username,
        AttributeType.dontFragment,
        AttributeType.xorPeerAddress,
        0x7fff,
        0x0002,
        0xc001,
      ),
      fc.uint8Array({ maxLength: 24 }),
    )
    .map(
      ([type, value]): Fill =>
        (writer) =>
          writer.attribute(type, value),
    ),
);
const seal: fc.Arbitrary<Fill> = fc.constantFrom<Fill>(
  () => undefined,
  (writer) => writer.fingerprint(),
  (writer) => writer.integritySha1(new Uint8Array(16)),
  (writer) => writer.integritySha1(new Uint8Array(16)).integritySha256(new Uint8Array(32)).fingerprint(),
);
const frame = fc
  .tuple(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.array(fill, { maxLength: 6 }), seal)
  .map(([id, fills, end]) => {
    const writer = new MessageWriter(Method.send, 'indication', id);
    for (const each of [...fills, end]) each(writer);
    return writer.finish().slice();
  });
const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 });

describe('SendIndication', () => {
  test('reads exactly what the message decoder reads, of whole frames and of damaged ones', () => {
    const outcomes = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(frame, damage, fc.nat(3), (bytes, changes, cut) => {
        for (const [at, value] of changes) bytes[2 + (at % (bytes.length - 2))] = value;
        const cutBytes = cut === 0 ? bytes : bytes.subarray(0, bytes.length - (cut - 1));
        const expected = readByDecoder(cutBytes);
        outcomes[expected === null ? 'refused' : 'accepted']++;
        expect(readByPlane(cutBytes)).toEqual(expected);
      }),
      { seed: 8656, numRuns: 4_000 },
    );
    expect(outcomes.accepted, 'both outcomes are common').toBeGreaterThan(300);
    expect(outcomes.refused).toBeGreaterThan(300);
  });

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(() => new SendIndication().read(bytes)).not.toThrow();
      }),
      { seed: 11 },
    );
  });
});
