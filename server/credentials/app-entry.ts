import { strict as assert } from 'node:assert';
import { timingSafeEqual } from 'node:crypto';
import { maxLiveSecrets } from '../contract/limits.ts';
import type { AppCredentials, RestSecret } from './credential-set.ts';

/** An app, indexed for the questions that are asked of it. */
export class AppEntry {
  readonly app: AppCredentials;
  /** The issuing secrets first: nearly every credential in use was signed with one of them. */
  readonly liveSecrets: readonly RestSecret[];
  readonly #standingSecretIds: ReadonlySet<string>;
  readonly #keyIds: ReadonlySet<string>;

  /** An app with more than `maxLiveSecrets`, or with another value than `before` has under a secret's id, is a caller's bug. */
  constructor(app: AppCredentials, before: AppEntry | undefined) {
    for (const { id, secret } of app.secrets) {
      const known = before?.app.secrets.find((each) => each.id === id);
      assert(known === undefined || sameBytes(known.secret, secret), `secret id ${id} has changed its value`);
    }
    const live = app.secrets.filter(({ state }) => state === 'active' || state === 'retiring');
    assert(live.length <= maxLiveSecrets, `${live.length} live secrets, at most ${maxLiveSecrets} are allowed`);
    this.app = app;
    this.liveSecrets = live.toSorted((a, b) => stateOrder(a) - stateOrder(b));
    const standing = app.secrets.filter(({ state }) => state !== 'revoked');
    this.#standingSecretIds = new Set(standing.map(({ id }) => id));
    this.#keyIds = new Set(app.keyIds);
  }

  /** Whether live sessions of this secret's credentials stand. */
  hasStandingSecret(id: string): boolean {
    return this.#standingSecretIds.has(id);
  }

  /** Whether credentials that name this API key, or none, stand. */
  hasLiveKey(id: string | null): boolean {
    return id === null || this.#keyIds.has(id);
  }

  /** The ids of the secrets that stand here and no more in what takes its place. */
  standingSecretsNotIn(after: AppEntry): string[] {
    return [...this.#standingSecretIds].filter((id) => !after.hasStandingSecret(id));
  }

  /** The ids of the API keys that are live here and no more in what takes its place. */
  liveKeysNotIn(after: AppEntry): string[] {
    return [...this.#keyIds].filter((id) => !after.hasLiveKey(id));
  }
}

function stateOrder(secret: RestSecret): number {
  return secret.state === 'active' ? 0 : 1;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
