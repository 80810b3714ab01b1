import { defaultAppId } from '../contract/default-app.ts';
import { createHash } from 'node:crypto';
import { AppEntry } from './app-entry.ts';
import { type AppCredentials, type CredentialChange } from './credential-set.ts';
import { StaticUserTable } from './static-user-table.ts';

/** One whole set of credentials, in force or still to be. */
export class CredentialTables {
  /** Of all keys (RFC 8489 section 9.2). */
  readonly realm: string;
  readonly users: StaticUserTable;
  readonly #apps = new Map<string, AppEntry>();
  #decoySeed: Uint8Array;
  #mostNamedSecrets = 0;

  /** @param seed secret bytes to begin the decoys with; those of all keys are mixed in */
  constructor(realm: string, seed: Uint8Array) {
    this.realm = realm;
    this.users = new StaticUserTable(realm);
    this.#decoySeed = createHash('sha256').update('turnpike decoy\0').update(seed).update(realm).digest();
  }

  /** 32 bytes that nobody knows who does not know all keys that ever were. */
  get decoySeed(): Uint8Array {
    return this.#decoySeed;
  }

  /** The most live secrets that an app other than the default one has. */
  get mostNamedSecrets(): number {
    return this.#mostNamedSecrets;
  }

  /** An app by its id. */
  app(id: string): AppEntry | undefined {
    return this.#apps.get(id);
  }

  /** Applies a change of apps or users; the others are not of the tables. */
  apply(change: CredentialChange, inForce: CredentialTables): void {
    switch (change.kind) {
      case 'apps':
        for (const app of change.apps) this.#apps.set(app.id, new AppEntry(app, inForce.app(app.id)));
        this.#mixIn(change.apps.flatMap(secretsOf));
        this.#countNamedSecrets();
        return;
      case 'remove-app':
        this.#apps.delete(change.id);
        this.#countNamedSecrets();
        return;
      case 'users':
        this.users.add(change.users);
        this.#mixIn([change.users.keys]);
        return;
      case 'remove-user':
        this.users.remove(change.name);
        return;
      case 'bans':
      case 'remove-ban':
      case 'reset':
      case 'complete':
        return;
    }
  }

  #mixIn(keys: readonly Uint8Array[]): void {
    const hash = createHash('sha256').update(this.#decoySeed);
    for (const key of keys) hash.update(key);
    this.#decoySeed = hash.digest();
  }

  #countNamedSecrets(): void {
    let most = 0;
    for (const [id, { liveSecrets }] of this.#apps) if (id !== defaultAppId) most = Math.max(most, liveSecrets.length);
    this.#mostNamedSecrets = most;
  }
}

function secretsOf({ secrets }: AppCredentials): Uint8Array[] {
  return secrets.map(({ secret }) => secret);
}
