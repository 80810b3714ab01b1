import { createHash, hash } from 'node:crypto';

/** The password algorithms of RFC 8489 section 18.5.1. */
export type KeyAlgorithm = 'md5' | 'sha256';

/**
 * The key of a long-term credential (RFC 8489 sections 9.2.2 and 18.5.1): 16 bytes for MD5, 32 for SHA-256.
 * `realm` and `password` are given as `opaqueString` returns them; `username` as it is in the USERNAME attribute.
 */
export function longTermKey(algorithm: KeyAlgorithm, username: string, realm: string, password: string): Uint8Array {
  return createHash(algorithm).update(`${username}:${realm}:${password}`, 'utf8').digest();
}

/**
 * The value of USERHASH, 32 bytes (RFC 8489 section 14.4): SHA-256 over `username ":" realm`, both as `opaqueString`
 * returns them.
 */
export function userhash(username: string, realm: string): Uint8Array {
  return hash('sha256', `${username}:${realm}`, 'buffer');
}
