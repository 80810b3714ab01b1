import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;
const algorithm = 'aes-256-gcm';

/** Where a sealed value belongs: table, column and row. */
export type SealedPlace = readonly [table: string, column: string, row: string];

/**
 * Seals values with AES-256-GCM under the master key. A seal is bound to its place, so that whoever can write the database cannot
 * put one row's value into another (SECURITY.md 13).
 */
export class Sealing {
  readonly #key: Uint8Array;

  /** @param masterKey 32 bytes */
  constructor(masterKey: Uint8Array) {
    this.#key = masterKey;
  }

  /** A nonce of 12 bytes, the ciphertext, and a tag of 16. */
  seal(value: Uint8Array, place: SealedPlace): Buffer {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key, nonce).setAAD(associatedData(place));
    return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
  }

  /** The value; null for one that was sealed under another key or for another place, or that is damaged. */
  open(sealed: Uint8Array, place: SealedPlace): Uint8Array | null {
    if (sealed.length < nonceBytes + tagBytes) return null;
    const end = sealed.length - tagBytes;
    const decipher = createDecipheriv(algorithm, this.#key, sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(associatedData(place)).setAuthTag(sealed.subarray(end));
    const value = decipher.update(sealed.subarray(nonceBytes, end));
    try {
      decipher.final();
    } catch {
      return null;
    }
    return new Uint8Array(value);
  }
}

function associatedData(place: SealedPlace): Buffer {
  return Buffer.from(place.join('\0'), 'utf8');
}
