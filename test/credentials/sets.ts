import { CredentialBook, type Candidate } from '../../server/credentials/credential-book.ts';
import { plainApp, secretId, type AppCredentials, type RestSecret } from '../../server/credentials/credential-set.ts';
import type { Credential } from '../../server/credentials/credential.ts';
import { longTermKey, type KeyAlgorithm } from '../../server/credentials/long-term-key.ts';
import { deltas, wholeSet, type TestCredentials } from '../turn/credentials.ts';

export const realm = 'example.org';

export function secret(text: string, change: Partial<RestSecret> = {}): RestSecret {
  const bytes = new TextEncoder().encode(text);
  return { id: secretId(bytes), secret: bytes, state: 'active', acceptedUntilS: null, ...change };
}

export function app(id: string, secrets: readonly RestSecret[], change: Partial<AppCredentials> = {}): AppCredentials {
  return { ...plainApp(id, secrets), ...change };
}

/** Puts a whole set in the place of whatever the book held. */
export function fill(book: CredentialBook, set: Partial<TestCredentials>): void {
  // A reset may have any number.
  for (const delta of deltas(wholeSet({ realm, users: [], secrets: [], ...set }), 1000)) book.apply(delta);
}

export function bookOf(set: Partial<TestCredentials>): CredentialBook {
  const book = new CredentialBook();
  fill(book, set);
  return book;
}

export function candidatesOf(book: CredentialBook, username: string, algorithm: KeyAlgorithm = 'md5'): Candidate[] {
  return [...book.candidates(username, algorithm)];
}

/** The candidates that may authenticate a client which has this password. */
export function accepted(
  candidates: readonly Candidate[],
  username: string,
  password: string,
  algorithm: KeyAlgorithm,
): Credential[] {
  const key = Buffer.from(longTermKey(algorithm, username, realm, password));
  return candidates
    .filter((candidate) => !candidate.decoy && key.equals(candidate.key))
    .map(({ credential }) => credential);
}
