import Type from 'typebox';
import { AccountParams, PasswordReset, PasswordWasReset, Unlocked } from '../../contract/admin/accounts.ts';
import type { Store } from '../../store/store.ts';
import { accountOf } from './accounts.ts';
import { actorOf } from './actor.ts';
import type { Identity } from './identity/identity.ts';
import { checkPassword } from './identity/password-rules.ts';
import { randomText } from './minted-token.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';

const config = { access: 'owner' } as const;
const madePasswordCharacters = 24;

/** What lets somebody in again who has lost a password, an authenticator or patience. */
export async function accountRecoveryRoutes(
  api: AdminRoutes,
  { store }: AdminPorts,
  identity: Identity,
): Promise<void> {
  registerPasswordReset(api, store, identity);
  registerTotpReset(api, store);
  registerUnlock(api, store, identity);
}

function registerPasswordReset(api: AdminRoutes, store: Store, identity: Identity): void {
  api.post(
    '/accounts/:id/reset-password',
    {
      config,
      schema: {
        summary: 'Give an account another password and end its sign-ins',
        params: AccountParams,
        body: PasswordReset,
        response: { 200: PasswordWasReset },
      },
    },
    async (request) => {
      const { username, id } = accountOf(store, request.params.id);
      const given = request.body.password;
      if (given !== undefined) checkPassword(given, username);
      const password = given ?? randomText(madePasswordCharacters);
      const hash = await identity.hashing.hash(password);
      store.mutate(actorOf(request).who, (record) => {
        accountOf(store, id);
        store.accounts.setPasswordHash(id, hash);
        const ended = store.signIns.deleteAllBut(id, null);
        record({
          action: 'account.reset-password',
          target: `account/${username}`,
          before: null,
          after: { signInsEnded: ended },
        });
      });
      identity.backoff.unlock(username);
      return { password: given === undefined ? password : null };
    },
  );
}

function registerTotpReset(api: AdminRoutes, store: Store): void {
  api.delete(
    '/accounts/:id/totp',
    {
      config,
      schema: {
        summary: 'Ask an account for no time-based codes any more',
        params: AccountParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      store.mutate(actorOf(request).who, (record) => {
        const { id, username, isTotpOn } = accountOf(store, request.params.id);
        store.accounts.setTotp(id, null, []);
        record({
          action: 'account.disable-totp',
          target: `account/${username}`,
          before: { totp: isTotpOn },
          after: { totp: false },
        });
      });
      return reply.code(204).send(null);
    },
  );
}

function registerUnlock(api: AdminRoutes, store: Store, identity: Identity): void {
  api.post(
    '/accounts/:id/unlock',
    {
      config,
      schema: {
        summary: 'Let every address try this account again',
        params: AccountParams,
        response: { 200: Unlocked },
      },
    },
    (request) => {
      const { username } = accountOf(store, request.params.id);
      const sources = identity.backoff.unlock(username);
      store.mutate(actorOf(request).who, (record) => {
        record({ action: 'account.unlock', target: `account/${username}`, before: { sources }, after: null });
      });
      return { sources };
    },
  );
}
