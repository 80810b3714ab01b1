import Type from 'typebox';
import { SignedIn, SignInRequest } from '../../contract/admin/sign-in.ts';
import { accountView } from './accounts.ts';
import { actorOf } from './actor.ts';
import { clearSignInCookie, establishSignIn } from './identity/established-sign-in.ts';
import type { Identity } from './identity/identity.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';

/** Signing in with a password, and out. Another way to sign in is another route: see `establishSignIn`. */
export async function signInRoutes(api: AdminRoutes, { store }: AdminPorts, identity: Identity): Promise<void> {
  api.post(
    '/sign-in',
    {
      config: { access: 'anyone' },
      schema: { summary: 'Sign in with a password', body: SignInRequest, response: { 200: SignedIn } },
    },
    async (request, reply) => {
      const { username, password, code } = request.body;
      const attempt = { username, password, code, address: identity.signIn.addressOf(request) };
      const { account, method } = await identity.attempts.judge(attempt, reply);
      establishSignIn(identity.signIn, account, method, { request, reply });
      return reply.send({ account: accountView(account) });
    },
  );

  api.post(
    '/sign-out',
    { config: { access: 'account' }, schema: { summary: 'End this sign-in', response: { 204: Type.Null() } } },
    async (request, reply) => {
      const actor = actorOf(request);
      if (actor.kind === 'account') {
        const { account, signIn, who } = actor;
        store.mutate(who, (record) => {
          store.signIns.delete(account.id, signIn.id);
          record({
            action: 'sign-in.delete',
            target: `account/${account.username}/sign-in/${signIn.id}`,
            before: { address: signIn.address },
            after: null,
          });
        });
      }
      clearSignInCookie(request, reply, identity.adminUrl());
      return reply.code(204).send(null);
    },
  );
}
