import {
  AttributeType,
  Method,
  MessageWriter,
  PasswordAlgorithm,
  writeAddress,
  writeAdditionalAddressFamily,
  writeAddressErrorCode,
  writeChannelNumber,
  writeErrorCode,
  writeEvenPort,
  writeIcmp,
  writeLifetime,
  writePasswordAlgorithm,
  writePasswordAlgorithms,
  writeRequestedAddressFamily,
  writeRequestedTransport,
  writeReservationToken,
  writeUnknownAttributes,
} from '../../server/entries/stun.ts';
import { at } from '../turn/addresses.ts';

const id = Uint8Array.from({ length: 12 }, (_, index) => index);

/** What clients and servers of RFC 8656 say to each other, one message of each kind, signed with this key. */
export function seedMessages(key: Uint8Array): Uint8Array[] {
  return [...requests(key), ...answers(key), ...media()];
}

function withCredentials(writer: MessageWriter): MessageWriter {
  return writer
    .text(AttributeType.username, 'alice')
    .text(AttributeType.realm, 'turnpike.local')
    .text(AttributeType.nonce, 'obMatJos2AAAB00000001234567890123');
}

function requests(key: Uint8Array): Uint8Array[] {
  const allocate = withCredentials(new MessageWriter(Method.allocate, 'request', id));
  writeRequestedTransport(allocate, 17);
  writeEvenPort(allocate, { reserveNext: true });
  writeLifetime(allocate, 700);
  allocate.flag(AttributeType.dontFragment);
  const dual = withCredentials(new MessageWriter(Method.allocate, 'request', id));
  writeRequestedTransport(dual, 17);
  writeAdditionalAddressFamily(dual, 6);
  writePasswordAlgorithms(dual, [PasswordAlgorithm.sha256, PasswordAlgorithm.md5]);
  writePasswordAlgorithm(dual, PasswordAlgorithm.sha256);
  const redeem = new MessageWriter(Method.allocate, 'request', id);
  redeem.attribute(AttributeType.userhash, new Uint8Array(32).fill(1));
  writeReservationToken(redeem, new Uint8Array(8).fill(9));
  const refresh = withCredentials(new MessageWriter(Method.refresh, 'request', id));
  writeRequestedAddressFamily(refresh, 6);
  const permit = withCredentials(new MessageWriter(Method.createPermission, 'request', id));
  permit.xorAddress(AttributeType.xorPeerAddress, at('8.8.8.8', 9));
  permit.xorAddress(AttributeType.xorPeerAddress, at('2606:4700::1111', 9));
  const bind = withCredentials(new MessageWriter(Method.channelBind, 'request', id));
  writeChannelNumber(bind, 0x4000);
  bind.xorAddress(AttributeType.xorPeerAddress, at('8.8.8.8', 9));
  return [
    new MessageWriter(Method.binding, 'request', id).fingerprint().finish(),
    allocate.integritySha1(key).fingerprint().finish(),
    dual.integritySha1(key).integritySha256(key).fingerprint().finish(),
    redeem.integritySha256(key).finish(),
    refresh.integritySha1(key).finish(),
    permit.integritySha1(key).finish(),
    bind.integritySha1(key).finish(),
  ];
}

function answers(key: Uint8Array): Uint8Array[] {
  const allocated = new MessageWriter(Method.allocate, 'success', id);
  allocated.xorAddress(AttributeType.xorRelayedAddress, at('198.51.100.1', 50000));
  allocated.xorAddress(AttributeType.xorMappedAddress, at('2606:4700::1', 40000));
  writeAddressErrorCode(allocated, 6, 440);
  const refused = new MessageWriter(Method.allocate, 'error', id);
  writeErrorCode(refused, 420);
  writeUnknownAttributes(refused, [0x7777, 0x0021]);
  const elsewhere = new MessageWriter(Method.allocate, 'error', id);
  writeErrorCode(elsewhere, 300);
  writeAddress(elsewhere, AttributeType.alternateServer, at('198.51.100.2', 3478));
  return [
    allocated.integritySha256(key).finish(),
    refused.integritySha1(key).fingerprint().finish(),
    elsewhere.integritySha1(key).finish(),
  ];
}

function media(): Uint8Array[] {
  const send = new MessageWriter(Method.send, 'indication', id)
    .xorAddress(AttributeType.xorPeerAddress, at('8.8.8.8', 9))
    .attribute(AttributeType.data, Uint8Array.of(1, 2, 3, 4, 5));
  const send6 = new MessageWriter(Method.send, 'indication', id)
    .flag(AttributeType.dontFragment)
    .attribute(AttributeType.data, new Uint8Array())
    .xorAddress(AttributeType.xorPeerAddress, at('2606:4700::1', 9))
    .fingerprint();
  const icmp = new MessageWriter(Method.data, 'indication', id);
  icmp.xorAddress(AttributeType.xorPeerAddress, at('8.8.8.8', 9));
  writeIcmp(icmp, { type: 3, code: 4, errorData: 1280 });
  return [send.finish(), send6.finish(), icmp.finish(), Uint8Array.of(0x40, 0, 0, 3, 1, 2, 3, 0)];
}
