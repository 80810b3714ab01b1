import Type, { type Static } from 'typebox';
import { Account, AccountChange, AccountList, AccountParams, NewAccount } from '../../contract/admin/accounts.ts';
import type { AccountRecord } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { RequestRefused } from '../request-failure.ts';
import { actorOf } from './actor.ts';
import type { Identity } from './identity/identity.ts';
import { checkPassword } from './identity/password-rules.ts';
import { newId } from './minted-token.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';
import { instant, instantOrNull } from './instants.ts';

/** An account as answers have it. */
export function accountView(account: AccountRecord): Static<typeof Account> {
  const { id, username, role, isTotpOn, createdAtMs, lastSignInAtMs, version } = account;
  return {
    id,
    username,
    role,
    totp: isTotpOn,
    createdAt: instant(createdAtMs),
    lastSignInAt: instantOrNull(lastSignInAtMs),
    version,
  };
}

/** One account. @throws RequestRefused `not_found` */
export function accountOf(store: Store, id: string): AccountRecord {
  const account = store.accounts.get(id);
  if (account === null) throw new RequestRefused('not_found', `There is no account with the id ${JSON.stringify(id)}.`);
  return account;
}

const config = { access: 'owner' } as const;

/** The accounts of the console, for owners. */
export async function accountRoutes(api: AdminRoutes, { store }: AdminPorts, identity: Identity): Promise<void> {
  registerReading(api, store);
  registerMaking(api, store, identity);
  registerChange(api, store);
  registerDeletion(api, store);
}

function registerReading(api: AdminRoutes, store: Store): void {
  api.get('/accounts', { config, schema: { summary: 'List accounts', response: { 200: AccountList } } }, () => ({
    accounts: store.accounts.list().map(accountView),
  }));

  api.get(
    '/accounts/:id',
    { config, schema: { summary: 'Show an account', params: AccountParams, response: { 200: Account } } },
    ({ params }) => accountView(accountOf(store, params.id)),
  );
}

function registerMaking(api: AdminRoutes, store: Store, identity: Identity): void {
  api.post(
    '/accounts',
    { config, schema: { summary: 'Make an account', body: NewAccount, response: { 201: Account } } },
    async (request, reply) => {
      const { username, role, password } = request.body;
      checkPassword(password, username);
      const passwordHash = await identity.hashing.hash(password);
      const id = newId();
      store.mutate(actorOf(request).who, (record) => {
        const namesake = store.accounts.findByName(username);
        if (namesake !== null) {
          throw new RequestRefused('conflict', `There is an account ${namesake.username} already.`);
        }
        store.accounts.create({ id, username, role, passwordHash });
        record({ action: 'account.create', target: `account/${username}`, before: null, after: { role } });
      });
      return reply.code(201).send(accountView(accountOf(store, id)));
    },
  );
}

function registerChange(api: AdminRoutes, store: Store): void {
  api.patch(
    '/accounts/:id',
    {
      config,
      schema: {
        summary: 'Give an account another role',
        params: AccountParams,
        body: AccountChange,
        response: { 200: Account },
      },
    },
    (request) => {
      const { id } = request.params;
      const { role } = request.body;
      store.mutate(actorOf(request).who, (record) => {
        const { username, role: before } = accountOf(store, id);
        if (!store.accounts.setRole(id, role)) throw lastOwner(username);
        record({ action: 'account.change', target: `account/${username}`, before: { role: before }, after: { role } });
      });
      return accountView(accountOf(store, id));
    },
  );
}

function registerDeletion(api: AdminRoutes, store: Store): void {
  api.delete(
    '/accounts/:id',
    {
      config,
      schema: {
        summary: 'Delete an account with its sign-ins and tokens',
        params: AccountParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      store.mutate(actorOf(request).who, (record) => {
        const { id, username, role } = accountOf(store, request.params.id);
        if (!store.accounts.delete(id)) throw lastOwner(username);
        record({ action: 'account.delete', target: `account/${username}`, before: { role }, after: null });
      });
      return reply.code(204).send(null);
    },
  );
}

function lastOwner(username: string): RequestRefused {
  return new RequestRefused('last_owner', `${username} is the last owner. Make another account an owner first.`);
}
