import { createHmac } from 'node:crypto';
import { headerLength } from './registry.ts';
import { readUint16, writeUint16 } from './byte-access.ts';

/** The hash under a message's integrity attribute: of MESSAGE-INTEGRITY or of MESSAGE-INTEGRITY-SHA256. */
export type IntegrityAlgorithm = 'sha1' | 'sha256';

/** Bytes of the value of an integrity attribute. A truncated SHA-256 is no usage of TURN (RFC 8489 section 14.6). */
export function integrityLength(algorithm: IntegrityAlgorithm): 20 | 32 {
  return algorithm === 'sha1' ? 20 : 32;
}

/**
 * The HMAC for the integrity attribute whose header starts at `end`: over all that is before it, with the header's
 * length field counting up to the attribute's own end (RFC 8489 sections 14.5 and 14.6). `bytes` is left as it was.
 */
export function integrityHmac(
  bytes: Uint8Array,
  end: number,
  key: Uint8Array,
  algorithm: IntegrityAlgorithm,
): Uint8Array {
  const messageLength = readUint16(bytes, 2);
  writeUint16(bytes, 2, end + 4 + integrityLength(algorithm) - headerLength);
  const digest = createHmac(algorithm, key).update(bytes.subarray(0, end)).digest();
  writeUint16(bytes, 2, messageLength);
  return digest;
}
