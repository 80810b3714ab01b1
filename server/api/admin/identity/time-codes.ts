import { timingSafeEqual } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { recoveryCodeCount } from '../../../contract/admin/identity-limits.ts';
import { hashOfText, randomText } from '../minted-token.ts';

/** Every authenticator app speaks this (RFC 6238): SHA-1, six digits, half a minute. */
const periodS = 30;
const digits = 6;
const seedBytes = 20;
/** Clocks that differ by a step are forgiven. */
const window = 1;
const recoveryCodeCharacters = 16;
const recoveryCode = /^[a-z2-7]{16}$/;

/** A seed that an authenticator app is to be given. */
export interface NewSeed {
  readonly seed: Uint8Array;
  readonly base32: string;
  /** `otpauth://totp/...`, for a QR code. */
  readonly uri: string;
}

/** Makes a seed for an account. */
export function newSeed(username: string): NewSeed {
  const secret = new Secret({ size: seedBytes });
  const totp = new TOTP({ issuer: 'Turnpike', label: username, secret, digits, period: periodS });
  return { seed: secret.bytes, base32: secret.base32, uri: totp.toString() };
}

/** The 30-second step whose code this is; null: it is none of the steps around now. */
export function stepOfCode(seed: Uint8Array, code: string, nowMs: number): number | null {
  const secret = new Secret({ buffer: Uint8Array.from(seed).buffer });
  const step = Math.floor(nowMs / 1000 / periodS);
  const given = Buffer.from(code.replaceAll(' ', ''), 'utf8');
  let found: number | null = null;
  for (let candidate = step - window; candidate <= step + window; candidate += 1) {
    const totp = new TOTP({ secret, digits, period: periodS });
    const expected = Buffer.from(totp.generate({ timestamp: candidate * periodS * 1000 }), 'utf8');
    if (expected.length === given.length && timingSafeEqual(expected, given)) found = candidate;
  }
  return found;
}

/** Codes for whoever has lost the authenticator, 80 bits each, in groups of four. */
export function newRecoveryCodes(): readonly string[] {
  return Array.from({ length: recoveryCodeCount }, () =>
    (randomText(recoveryCodeCharacters).match(/.{4}/g) ?? []).join('-'),
  );
}

/** What is kept of a recovery code, however it is typed; null: it has not the form of one. */
export function hashOfRecoveryCode(code: string): Uint8Array | null {
  const plain = code.toLowerCase().replaceAll(/[\s-]/g, '');
  return recoveryCode.test(plain) ? hashOfText(plain) : null;
}
