import Type from 'typebox';
import { Me, PasswordChange } from '../../contract/admin/me.ts';
import type { Store } from '../../store/store.ts';
import { RequestRefused } from '../request-failure.ts';
import { accountOf, accountView } from './accounts.ts';
import { actorOf, type RequestActor } from './actor.ts';
import type { Identity } from './identity/identity.ts';
import { checkPassword } from './identity/password-rules.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';

const config = { access: 'account' } as const;

/** One's own account. */
export async function meRoutes(api: AdminRoutes, { store }: AdminPorts, identity: Identity): Promise<void> {
  registerShowing(api, store);
  registerPasswordChange(api, store, identity);
}

function registerShowing(api: AdminRoutes, store: Store): void {
  api.get('/me', { config, schema: { summary: 'Show my account', response: { 200: Me } } }, (request) => {
    const { account, signIn } = signedIn(request);
    return {
      account: accountView(account),
      signInId: signIn.id,
      recoveryCodesLeft: store.accounts.recoveryCodeCount(account.id),
    };
  });
}

function registerPasswordChange(api: AdminRoutes, store: Store, identity: Identity): void {
  api.post(
    '/me/password',
    {
      config,
      schema: {
        summary: 'Change my password and end my other sign-ins',
        body: PasswordChange,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { account, signIn, who } = signedIn(request);
      const { current, password } = request.body;
      checkPassword(password, account.username);
      await identity.attempts.confirm(account, current, identity.signIn.addressOf(request), reply);
      const hash = await identity.hashing.hash(password);
      store.mutate(who, (record) => {
        accountOf(store, account.id);
        store.accounts.setPasswordHash(account.id, hash);
        const ended = store.signIns.deleteAllBut(account.id, signIn.id);
        record({
          action: 'account.change-password',
          target: `account/${account.username}`,
          before: null,
          after: { signInsEnded: ended },
        });
      });
      return reply.code(204).send(null);
    },
  );
}

/** Whoever is signed in, on routes of access `account`. @throws RequestRefused `forbidden` */
export function signedIn(request: object): RequestActor & { readonly kind: 'account' } {
  const actor = actorOf(request);
  if (actor.kind !== 'account') throw new RequestRefused('forbidden', 'This is for people who are signed in.');
  return actor;
}
