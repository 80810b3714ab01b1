import { maxRealmBytes, maxUsernameBytes, minSecretCharacters } from '../contract/limits.ts';
import { opaqueString } from '../credentials/opaque-string.ts';
import { impossible, malformed, parsed, type Parsed } from './refusal.ts';

const disallowed =
  'has characters that the protocol does not allow (controls, unassigned or invisible ones; RFC 8265 section 4.2).';

/** Reads `turn.realm` (RFC 8489 section 14.9). */
export function parseRealm(text: string): Parsed<string> {
  if (text === '') return malformed('is empty. Write a name, e.g. example.org.');
  const realm = opaqueString(text);
  if (realm === null) return malformed(`${disallowed} Write a name of plain letters, e.g. example.org.`);
  const bytes = byteLength(realm);
  if (bytes > maxRealmBytes) {
    return impossible(
      `is ${bytes} bytes long. It is sent to every stranger that asks; write at most ${maxRealmBytes}, better under 30.`,
    );
  }
  return parsed(realm);
}

/** Reads the name of a static user (RFC 8489 section 14.3). */
export function parseUserName(text: string): Parsed<string> {
  const name = opaqueString(text);
  if (name === null) return malformed(`${disallowed} Write another name.`);
  const bytes = byteLength(name);
  if (bytes > maxUsernameBytes) return impossible(`is ${bytes} bytes long. Write at most ${maxUsernameBytes}.`);
  if (/^[0-9]{1,15}:/.test(name)) {
    return impossible('reads as a time-limited username, <unix-expiry>:<subject>. Put a letter before the digits.');
  }
  return parsed(name);
}

/** Reads the password of a static user. The reason does not repeat it. */
export function parseUserPassword(text: string): Parsed<string> {
  const password = opaqueString(text);
  return password === null ? malformed(`${disallowed} Write another password.`) : parsed(password);
}

/** Reads a REST secret. The reason does not repeat it. */
export function parseSecret(text: string): Parsed<string> {
  const characters = Array.from(text).length;
  if (characters >= minSecretCharacters) return parsed(text);
  return impossible(
    `has ${characters} characters. Whoever holds one credential can guess that; write at least ${minSecretCharacters}: ` +
      'openssl rand -base64 32',
  );
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Reads `masterKey`: 32 bytes, or null for `auto`. */
export function parseMasterKey(text: string): Parsed<Uint8Array | null> {
  if (text === 'auto') return parsed(null);
  const isHex = /^[0-9a-f]{64}$/i.test(text);
  // Node passes over what is no base64, so that most texts would be some key.
  const isBase64 = /^(?:[A-Za-z0-9+/]{43}=?|[A-Za-z0-9_-]{43})$/.test(text);
  return isHex || isBase64
    ? parsed(new Uint8Array(Buffer.from(text, isHex ? 'hex' : 'base64')))
    : malformed('does not hold 32 bytes in base64 or hexadecimal. Make one with "openssl rand -base64 32".');
}
