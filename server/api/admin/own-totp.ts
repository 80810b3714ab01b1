import Type from 'typebox';
import { NewTotp, PasswordProof, RecoveryCodes, TotpConfirmation } from '../../contract/admin/me.ts';
import type { Store } from '../../store/store.ts';
import { RequestRefused } from '../request-failure.ts';
import { accountOf } from './accounts.ts';
import type { Identity } from './identity/identity.ts';
import { hashOfRecoveryCode, newRecoveryCodes, newSeed, stepOfCode } from './identity/time-codes.ts';
import { signedIn } from './me.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRoutes } from './routes.ts';

const config = { access: 'account' } as const;

/** Time-based codes of one's own account: a seed is shown, then confirmed with a code of it. */
export async function ownTotpRoutes(api: AdminRoutes, ports: AdminPorts, identity: Identity): Promise<void> {
  registerBeginning(api, identity);
  registerConfirmation(api, ports, identity);
  registerSwitchingOff(api, ports.store, identity);
}

function registerBeginning(api: AdminRoutes, identity: Identity): void {
  api.post(
    '/me/totp',
    {
      config,
      schema: { summary: 'Begin with time-based codes', body: PasswordProof, response: { 200: NewTotp } },
    },
    async (request, reply) => {
      const { account } = signedIn(request);
      await identity.attempts.confirm(account, request.body.password, identity.signIn.addressOf(request), reply);
      const { seed, base32, uri } = newSeed(account.username);
      identity.pendingSeeds.set(account.id, seed);
      return { secret: base32, uri };
    },
  );
}

function registerConfirmation(api: AdminRoutes, { store, nowMs }: AdminPorts, identity: Identity): void {
  api.post(
    '/me/totp/confirm',
    {
      config,
      schema: {
        summary: 'Ask for time-based codes from now on',
        body: TotpConfirmation,
        response: { 200: RecoveryCodes },
      },
    },
    (request) => {
      const { account, who } = signedIn(request);
      const seed = identity.pendingSeeds.get(account.id);
      if (seed === null) throw new RequestRefused('conflict', 'There is no seed to confirm. Begin with POST /me/totp.');
      const step = stepOfCode(seed, request.body.code, nowMs());
      if (step === null) {
        throw new RequestRefused(
          'invalid_value',
          'That is not the code of now. Check the clock of the authenticator and of this host.',
        );
      }
      const recoveryCodes = newRecoveryCodes();
      store.mutate(who, (record) => {
        const { isTotpOn } = accountOf(store, account.id);
        store.accounts.setTotp(
          account.id,
          seed,
          recoveryCodes.map((code) => hashOfRecoveryCode(code) ?? new Uint8Array()),
        );
        // The code that was shown to confirm does not sign in as well.
        store.accounts.useTotpStep(account.id, step);
        record({
          action: 'account.enable-totp',
          target: `account/${account.username}`,
          before: { totp: isTotpOn },
          after: { totp: true },
        });
      });
      identity.pendingSeeds.delete(account.id);
      return { recoveryCodes: [...recoveryCodes] };
    },
  );
}

function registerSwitchingOff(api: AdminRoutes, store: Store, identity: Identity): void {
  api.delete(
    '/me/totp',
    {
      config,
      schema: { summary: 'Ask for no time-based codes any more', body: PasswordProof, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const { account, who } = signedIn(request);
      await identity.attempts.confirm(account, request.body.password, identity.signIn.addressOf(request), reply);
      store.mutate(who, (record) => {
        const { isTotpOn } = accountOf(store, account.id);
        store.accounts.setTotp(account.id, null, []);
        record({
          action: 'account.disable-totp',
          target: `account/${account.username}`,
          before: { totp: isTotpOn },
          after: { totp: false },
        });
      });
      return reply.code(204).send(null);
    },
  );
}
