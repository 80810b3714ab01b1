import Type, { type Static } from 'typebox';
import { CreatedToken, NewToken, TokenList, TokenParams, type Token } from '../../contract/admin/tokens.ts';
import type { AdminTokenRecord } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { RequestRefused } from '../request-failure.ts';
import { covers, roleOf } from './access.ts';
import { actorOf, type RequestActor } from './actor.ts';
import type { Identity } from './identity/identity.ts';
import { mintToken } from './minted-token.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';
import { instant, instantOrNull } from './instants.ts';

const dayMs = 86_400_000;

const config = { access: 'owner' } as const;

/** Tokens of programs that use this API. */
export async function tokenRoutes(api: AdminRoutes, ports: AdminPorts, identity: Identity): Promise<void> {
  registerListing(api, ports.store, identity);
  registerMaking(api, ports, identity);
  registerRevocation(api, ports.store);
}

function registerListing(api: AdminRoutes, store: Store, identity: Identity): void {
  api.get('/tokens', { config, schema: { summary: 'List tokens', response: { 200: TokenList } } }, () => ({
    tokens: store.adminTokens.list().map((token) => viewOf(token, identity)),
  }));
}

function registerMaking(api: AdminRoutes, { store, nowMs }: AdminPorts, identity: Identity): void {
  api.post(
    '/tokens',
    { config, schema: { summary: 'Make a token', body: NewToken, response: { 201: CreatedToken } } },
    async (request, reply) => {
      const { name, scope, expiresInDays } = request.body;
      const actor = actorOf(request);
      const role = roleOf(scope);
      if (actor.role === null || (role !== null && !covers(actor.role, role))) {
        throw new RequestRefused('forbidden', `A token of the scope ${scope} may do more than you may.`);
      }
      const { id, text, hash } = mintToken('tpa');
      const expiresAtMs = Math.min(nowMs() + expiresInDays * dayMs, latestExpiryMs(actor));
      const token = store.mutate(actor.who, (record) => {
        store.adminTokens.create({ id, accountId: makerOf(actor), name, scope, expiresAtMs }, hash);
        record({
          action: 'token.create',
          target: `token/${id}`,
          before: null,
          after: { name, scope, expiresAt: instant(expiresAtMs) },
        });
        return store.adminTokens.get(id);
      });
      if (token === null) throw new Error('the token is gone');
      return reply.code(201).send({ token: viewOf(token, identity), text });
    },
  );
}

function registerRevocation(api: AdminRoutes, store: Store): void {
  api.delete(
    '/tokens/:id',
    { config, schema: { summary: 'Revoke a token', params: TokenParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      const { id } = request.params;
      store.mutate(actorOf(request).who, (record) => {
        const token = store.adminTokens.get(id);
        if (token === null) {
          throw new RequestRefused('not_found', `There is no token with the id ${JSON.stringify(id)}.`);
        }
        store.adminTokens.delete(id);
        record({
          action: 'token.revoke',
          target: `token/${id}`,
          before: { name: token.name, scope: token.scope },
          after: null,
        });
      });
      return reply.code(204).send(null);
    },
  );
}

/** A token as answers have it. */
function viewOf(token: AdminTokenRecord, { lastUsed }: Identity): Static<typeof Token> {
  return {
    id: token.id,
    name: token.name,
    scope: token.scope,
    accountId: token.accountId,
    expiresAt: instant(token.expiresAtMs),
    createdAt: instant(token.createdAtMs),
    lastUsedAt: instantOrNull(lastUsed.ofToken(token.id) ?? token.lastUsedAtMs),
  };
}

/** A token that makes another does not outlive itself by it. */
function latestExpiryMs(actor: RequestActor): number {
  return actor.kind === 'token' ? actor.token.expiresAtMs : Infinity;
}

function makerOf(actor: RequestActor): string | null {
  switch (actor.kind) {
    case 'account':
      return actor.account.id;
    case 'token':
      return actor.token.accountId;
    case 'local':
      return null;
  }
}
