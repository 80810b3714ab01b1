/** What a nonce says of the server's security features (RFC 8489 section 18.1). */
interface SecurityFeatures {
  readonly passwordAlgorithms: boolean;
  readonly usernameAnonymity: boolean;
}

const prefix = 'obMatJos2';
const base64Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Characters of the nonce cookie: the fixed string and 24 bits in base64 (RFC 8489 section 9.2). */
export const nonceCookieLength = 13;

/**
 * The nonce cookie that a nonce starts with (RFC 8489 section 9.2). Bit 0 is the rightmost of the 24, as erratum 6290
 * and the nonce of appendix B.1 have it; section 18.1 as printed says leftmost.
 */
export function encodeNonceCookie(features: SecurityFeatures): string {
  const bits = (features.passwordAlgorithms ? 1 : 0) | (features.usernameAnonymity ? 2 : 0);
  return `${prefix}AAA${base64Alphabet.charAt(bits)}`;
}

/** The features that a nonce announces; null when it does not start with a nonce cookie. Unassigned bits are ignored. */
export function decodeNonceCookie(nonce: string): SecurityFeatures | null {
  if (nonce.length < nonceCookieLength || !nonce.startsWith(prefix)) return null;
  let bits = 0;
  for (let at = prefix.length; at < nonceCookieLength; at++) {
    const sextet = base64Alphabet.indexOf(nonce.charAt(at));
    if (sextet < 0) return null;
    bits = (bits << 6) | sextet;
  }
  return { passwordAlgorithms: (bits & 1) !== 0, usernameAnonymity: (bits & 2) !== 0 };
}
