import { SetupRequest, SetupState, SignedIn } from '../../contract/admin/sign-in.ts';
import { RequestRefused } from '../request-failure.ts';
import { accountView } from './accounts.ts';
import { establishSignIn } from './identity/established-sign-in.ts';
import type { Identity } from './identity/identity.ts';
import { checkPassword } from './identity/password-rules.ts';
import { newId } from './minted-token.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';

/** The way in while there is no owner (DESIGN.md section 6). */
export async function setupRoutes(api: AdminRoutes, ports: AdminPorts, identity: Identity): Promise<void> {
  const { store, setup } = ports;

  /** Checked again after the password was hashed: of two requests with one link, one is served. */
  const checkLink = (token: string): void => {
    if (store.accounts.ownerCount() > 0) {
      throw new RequestRefused('setup_done', 'There is an owner, who makes the other accounts. Sign in instead.');
    }
    if (setup.accepts(token)) return;
    throw new RequestRefused(
      'setup_link_invalid',
      'The link is used up, older than 30 minutes, or mistyped. "turnpike admin setup-link" on the host prints a fresh one.',
    );
  };

  api.get(
    '/setup',
    {
      config: { access: 'anyone' },
      schema: { summary: 'Whether there is an owner yet', response: { 200: SetupState } },
    },
    () => ({ state: store.accounts.ownerCount() > 0 ? ('done' as const) : ('needed' as const) }),
  );

  api.post(
    '/setup',
    {
      config: { access: 'anyone' },
      schema: { summary: 'Make the first owner and sign in', body: SetupRequest, response: { 201: SignedIn } },
    },
    async (request, reply) => {
      const { token, username, password } = request.body;
      checkLink(token);
      checkPassword(password, username);
      const passwordHash = await identity.hashing.hash(password);
      checkLink(token);
      const id = newId();
      const who = { kind: 'account', id, name: username, address: identity.signIn.addressOf(request) } as const;
      const account = store.mutate(who, (record) => {
        const namesake = store.accounts.findByName(username);
        if (namesake !== null) {
          throw new RequestRefused('conflict', `There is an account ${username}. Choose another name.`);
        }
        store.accounts.create({ id, username, role: 'owner', passwordHash });
        record({
          action: 'account.create',
          target: `account/${username}`,
          before: null,
          after: { role: 'owner', by: 'setup link' },
        });
        return store.accounts.get(id);
      });
      setup.withdraw();
      if (account === null) throw new Error('the owner is gone');
      establishSignIn(identity.signIn, account, 'setup-link', { request, reply });
      return reply.code(201).send({ account: accountView(account) });
    },
  );
}
