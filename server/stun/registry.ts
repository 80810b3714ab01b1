/** The magic cookie of every STUN message (RFC 8489 section 5). */
export const magicCookie = 0x2112a442;

/** Bytes of a STUN message header (RFC 8489 section 5). */
export const headerLength = 20;

/** Bytes of a transaction id (RFC 8489 section 5). */
export const transactionIdLength = 12;

/** STUN methods (RFC 8489 section 18.2, RFC 8656 section 17). */
export const Method = {
  binding: 0x001,
  allocate: 0x003,
  refresh: 0x004,
  send: 0x006,
  data: 0x007,
  createPermission: 0x008,
  channelBind: 0x009,
} as const;

/** The number of a method that is understood here. */
export type Method = (typeof Method)[keyof typeof Method];

/** STUN attribute types (RFC 8489 section 18.3, RFC 8656 section 18). */
export const AttributeType = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  channelNumber: 0x000c,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedAddressFamily: 0x0017,
  evenPort: 0x0018,
  requestedTransport: 0x0019,
  dontFragment: 0x001a,
  messageIntegritySha256: 0x001c,
  passwordAlgorithm: 0x001d,
  userhash: 0x001e,
  xorMappedAddress: 0x0020,
  reservationToken: 0x0022,
  additionalAddressFamily: 0x8000,
  addressErrorCode: 0x8001,
  passwordAlgorithms: 0x8002,
  alternateDomain: 0x8003,
  icmp: 0x8004,
  software: 0x8022,
  alternateServer: 0x8023,
  fingerprint: 0x8028,
} as const;

/** The type of an attribute that is understood here. */
export type AttributeType = (typeof AttributeType)[keyof typeof AttributeType];

/** Types below this one are comprehension-required (RFC 8489 section 14). */
export const firstComprehensionOptionalType = 0x8000;

/** STUN and TURN error codes (RFC 8489 section 14.8, RFC 8656 section 19). */
export const ErrorCode = {
  tryAlternate: 300,
  badRequest: 400,
  unauthenticated: 401,
  forbidden: 403,
  unknownAttribute: 420,
  allocationMismatch: 437,
  staleNonce: 438,
  addressFamilyNotSupported: 440,
  wrongCredentials: 441,
  unsupportedTransportProtocol: 442,
  peerAddressFamilyMismatch: 443,
  allocationQuotaReached: 486,
  serverError: 500,
  insufficientCapacity: 508,
} as const;

/** An error code that this server answers with. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

const reasonPhrases: ReadonlyMap<number, string> = new Map([
  [ErrorCode.tryAlternate, 'Try Alternate'],
  [ErrorCode.badRequest, 'Bad Request'],
  [ErrorCode.unauthenticated, 'Unauthenticated'],
  [ErrorCode.forbidden, 'Forbidden'],
  [ErrorCode.unknownAttribute, 'Unknown Attribute'],
  [ErrorCode.allocationMismatch, 'Allocation Mismatch'],
  [ErrorCode.staleNonce, 'Stale Nonce'],
  [ErrorCode.addressFamilyNotSupported, 'Address Family not Supported'],
  [ErrorCode.wrongCredentials, 'Wrong Credentials'],
  [ErrorCode.unsupportedTransportProtocol, 'Unsupported Transport Protocol'],
  [ErrorCode.peerAddressFamilyMismatch, 'Peer Address Family Mismatch'],
  [ErrorCode.allocationQuotaReached, 'Allocation Quota Reached'],
  [ErrorCode.serverError, 'Server Error'],
  [ErrorCode.insufficientCapacity, 'Insufficient Capacity'],
]);

/** The registry's recommended reason phrase of an error code (RFC 8489 section 14.8); empty for a code that is not ours. */
export function reasonPhrase(code: number): string {
  return reasonPhrases.get(code) ?? '';
}

/** STUN password algorithms (RFC 8489 section 18.5). */
export const PasswordAlgorithm = { md5: 1, sha256: 2 } as const;

/** The number of a password algorithm that is understood here. */
export type PasswordAlgorithm = (typeof PasswordAlgorithm)[keyof typeof PasswordAlgorithm];
