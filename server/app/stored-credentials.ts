import { defaultAppId } from '../contract/default-app.ts';
import {
  secretId,
  staticUser,
  type AppCredentials,
  type Ban,
  type CredentialChange,
  type RestSecret,
  type StaticUser,
} from '../credentials/credential-set.ts';
import { changesOf, packUsers } from '../credentials/credential-changes.ts';
import type {
  AppRecord,
  BanRecord,
  SecretRecord,
  StoreNotice,
  TurnUserKeys,
  TurnUserRecord,
} from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { CredentialSource } from './relay-credentials.ts';

/** Users that are read from the database at once. */
const usersPerPage = 256;

/** The credentials that the configuration names (`turn`). */
export interface ConfiguredCredentials {
  readonly realm: string;
  readonly users: readonly { readonly name: string; readonly password: string }[];
  /** Of the default app, whose first issues. */
  readonly secrets: readonly string[];
}

/** Who has used up the bytes of the month. */
export interface Exhausted {
  isAppExhausted(id: string): boolean;
  isUserExhausted(name: string): boolean;
}

/** A secret that new credentials are made with. */
export interface IssuingSecret {
  readonly id: string;
  readonly value: Uint8Array;
}

/** What the relay is told of credentials: all that the database and the configuration have, and each change (docs/adr/0010). */
export class StoredCredentials implements CredentialSource {
  readonly #store: Store;
  readonly #exhausted: Exhausted;
  #configuredUsers: ReadonlyMap<string, StaticUser> = new Map();
  #configuredSecrets: readonly RestSecret[] = [];
  /** Read once for each app, and again after a change of it. */
  readonly #issuing = new Map<string, IssuingSecret | null>();

  constructor(store: Store, configured: ConfiguredCredentials, exhausted: Exhausted) {
    this.#store = store;
    this.#exhausted = exhausted;
    this.configure(configured);
    store.onChange((notice) => {
      if (notice.kind === 'app') this.#issuing.delete(notice.id);
    });
  }

