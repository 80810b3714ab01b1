import type { Store } from '../../../store/store.ts';
import type { AccountRecord, SignInRecord } from '../../../store/records.ts';
import { lesser, roleOf } from '../access.ts';
import type { RequestActor } from '../actor.ts';
import { hashOfText } from '../minted-token.ts';
import type { LastUsed } from './last-used.ts';

const tokenText = /^tpa_[a-z2-7]{8}_[A-Za-z0-9_-]{43}$/;
const cookieText = /^[A-Za-z0-9_-]{43}$/;
/** A sign-in that nobody uses for so long is over. */
const idleMs = 12 * 3_600_000;

/** What a request shows of who sends it. */
export interface Credentials {
  /** The header Authorization. */
  readonly authorization: string | undefined;
  /** The cookie of a sign-in. Not looked at where there is an Authorization. */
  readonly cookie: string | undefined;
  /** Where it comes from. */
  readonly address: string;
}

/** Finds out who asks. Texts are looked up by their SHA-256, so that how long it takes tells nothing of those that are good. */
export class Authentication {
  readonly #store: Store;
  readonly #lastUsed: LastUsed;
  readonly #nowMs: () => number;

  constructor(store: Store, lastUsed: LastUsed, nowMs: () => number) {
    this.#store = store;
    this.#lastUsed = lastUsed;
    this.#nowMs = nowMs;
  }

  /**
   * Who asks; null: nobody whom we know.
   * @throws StoreError when the database cannot be read
   */
  identify({ authorization, cookie, address }: Credentials): RequestActor | null {
    if (authorization !== undefined) return this.#ofToken(authorization, address);
    return cookie === undefined ? null : this.#ofCookie(cookie, address);
  }

  /** Whether somebody who was identified still would be, as the same. Does not count as use. */
  isStillGood(actor: RequestActor): boolean {
    switch (actor.kind) {
      case 'local':
        return true;
      case 'token':
        return this.#tokenActor(actor.token.id, actor.who.address)?.role === actor.role;
      case 'account': {
        const signIn = this.#store.signIns.list(actor.account.id).find(({ id }) => id === actor.signIn.id);
        return signIn !== undefined && this.#goodAccount(signIn)?.role === actor.role;
      }
    }
  }

  #ofToken(authorization: string, address: string): RequestActor | null {
    const [, text] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (text === undefined || !tokenText.test(text)) return null;
    const token = this.#store.adminTokens.findByHash(hashOfText(text));
    const actor = token === null ? null : this.#tokenActor(token.id, address);
    if (actor !== null) this.#lastUsed.noteToken(actor.token.id, this.#nowMs());
    return actor;
  }

  /** A token does no more than whoever made it does now. */
  #tokenActor(id: string, address: string | null): (RequestActor & { readonly kind: 'token' }) | null {
    const token = this.#store.adminTokens.get(id);
    if (token === null || this.#nowMs() >= token.expiresAtMs) return null;
    const maker = token.accountId === null ? null : this.#store.accounts.get(token.accountId);
    const scope = roleOf(token.scope);
    const role = scope === null || maker === null ? scope : lesser(scope, maker.role);
    return { kind: 'token', role, token, who: { kind: 'token', id: token.id, name: token.name, address } };
  }

  #ofCookie(cookie: string, address: string): RequestActor | null {
    const signIn = cookieText.test(cookie) ? this.#store.signIns.findByHash(hashOfText(cookie)) : null;
    const account = signIn === null ? null : this.#goodAccount(signIn);
    if (signIn === null || account === null) return null;
    this.#lastUsed.noteSignIn(signIn.id, this.#nowMs());
    const who = { kind: 'account', id: account.id, name: account.username, address } as const;
    return { kind: 'account', role: account.role, account, signIn, who };
  }

  /** Whose sign-in it is; null: it is over. */
  #goodAccount({ id, accountId, lastSeenAtMs, expiresAtMs }: SignInRecord): AccountRecord | null {
    const nowMs = this.#nowMs();
    const seenAtMs = this.#lastUsed.ofSignIn(id) ?? lastSeenAtMs;
    if (nowMs >= expiresAtMs || nowMs - seenAtMs >= idleMs) return null;
    return this.#store.accounts.get(accountId);
  }
}
