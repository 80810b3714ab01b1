// What `import ... from 'turnpike/stun'` gives: the wire codec. Bytes to values and back, without I/O, clock or randomness.

export { readAddress, readXorAddress, writeAddress } from '../stun/addresses.ts';
export {
  channelDataHeader,
  channelDataHeaderLength,
  firstChannel,
  isChannelNumber,
  lastChannel,
  readChannelData,
  type ChannelData,
  type ChannelRange,
} from '../stun/channel-data.ts';
export {
  readPasswordAlgorithm,
  readPasswordAlgorithms,
  readText,
  writePasswordAlgorithm,
  writePasswordAlgorithms,
} from '../stun/credentials-attributes.ts';
export { readErrorCode, readUnknownAttributes, writeErrorCode, writeUnknownAttributes } from '../stun/error-code.ts';
export { crc32, fingerprintValue } from '../stun/fingerprint.ts';
export { integrityHmac, integrityLength, type IntegrityAlgorithm } from '../stun/integrity-hmac.ts';
export { verifyIntegrity } from '../stun/integrity.ts';
export { formatIp, formatTransportAddress, parseIp } from '../stun/ip-text.ts';
export {
  attribute,
  attributes,
  decodeMessage,
  MessageWriter,
  unknownRequiredAttributes,
  type DecodeFailure,
  type Message,
  type MessageClass,
} from '../stun/message.ts';
export {
  AttributeType,
  ErrorCode,
  firstComprehensionOptionalType,
  headerLength,
  magicCookie,
  Method,
  PasswordAlgorithm,
  reasonPhrase,
  transactionIdLength,
} from '../stun/registry.ts';
export { StreamFramer } from '../stun/stream-framing.ts';
export {
  ipv4,
  ipv6,
  sameIp,
  sameTransportAddress,
  type IpAddress,
  type IpFamily,
  type TransportAddress,
} from '../stun/transport-address.ts';
export {
  readAddressErrorCode,
  readAddressFamily,
  readChannelNumber,
  readEvenPort,
  readIcmp,
  readLifetime,
  readRequestedTransport,
  readReservationToken,
  reservationTokenLength,
  udpProtocol,
  writeAdditionalAddressFamily,
  writeAddressErrorCode,
  writeChannelNumber,
  writeEvenPort,
  writeIcmp,
  writeLifetime,
  writeRequestedAddressFamily,
  writeRequestedTransport,
  writeReservationToken,
  type AddressErrorCode,
  type IcmpValue,
} from '../stun/turn-attributes.ts';
export { longTermKey, userhash, type KeyAlgorithm } from '../credentials/long-term-key.ts';
