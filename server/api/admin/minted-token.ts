import { createHash, randomBytes, randomInt } from 'node:crypto';

/** 32 characters that read well: 5 bits each. */
const idAlphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const idCharacters = 8;
const secretBytes = 32;

/** A bearer token that was just made: whoever asked is shown its text this once, and its hash is kept. */
export interface MintedToken {
  readonly id: string;
  /** `<prefix>_<id>_<256 bits in base64url>`. */
  readonly text: string;
  readonly hash: Uint8Array;
}

/** Makes an API key of an app (`tpk`) or a token for the admin API (`tpa`). */
export function mintToken(prefix: 'tpk' | 'tpa'): MintedToken {
  const id = newId();
  const text = `${prefix}_${id}_${newSecretText()}`;
  return { id, text, hash: hashOfText(text) };
}

/** An id that nobody has guessed: 8 characters, 40 bits. */
export function newId(): string {
  return randomText(idCharacters);
}

/** So many random characters of 5 bits each. */
export function randomText(characters: number): string {
  return Array.from({ length: characters }, () => idAlphabet.charAt(randomInt(idAlphabet.length))).join('');
}

/** 256 random bits as 43 characters of base64url. */
export function newSecretText(): string {
  return randomBytes(secretBytes).toString('base64url');
}

/** What is kept of a random text in its place: its SHA-256. */
export function hashOfText(text: string): Uint8Array {
  return createHash('sha256').update(text, 'utf8').digest();
}
