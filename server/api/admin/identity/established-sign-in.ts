import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccountRecord } from '../../../store/records.ts';
import type { Store } from '../../../store/store.ts';
import { hashOfText, newId, newSecretText } from '../minted-token.ts';

/** The cookie of a sign-in. */
export const cookieName = 'turnpike_session';
/** However much it is used, a sign-in is over after a week. */
const longestMs = 7 * 24 * 3_600_000;
/** The newest ones of an account; the others end. */
const maxPerAccount = 20;
const maxUserAgentCharacters = 300;

/** How it was proved who signs in. A new way of signing in adds its name. */
export type SignInMethod = 'password' | 'password-and-code' | 'password-and-recovery-code' | 'setup-link';

/** What a sign-in is made with. */
export interface SignInParts {
  readonly store: Store;
  readonly nowMs: () => number;
  /** Whoever sent a request. */
  readonly addressOf: (request: FastifyRequest) => string;
  /** Where browsers reach the console, when that is not the listener itself. */
  readonly adminUrl: () => string | null;
}

/**
 * Where every way of signing in ends: once it is proved that whoever sent the request is `account`, this signs that browser in. Single
 * sign-on and passkeys are other routes (access `anyone`) that prove it otherwise, name their `SignInMethod` and call this;
 * nothing behind it knows how it was proved.
 * @throws StoreError
 */
export function establishSignIn(
  { store, nowMs, addressOf, adminUrl }: SignInParts,
  account: AccountRecord,
  method: SignInMethod,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): void {
  const cookie = newSecretText();
  const id = newId();
  const address = addressOf(request);
  const atMs = nowMs();
  const userAgent = (request.headers['user-agent'] ?? '').slice(0, maxUserAgentCharacters);
  store.mutate({ kind: 'account', id: account.id, name: account.username, address }, (record) => {
    const signIn = { id, accountId: account.id, address, userAgent, createdAtMs: atMs, lastSeenAtMs: atMs };
    store.signIns.create({ ...signIn, expiresAtMs: atMs + longestMs }, hashOfText(cookie));
    for (const { id: old } of store.signIns.list(account.id).slice(maxPerAccount)) {
      store.signIns.delete(account.id, old);
    }
    store.accounts.noteSignIn(account.id);
    record({
      action: 'sign-in.create',
      target: `account/${account.username}/sign-in/${id}`,
      before: null,
      after: { method, userAgent },
    });
  });
  void reply.setCookie(cookieName, cookie, {
    ...cookieScope(request, adminUrl()),
    maxAge: longestMs / 1000,
  });
}

/** Takes the cookie of a sign-in back. */
export function clearSignInCookie(request: FastifyRequest, reply: FastifyReply, adminUrl: string | null): void {
  void reply.clearCookie(cookieName, cookieScope(request, adminUrl));
}

function cookieScope(request: FastifyRequest, adminUrl: string | null) {
  const isHttps = request.protocol === 'https' || request.headers.origin?.startsWith('https:') === true;
  const path = adminUrl === null ? '/' : new URL(adminUrl).pathname;
  return { httpOnly: true, sameSite: 'strict', secure: isHttps, path } as const;
}
