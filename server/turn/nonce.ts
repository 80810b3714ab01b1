import { createHmac, timingSafeEqual } from 'node:crypto';
import { encodeNonceCookie, nonceCookieLength } from '../stun/nonce-cookie.ts';
import type { TransportAddress } from '../stun/transport-address.ts';

/** How long a nonce is accepted, in seconds (RFC 8656 section 5: at least hourly; SECURITY.md 4). */
const nonceLifetimeS = 3600;

/** What a nonce is worth: ours and fresh; ours but too old; or not one that we gave to this client. */
export type NonceVerdict = 'valid' | 'stale' | 'foreign';

/** Username anonymity is never announced: a time-limited name cannot be found by its hash (DESIGN.md section 4). */
const cookie = encodeNonceCookie({ passwordAlgorithms: true, usernameAnonymity: false });
/** Unix seconds in base 36: enough for the next 2,400 years. */
const timeLength = 7;
/** Base64 characters of the HMAC, six bits each: 102 bits. More would make a challenge longer than 128 bytes. */
const macLength = 17;
const nonceLength = nonceCookieLength + timeLength + macLength;

/**
 * Nonces that need no memory: a nonce cookie (RFC 8489 section 9.2), the time it was made, and an HMAC over that time and
 * the client's transport address. "The server MUST NOT choose the same NONCE for two requests unless they have
 * the same source IP address and port" (RFC 8489 section 9.2.4): hence the port.
 */
export class NonceIssuer {
  readonly #key: Uint8Array;
  /** What the HMAC is computed over: time, port, family and the address's words. */
  readonly #input = new Float64Array(7);
  readonly #expected = new Uint8Array(nonceLength);

  /** `key` is random, secret, and outlives a restart, so that nonces do too (SECURITY.md 4). */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** The value of NONCE for this client. The same within one second. */
  issue(client: TransportAddress, nowMs: number): Uint8Array {
    return this.#write(new Uint8Array(nonceLength), client, Math.floor(nowMs / 1000));
  }

  /** Judges the value of a NONCE attribute. The comparison takes the same time wherever the values differ. */
  check(nonce: Uint8Array, client: TransportAddress, nowMs: number): NonceVerdict {
    if (nonce.length !== nonceLength) return 'foreign';
    const issuedAtS = timeOf(nonce);
    if (issuedAtS === null) return 'foreign';
    if (!timingSafeEqual(this.#write(this.#expected, client, issuedAtS), nonce)) return 'foreign';
    const ageS = nowMs / 1000 - issuedAtS;
    return ageS >= 0 && ageS <= nonceLifetimeS ? 'valid' : 'stale';
  }

  #write(target: Uint8Array, { ip, port }: TransportAddress, issuedAtS: number): Uint8Array {
    this.#input.set([issuedAtS, port, ip.family, ip.w0, ip.w1, ip.w2, ip.w3]);
    const mac = createHmac('sha256', this.#key).update(this.#input).digest('base64');
    const text = cookie + issuedAtS.toString(36).padStart(timeLength, '0') + mac;
    for (let at = 0; at < nonceLength; at++) target[at] = text.charCodeAt(at);
    return target;
  }
}

function timeOf(nonce: Uint8Array): number | null {
  const text = String.fromCharCode(...nonce.subarray(nonceCookieLength, nonceCookieLength + timeLength));
  return /^[0-9a-z]+$/.test(text) ? Number.parseInt(text, 36) : null;
}
