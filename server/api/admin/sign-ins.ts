import Type, { type Static } from 'typebox';
import { AccountParams } from '../../contract/admin/accounts.ts';
import { OwnSignInParams, SignInList, SignInParams } from '../../contract/admin/sign-ins.ts';
import type { AccountRecord } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { RequestRefused } from '../request-failure.ts';
import { accountOf } from './accounts.ts';
import { actorOf, type RequestActor } from './actor.ts';
import type { Identity } from './identity/identity.ts';
import { instant } from './instants.ts';
import { signedIn } from './me.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';

/** Browsers that are signed in: one's own, and for owners those of every account. */
export async function signInListRoutes(api: AdminRoutes, ports: AdminPorts, identity: Identity): Promise<void> {
  registerOwn(api, ports, identity);
  registerListing(api, ports, identity);
  registerEnding(api, ports.store);
}

function registerOwn(api: AdminRoutes, ports: AdminPorts, identity: Identity): void {
  const config = { access: 'account' } as const;
  api.get(
    '/me/sign-ins',
    { config, schema: { summary: 'List my sign-ins', response: { 200: SignInList } } },
    (request) => listOf(signedIn(request).account, actorOf(request), ports, identity),
  );

  api.delete(
    '/me/sign-ins/:id',
    { config, schema: { summary: 'End one of my sign-ins', params: OwnSignInParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      end(ports.store, signedIn(request).account, request.params.id, actorOf(request));
      return reply.code(204).send(null);
    },
  );
}

const ownerConfig = { access: 'owner' } as const;

function registerListing(api: AdminRoutes, ports: AdminPorts, identity: Identity): void {
  api.get(
    '/accounts/:id/sign-ins',
    {
      config: ownerConfig,
      schema: { summary: 'List the sign-ins of an account', params: AccountParams, response: { 200: SignInList } },
    },
    (request) => listOf(accountOf(ports.store, request.params.id), actorOf(request), ports, identity),
  );
}

function registerEnding(api: AdminRoutes, store: Store): void {
  api.delete(
    '/accounts/:id/sign-ins',
    {
      config: ownerConfig,
      schema: { summary: 'End every sign-in of an account', params: AccountParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      store.mutate(actorOf(request).who, (record) => {
        const { id, username } = accountOf(store, request.params.id);
        const count = store.signIns.deleteAllBut(id, null);
        record({
          action: 'sign-in.delete-all',
          target: `account/${username}`,
          before: { signIns: count },
          after: null,
        });
      });
      return reply.code(204).send(null);
    },
  );

  api.delete(
    '/accounts/:id/sign-ins/:signIn',
    {
      config: ownerConfig,
      schema: { summary: 'End a sign-in of an account', params: SignInParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      end(store, accountOf(store, request.params.id), request.params.signIn, actorOf(request));
      return reply.code(204).send(null);
    },
  );
}

/** The sign-ins of an account that are not over. */
function listOf(
  account: AccountRecord,
  actor: RequestActor,
  { store, nowMs }: AdminPorts,
  { lastUsed }: Identity,
): Static<typeof SignInList> {
  const signIns = store.signIns.list(account.id).filter(({ expiresAtMs }) => nowMs() < expiresAtMs);
  return {
    signIns: signIns.map((signIn) => ({
      id: signIn.id,
      address: signIn.address,
      userAgent: signIn.userAgent,
      createdAt: instant(signIn.createdAtMs),
      lastSeenAt: instant(lastUsed.ofSignIn(signIn.id) ?? signIn.lastSeenAtMs),
      expiresAt: instant(signIn.expiresAtMs),
      current: actor.kind === 'account' && actor.signIn.id === signIn.id,
    })),
  };
}

/** @throws RequestRefused `not_found` */
function end(store: Store, { id: accountId, username }: AccountRecord, id: string, { who }: RequestActor): void {
  store.mutate(who, (record) => {
    const signIn = store.signIns.list(accountId).find((other) => other.id === id);
    if (signIn === undefined) {
      throw new RequestRefused('not_found', `${username} has no sign-in ${JSON.stringify(id)}.`);
    }
    store.signIns.delete(accountId, id);
    record({
      action: 'sign-in.delete',
      target: `account/${username}/sign-in/${id}`,
      before: { address: signIn.address, userAgent: signIn.userAgent },
      after: null,
    });
  });
}
