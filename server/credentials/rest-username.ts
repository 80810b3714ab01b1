import { createHmac } from 'node:crypto';

/** What a time-limited username says. */
export interface RestUsername {
  /** Unix time in seconds. */
  readonly expiresAtS: number;
  /** Whom the credential was issued for; the quota is counted by it. For a bare time it is the whole username. */
  readonly subject: string;
}

/** Fifteen digits are always a safe integer, and outlast every clock. */
const unixTime = /^[0-9]{1,15}$/;

/**
 * Reads a username of the REST convention (draft-uberti-behave-turn-rest-00 section 2.2): `<unix-expiry>:<subject>`, split at
 * the first colon, or a bare `<unix-expiry>`. Null for any other name.
 */
export function parseRestUsername(username: string): RestUsername | null {
  const colon = username.indexOf(':');
  const time = colon === -1 ? username : username.slice(0, colon);
  if (!unixTime.test(time)) return null;
  return { expiresAtS: Number(time), subject: colon === -1 ? username : username.slice(colon + 1) };
}

/** The username for a subject; with an empty subject the bare time. */
export function restUsername(expiresAtS: number, subject: string): string {
  return subject === '' ? String(expiresAtS) : `${expiresAtS}:${subject}`;
}

/** The password that goes with a username: `base64(HMAC-SHA1(secret, username))`, 28 characters. */
export function restPassword(secret: Uint8Array, username: string): string {
  return createHmac('sha1', secret).update(username, 'utf8').digest('base64');
}