  /** The configuration is another one; the relay is to be started anew with all that it names. */
  configure({ realm, users, secrets }: ConfiguredCredentials): void {
    this.#issuing.clear();
    this.#configuredUsers = new Map(users.map(({ name, password }) => [name, staticUser(name, realm, password)]));
    this.#configuredSecrets = secrets.map((text) => {
      const secret = new TextEncoder().encode(text);
      return { id: secretId(secret), secret, state: 'active', acceptedUntilS: null };
    });
  }

  /** Ids of the default app's secrets that the configuration names, the issuing one first. */
  get configuredSecretIds(): readonly string[] {
    return this.#configuredSecrets.map(({ id }) => id);
  }

  /** The bytes of a secret that the configuration names; null when it names none of this id. */
  configuredSecretValue(id: string): Uint8Array | null {
    return this.#configuredSecrets.find((secret) => secret.id === id)?.secret ?? null;
  }

  /** The SHA-256 key of a user that the configuration names; null when it names none of this name. */
  configuredUserKey(name: string): Uint8Array | null {
    return this.#configuredUsers.get(name)?.sha256Key ?? null;
  }

  /** Whether the configuration names this user. */
  hasConfiguredUser(name: string): boolean {
    return this.#configuredUsers.has(name);
  }

  /** The whole set. The database is read page by page, as it is asked for. */
  snapshot(): Iterable<CredentialChange> {
    const apps = this.#store.apps.list().map((app) => this.#appOf(app));
    return changesOf({ apps, users: this.#users(), bans: this.#liveBans() });
  }

  /** What a committed change means to the relay. */
  changesOf(notice: StoreNotice): readonly CredentialChange[] {
    switch (notice.kind) {
      case 'app': {
        const app = this.#store.apps.get(notice.id);
        return [app === null ? { kind: 'remove-app', id: notice.id } : { kind: 'apps', apps: [this.#appOf(app)] }];
      }
      case 'turn-user':
        return this.#userChanges(notice.name);
      case 'ban': {
        const ban = this.#store.bans.get(notice.id);
        return [ban === null ? { kind: 'remove-ban', id: notice.id } : { kind: 'bans', bans: [banOf(ban)] }];
      }
      case 'settings':
      case 'account':
      case 'admin-token':
        return [];
    }
  }

  /** The secret that new credentials of an app are made with: a configured one, or else the newest active; null when there is none. */
  issuingSecret(appId: string): IssuingSecret | null {
    const known = this.#issuing.get(appId);
    if (known !== undefined) return known;
    const secret = this.#readIssuingSecret(appId);
    this.#issuing.set(appId, secret);
    return secret;
  }

  #readIssuingSecret(appId: string): IssuingSecret | null {
    const configured = appId === defaultAppId ? this.#configuredSecrets[0] : undefined;
    if (configured !== undefined) return { id: configured.id, value: configured.secret };
    const newest = this.#store.secrets.list(appId).find(({ state }) => state === 'active');
    return newest === undefined ? null : { id: newest.id, value: this.#store.secrets.value(appId, newest.id) };
  }

  #appOf(app: AppRecord): AppCredentials {
    const nowMs = Date.now();
    const stored = this.#store.secrets
      .list(app.id)
      .filter(({ state }) => state !== 'revoked')
      .map((secret) => this.#secretOf(secret, nowMs));
    const configured = app.id === defaultAppId ? this.#configuredSecrets : [];
    const keys = this.#store.apiKeys.list(app.id).filter(({ revokedAtMs }) => revokedAtMs === null);
    return {
      id: app.id,
      secrets: [...configured, ...stored.filter(({ id }) => !configured.some((other) => other.id === id))],
      keyIds: keys.map(({ id }) => id),
      state: !app.isEnabled ? 'disabled' : this.#exhausted.isAppExhausted(app.id) ? 'exhausted' : 'serving',
      allocationsPerSubject: app.allocationsPerSubject,
      bitsPerSecondPerSubject: app.bitsPerSecondPerSubject,
      longestSessionS: app.longestSessionS,
      peers: { allow: app.peersAllow, deny: app.peersDeny },
    };
  }

  #secretOf({ appId, id, state, acceptedUntilMs }: SecretRecord, nowMs: number): RestSecret {
    const isOver = state === 'retiring' && acceptedUntilMs !== null && acceptedUntilMs <= nowMs;
    return {
      id,
      secret: this.#store.secrets.value(appId, id),
      state: isOver ? 'retired' : state,
      acceptedUntilS: acceptedUntilMs === null ? null : Math.floor(acceptedUntilMs / 1000),
    };
  }

  *#users(): Generator<StaticUser, void, undefined> {
    yield* this.#configuredUsers.values();
    let after = '';
    for (;;) {
      const page = this.#store.turnUsers.listWithKeys(usersPerPage, after);
      for (const { user, keys } of page) {
        if (!this.#configuredUsers.has(user.name)) yield this.#userOf(user, keys);
        after = user.name;
      }
      if (page.length < usersPerPage) return;
    }
  }

  #userChanges(name: string): readonly CredentialChange[] {
    if (this.#configuredUsers.has(name)) return [];
    const user = this.#store.turnUsers.get(name);
    if (user === null) return [{ kind: 'remove-user', name }];
    return [{ kind: 'users', users: packUsers([this.#userOf(user, this.#store.turnUsers.keys(name))]) }];
  }

  #userOf(user: TurnUserRecord, keys: TurnUserKeys): StaticUser {
    return {
      name: user.name,
      ...keys,
      expiresAtS: user.expiresAtMs === null ? null : Math.floor(user.expiresAtMs / 1000),
      allocations: user.allocations ?? 0,
      bitsPerSecond: user.bitsPerSecond ?? 0,
      isExhausted: this.#exhausted.isUserExhausted(user.name),
    };
  }

  #liveBans(): Ban[] {
    const nowMs = Date.now();
    return this.#store.bans
      .list()
      .filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs)
      .map(banOf);
  }
}

function banOf({ id, target, expiresAtMs }: BanRecord): Ban {
  return { id, target, expiresAtS: expiresAtMs === null ? null : Math.floor(expiresAtMs / 1000) };
}
