import { StoreError } from '../../../store/store-error.ts';
import type { TrustedProxies } from '../../trusted-proxies.ts';
import type { AdminPorts } from '../ports.ts';
import { Authentication } from './authentication.ts';
import type { SignInParts } from './established-sign-in.ts';
import { LastUsed } from './last-used.ts';
import { PasswordHashing, type HashingCost } from './password-hashing.ts';
import { PendingSeeds } from './pending-seeds.ts';
import { SignInAttempts } from './sign-in-attempts.ts';
import { SignInBackoff } from './sign-in-backoff.ts';

/** How often what is kept in memory is written. */
const flushEveryMs = 10_000;

/** What accounts, sign-ins and tokens need. */
export interface IdentityOptions {
  readonly ports: AdminPorts;
  readonly proxies: TrustedProxies;
  /** Whoever uses an address, where a limit counts by source. */
  readonly sourceOf: (address: string) => string;
  /** Where browsers reach the console, when that is not the listener itself. */
  readonly adminUrl: () => string | null;
  /** What a password hash costs; OWASP's advice when absent. Tests that hash thousands of times lower it. */
  readonly hashingCost?: HashingCost;
}

/** All that knows who is who, shared by the routes of the listener and of local commands. */
export class Identity {
  readonly hashing: PasswordHashing;
  readonly backoff: SignInBackoff;
  readonly attempts: SignInAttempts;
  readonly lastUsed: LastUsed;
  readonly authentication: Authentication;
  readonly pendingSeeds: PendingSeeds;
  readonly signIn: SignInParts;
  readonly adminUrl: () => string | null;
  readonly #ports: AdminPorts;
  readonly #timer: NodeJS.Timeout;

  constructor({ ports, proxies, sourceOf, adminUrl, hashingCost }: IdentityOptions) {
    const { store, nowMs } = ports;
    this.#ports = ports;
    this.adminUrl = adminUrl;
    this.hashing = new PasswordHashing(hashingCost);
    this.backoff = new SignInBackoff(store, nowMs);
    this.attempts = new SignInAttempts({ ports, backoff: this.backoff, hashing: this.hashing, sourceOf });
    this.lastUsed = new LastUsed(store);
    this.authentication = new Authentication(store, this.lastUsed, nowMs);
    this.pendingSeeds = new PendingSeeds(nowMs);
    this.signIn = { store, nowMs, adminUrl, addressOf: ({ raw }) => proxies.clientOf(raw).address };
    this.#timer = setInterval(() => this.#flush(), flushEveryMs).unref();
  }

  /** Writes what is kept in memory, for the last time. */
  close(): void {
    clearInterval(this.#timer);
    this.#flush();
  }

  /** A store that cannot be written says so itself; what was not written is kept for the next time. */
  #flush(): void {
    for (const part of [this.backoff, this.lastUsed]) {
      try {
        part.flush();
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.#ports.log.warn({ event: 'admin_state_not_kept', code: error.code }, error.message);
      }
    }
  }
}
