import type { KeyAlgorithm } from '../credentials/long-term-key.ts';
import type { IntegrityAlgorithm } from '../stun/integrity-hmac.ts';
import { readPasswordAlgorithm, readText } from '../stun/credentials-attributes.ts';
import { attribute, type Message } from '../stun/message.ts';
import { decodeNonceCookie } from '../stun/nonce-cookie.ts';
import { AttributeType, PasswordAlgorithm } from '../stun/registry.ts';

/** The algorithms of every challenge, the preferred one first (RFC 8489 section 9.2.4). */
export const passwordAlgorithms: readonly number[] = [PasswordAlgorithm.sha256, PasswordAlgorithm.md5];

/** The value of PASSWORD-ALGORITHMS in a challenge: numbers of 16 bits, each with no parameters. */
const offered = Uint8Array.from(passwordAlgorithms.flatMap((algorithm) => [0, algorithm, 0, 0]));

/** How a request's key is derived and its answer signed. */
export interface NegotiatedAlgorithms {
  readonly key: KeyAlgorithm;
  readonly answer: IntegrityAlgorithm;
}

/**
 * Which algorithms a request uses, or null when someone has tampered with the choice (RFC 8489 section 9.2.4). A client of
 * RFC 5389 names none: then the key is MD5 and the answer is signed with MESSAGE-INTEGRITY.
 */
export function negotiateAlgorithms(message: Message, nonce: Uint8Array): NegotiatedAlgorithms | null {
  const chosen = attribute(message, AttributeType.passwordAlgorithm);
  const echoed = attribute(message, AttributeType.passwordAlgorithms);
  if (chosen === undefined && echoed === undefined) return { key: 'md5', answer: 'sha1' };
  const nonceText = readText(nonce);
  const cookie = nonceText === null ? null : decodeNonceCookie(nonceText);
  // Without the bit the nonce is not ours and the request fails on it, but only after its integrity.
  if (cookie?.passwordAlgorithms === true && (echoed === undefined || !sameBytes(echoed, offered))) return null;
  const choice = chosen === undefined ? null : readPasswordAlgorithm(chosen);
  if (choice?.parameters.length !== 0) return null;
  if (choice.algorithm === PasswordAlgorithm.sha256) return { key: 'sha256', answer: 'sha256' };
  if (choice.algorithm === PasswordAlgorithm.md5) return { key: 'md5', answer: 'sha256' };
  return null;
}

/** What is compared is public. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
