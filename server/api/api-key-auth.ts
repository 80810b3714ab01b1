import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKeyRecord, AppRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';

/** A live API key and the app that it is of. */
export interface ApiKeyAccess {
  readonly key: ApiKeyRecord;
  readonly app: AppRecord;
}

/** Whose a text is, or why it is nobody's: a clause that follows what was sent, and what to do. */
export type ApiKeyAnswer = ApiKeyAccess | { readonly refusal: string };

/** `tpk_<id>_<256 bits in base64url>`. */
const apiKeyText = /^tpk_([a-z2-7]{8})_[A-Za-z0-9_-]{43}$/;

/** What of the store an API key is found by. */
export interface ApiKeyStore extends Pick<Store, 'batch' | 'onChange'> {
  readonly apps: Pick<Store['apps'], 'get'>;
  readonly apiKeys: Pick<Store['apiKeys'], 'findByHash' | 'noteUsed'>;
}

interface Known extends ApiKeyAccess {
  readonly hash: Uint8Array;
}

/**
 * Who an API key belongs to. A key that was good is remembered until its app changes, so that a request costs a hash and no query;
 * one that is not is not remembered, so that guesses take no memory. When each was last used is kept here and written in batches.
 */
export class ApiKeyAuth {
  readonly #store: ApiKeyStore;
  readonly #nowMs: () => number;
  readonly #known = new Map<string, Known>();
  readonly #usedAtMs = new Map<string, number>();
  readonly #stopListening: () => void;

  /** @param nowMs Unix time */
  constructor(store: ApiKeyStore, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
    this.#stopListening = store.onChange((notice) => {
      if (notice.kind === 'app') this.#forgetApp(notice.id);
    });
  }

  /** Keys that it remembers. */
  get known(): number {
    return this.#known.size;
  }

  /**
   * Whose key this is; its use is noted.
   * @throws StoreError when it is not remembered and the database cannot be read
   */
  check(text: string): ApiKeyAnswer {
    const id = apiKeyText.exec(text)?.[1];
    if (id === undefined) return { refusal: 'is no API key, which is tpk_, eight characters, _ and 43 more' };
    const hash = createHash('sha256').update(text, 'utf8').digest();
    const known = this.#known.get(id);
    const access = known !== undefined && timingSafeEqual(known.hash, hash) ? known : this.#find(hash);
    if (access === null) return { refusal: 'is not known: it was mistyped, or its app is gone' };
    const refusal = this.#refusal(access.key);
    if (refusal !== null) return { refusal };
    this.#usedAtMs.set(id, this.#nowMs());
    return access;
  }

  /**
   * Writes when keys were last used.
   * @throws StoreError; what was not written is kept for the next time
   */
  flush(): void {
    if (this.#usedAtMs.size === 0) return;
    this.#store.batch(() => {
      for (const [id, atMs] of this.#usedAtMs) this.#store.apiKeys.noteUsed(id, atMs);
    });
    this.#usedAtMs.clear();
  }

  /** Follows the store no more. */
  close(): void {
    this.#stopListening();
  }

  #find(hash: Uint8Array): ApiKeyAccess | null {
    const key = this.#store.apiKeys.findByHash(hash);
    const app = key === null ? null : this.#store.apps.get(key.appId);
    if (key === null || app === null) return null;
    this.#known.set(key.id, { key, app, hash });
    return { key, app };
  }

  #refusal({ id, revokedAtMs, expiresAtMs }: ApiKeyRecord): string | null {
    if (revokedAtMs !== null) return `(${id}) was revoked at ${new Date(revokedAtMs).toISOString()}`;
    if (expiresAtMs === null || this.#nowMs() < expiresAtMs) return null;
    return `(${id}) expired at ${new Date(expiresAtMs).toISOString()}`;
  }

  #forgetApp(appId: string): void {
    for (const [id, { app }] of this.#known) {
      if (app.id === appId) this.#known.delete(id);
    }
  }
}
