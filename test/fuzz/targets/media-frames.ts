import { strict as assert } from 'node:assert';
import { AddressWords } from '../../../server/relay/js/address-words.ts';
import { forwardChannelData, forwardSend } from '../../../server/relay/js/client-frames.ts';
import { DataIndicationWriter, dataHeaderLength } from '../../../server/relay/js/data-indication.ts';
import { Datapath } from '../../../server/relay/js/datapath.ts';
import { Peer } from '../../../server/relay/js/peer-table.ts';
import { SendIndication } from '../../../server/relay/js/send-indication.ts';
import type { PlaneEvents } from '../../../server/seam/plane.ts';
import { readXorAddress } from '../../../server/stun/addresses.ts';
import { readChannelData } from '../../../server/stun/channel-data.ts';
import { isSendIndication } from '../../../server/stun/media-frame.ts';
import { attribute, decodeMessage, unknownRequiredAttributes } from '../../../server/stun/message.ts';
import { AttributeType, firstComprehensionOptionalType } from '../../../server/stun/registry.ts';
import type { TransportAddress } from '../../../server/stun/transport-address.ts';
import { mutateMessage } from '../attribute-mutation.ts';
import { concatenated } from '../engine/mutate-bytes.ts';
import type { FuzzTarget } from '../engine/target.ts';
import { seedMessages } from '../seed-messages.ts';

const key = new Uint8Array(16);
/** The plane of node:dgram cannot set the DF bit (DESIGN.md section 3). */
const understood = new Set<number>(
  Object.values(AttributeType).filter(
    (type) => type !== AttributeType.dontFragment && type < firstComprehensionOptionalType,
  ),
);

const noEvents: PlaneEvents = {
  onClientMessage: () => assert.fail('media is not for the machine'),
  onRelayOpened: () => assert.fail('no relay is opened'),
  onRelayFailed: () => assert.fail('no relay is opened'),
  onStreamDelivery: () => assert.fail('nothing comes from a peer'),
  onPeerUnreachable: () => assert.fail('nothing is sent to a peer'),
};

/** What a Send indication carries. */
interface Sent {
  readonly peer: TransportAddress;
  readonly data: Uint8Array;
}

/**
 * RFC 8656 sections 11 and 12: the plane reads Send indications by a reader of its own, which must see what the message
 * decoder sees; and a Data indication that it writes must decode.
 */
export const mediaFrames: FuzzTarget = {
  name: 'media-frames',
  // No more than the decoder's limit on the number of attributes, which the plane's reader has no need of.
  maxBytes: 1024,
  batch: 512,
  seeds: () => seedMessages(key),
  mutate(input, other, draw) {
    const frame = mutateMessage(input, other, key, draw);
    if (draw.oneIn(2) && frame.length > 1) frame.set([0x00, 0x16]);
    return frame;
  },
  run(input, observe) {
    const send = new SendIndication();
    const sent = send.read(input) ? carried(send, input) : null;
    assert.deepEqual(sent, expected(input), 'the plane reads what the codec reads');
    observe(sent === null ? 0 : sent.peer.ip.family);
    if (sent !== null) assertDataIndication(sent);
    assertNothingWithoutClient(input);
  },
};

function carried(send: SendIndication, frame: Uint8Array): Sent {
  const words = new AddressWords();
  words.words.set(send.words);
  const data = frame.slice(send.dataOffset, send.dataOffset + send.dataLength);
  return { peer: { ip: words.toIp(send.family), port: send.port }, data };
}

/** RFC 8656 section 11.2, by the message decoder. */
function expected(frame: Uint8Array): Sent | null {
  const message = decodeMessage(frame);
  if (typeof message === 'string' || !isSendIndication(frame)) return null;
  if (unknownRequiredAttributes(message, understood).length > 0) return null;
  const peer = attribute(message, AttributeType.xorPeerAddress);
  const data = attribute(message, AttributeType.data);
  if (peer === undefined || data === undefined) return null;
  const address = readXorAddress(peer, message.transactionId);
  return address === null ? null : { peer: address, data: data.slice() };
}

/** What comes back from that peer is a Data indication with that data. */
function assertDataIndication({ peer, data }: Sent): void {
  const header = new Uint8Array(peer.ip.family === 4 ? dataHeaderLength.ipv4 : dataHeaderLength.ipv6);
  new DataIndicationWriter(() => 1).write(header, new Peer(peer.ip), peer.port, data.length);
  const message = decodeMessage(concatenated(header, data, new Uint8Array(-data.length & 3)));
  assert(typeof message !== 'string', 'a Data indication decodes');
  const value = attribute(message, AttributeType.xorPeerAddress);
  assert.deepEqual(value === undefined ? null : readXorAddress(value, message.transactionId), peer);
  assert.deepEqual(attribute(message, AttributeType.data)?.slice(), data);
}

/** A frame of somebody who has no allocation is dropped, and counted once. */
function assertNothingWithoutClient(frame: Uint8Array): void {
  if (frame.length < 4) return;
  const path = new Datapath({ events: noEvents, channelRange: 'rfc5766', randomUint32: () => 1, nowMs: () => 0 });
  if (isSendIndication(frame)) forwardSend(undefined, frame, path);
  else forwardChannelData(undefined, frame, path);
  const isWhole = isSendIndication(frame) ? expected(frame) !== null : channelDataEnd(frame) <= frame.length;
  const drops = path.drops.take();
  assert.deepEqual([drops.malformed, drops.unknownChannel], isWhole ? [0, 1] : [1, 0]);
  if ((frame[0] ?? 0) >> 6 === 1) assert.equal(readChannelData(frame) !== null, isWhole);
}

function channelDataEnd(frame: Uint8Array): number {
  return 4 + (((frame[2] ?? 0) << 8) | (frame[3] ?? 0));
}
