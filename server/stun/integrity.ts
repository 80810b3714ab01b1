import { timingSafeEqual } from 'node:crypto';
import { integrityHmac, integrityLength, type IntegrityAlgorithm } from './integrity-hmac.ts';
import { type Message, attribute } from './message.ts';
import { AttributeType } from './registry.ts';

/**
 * Whether the message bears a valid MESSAGE-INTEGRITY (`sha1`, RFC 8489 section 14.5) or MESSAGE-INTEGRITY-SHA256
 * (`sha256`, section 14.6) under this key. False when the attribute is absent or not of full length. The values are
 * compared in constant time.
 */
export function verifyIntegrity(message: Message, key: Uint8Array, algorithm: IntegrityAlgorithm): boolean {
  const type = algorithm === 'sha1' ? AttributeType.messageIntegrity : AttributeType.messageIntegritySha256;
  const value = attribute(message, type);
  if (value?.length !== integrityLength(algorithm)) return false;
  const headerOffset = value.byteOffset - message.bytes.byteOffset - 4;
  return timingSafeEqual(integrityHmac(message.bytes, headerOffset, key, algorithm), value);
}
