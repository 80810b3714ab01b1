import { defaultAppId } from '../contract/default-app.ts';
import { createHmac } from 'node:crypto';

/** What a time-limited username says. */
export interface RestUsername {
  /** Unix time in seconds. */
  readonly expiresAtS: number;
  /** All that follows the expiry. For a bare time it is the whole username. */
  readonly subject: string;
}

/** What the part of a time-limited username after its expiry says where it names an app (DESIGN.md section 4, docs/adr/0009). */
export interface NamedApp {
  readonly app: string;
  /** The API key that issued the credential; null when none is named. */
  readonly keyId: string | null;
  readonly subject: string;
}

/** Fifteen digits are always a safe integer, and outlast every clock. */
const unixTime = /^[0-9]{1,15}$/;
const appPrefix = /^([a-z][a-z0-9-]{0,31})(?:[.]([a-z2-7]{8}))?$/;
/** Of an app's id, a dot and a key's id. */
const longestPrefix = 32 + 1 + 8;

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

/**
 * Reads `<app>/<subject>` or `<app>.<key id>/<subject>`, split at the first slash; null for any other text. Whether there is such an app,
 * and whether one of its secrets verifies, is the caller's to ask: otherwise the whole text is a subject of the default app.
 */
export function parseNamedApp(subject: string): NamedApp | null {
  const slash = subject.indexOf('/');
  if (slash === -1 || slash > longestPrefix) return null;
  const [, app, keyId] = appPrefix.exec(subject.slice(0, slash)) ?? [];
  if (app === undefined) return null;
  return { app, keyId: keyId ?? null, subject: subject.slice(slash + 1) };
}

/** The username for a subject of the default app; with an empty subject the bare time. */
export function restUsername(expiresAtS: number, subject: string): string {
  return subject === '' ? String(expiresAtS) : `${expiresAtS}:${subject}`;
}

/**
 * The username of a credential for a subject of this app, which is read as that app's and no other's. Where there is no subject the
 * expiry stands for it, so that those who have none are not all counted as one.
 */
export function issuedUsername(issued: NamedApp & { readonly expiresAtS: number }): string {
  const { expiresAtS, app, keyId, subject } = issued;
  if (app === defaultAppId && keyId === null && parseNamedApp(subject)?.app !== defaultAppId) {
    return restUsername(expiresAtS, subject);
  }
  const prefix = keyId === null ? app : `${app}.${keyId}`;
  return `${expiresAtS}:${prefix}/${subject === '' ? expiresAtS : subject}`;
}

/** The password that goes with a username: `base64(HMAC-SHA1(secret, username))`, 28 characters. */
export function restPassword(secret: Uint8Array, username: string): string {
  return createHmac('sha1', secret).update(username, 'utf8').digest('base64');
}
