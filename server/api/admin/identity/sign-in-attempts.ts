import type { FastifyReply } from 'fastify';
import type { AccountRecord } from '../../../store/records.ts';
import { ConnectionRate } from '../../connection-rate.ts';
import { RequestRefused } from '../../request-failure.ts';
import type { AdminPorts } from '../ports.ts';
import type { SignInMethod } from './established-sign-in.ts';
import type { PasswordHashing } from './password-hashing.ts';
import type { SignInBackoff } from './sign-in-backoff.ts';
import { hashOfRecoveryCode, stepOfCode } from './time-codes.ts';

/**
 * Passwords that are checked for one source, and for all of them: as many as a quarter of a core can hash. The office behind one
 * address signs in at nine o'clock.
 */
const attemptRates = { all: { perSecond: 10, burst: 100 }, perSource: { perSecond: 1, burst: 30 } };

/** What a sign-in is tried with. */
export interface Attempt {
  readonly username: string;
  readonly password: string;
  /** A time-based code or a recovery code. */
  readonly code: string | undefined;
  /** Where it comes from. */
  readonly address: string;
}

/** What attempts are judged with. */
export interface AttemptParts {
  readonly ports: Pick<AdminPorts, 'store' | 'nowMs' | 'log'>;
  readonly backoff: SignInBackoff;
  readonly hashing: PasswordHashing;
  readonly sourceOf: (address: string) => string;
}

/**
 * Judges passwords and codes. An account that is not there is answered as one whose password is wrong, after the same work
 * (SECURITY.md 13).
 */
export class SignInAttempts {
  readonly #parts: AttemptParts;
  readonly #rate = new ConnectionRate(attemptRates);

  constructor(parts: AttemptParts) {
    this.#parts = parts;
  }

  /**
   * Whose account it is, and how that was proved.
   * @throws RequestRefused `sign_in_failed`, `code_required`, `too_many_requests`, `sign_in_busy`; StoreError
   */
  async judge(
    attempt: Attempt,
    reply: FastifyReply,
  ): Promise<{ readonly account: AccountRecord; readonly method: SignInMethod }> {
    const found = this.#parts.ports.store.accounts.findByName(attempt.username);
    const account = await this.#checkPassword(attempt, found, reply);
    const method = this.#checkCode(account, attempt);
    this.#parts.backoff.clear(this.#parts.sourceOf(attempt.address), attempt.username);
    return { account, method };
  }

  /**
   * Makes sure that whoever is signed in is the one whose account it is.
   * @throws RequestRefused as `judge`
   */
  async confirm(account: AccountRecord, password: string, address: string, reply: FastifyReply): Promise<void> {
    await this.#checkPassword({ username: account.username, password, code: undefined, address }, account, reply);
    this.#parts.backoff.forgive(this.#parts.sourceOf(address), account.username);
  }

  async #checkPassword(attempt: Attempt, account: AccountRecord | null, reply: FastifyReply): Promise<AccountRecord> {
    const { ports, backoff, hashing, sourceOf } = this.#parts;
    const source = sourceOf(attempt.address);
    this.#wait(backoff.waitMs(source, attempt.username), reply);
    if (!this.#rate.passes(source, ports.nowMs())) this.#wait(1000, reply);
    backoff.charge(source, attempt.username);
    const hash = account === null ? null : ports.store.accounts.secrets(account.id).passwordHash;
    const { isEqual, isOutdated } = await hashing.compare(attempt.password, hash);
    if (!isEqual || account === null || hash === null) throw this.#failed(attempt);
    const standing = isOutdated ? await this.#rehash(account, hash, attempt.password) : hash;
    // Hashing takes a while, in which the account may have got another password, or have gone.
    const isThere = ports.store.accounts.get(account.id) !== null;
    if (!isThere || ports.store.accounts.secrets(account.id).passwordHash !== standing) throw this.#failed(attempt);
    return account;
  }

  /** The cost of a hash has changed since it was made: only now is there a password to hash anew. */
  async #rehash({ id }: AccountRecord, hash: string, password: string): Promise<string> {
    const { ports, hashing } = this.#parts;
    const rehashed = await hashing.hash(password);
    ports.store.batch(() => {
      // Whoever has changed the password meanwhile has a new hash already.
      const isThere = ports.store.accounts.get(id) !== null;
      if (isThere && ports.store.accounts.secrets(id).passwordHash === hash) {
        ports.store.accounts.setPasswordHash(id, rehashed);
      }
    });
    return rehashed;
  }

  #checkCode(account: AccountRecord, attempt: Attempt): SignInMethod {
    const { ports, backoff, sourceOf } = this.#parts;
    const { totpSeed } = ports.store.accounts.secrets(account.id);
    if (totpSeed === null) return 'password';
    const { code } = attempt;
    if (code === undefined) {
      backoff.forgive(sourceOf(attempt.address), attempt.username);
      throw new RequestRefused('code_required', 'Enter the code that your authenticator shows, or a recovery code.');
    }
    const step = stepOfCode(totpSeed, code, ports.nowMs());
    if (step !== null && ports.store.accounts.useTotpStep(account.id, step)) return 'password-and-code';
    const hash = hashOfRecoveryCode(code);
    if (hash !== null && ports.store.accounts.useRecoveryCode(account.id, hash)) return 'password-and-recovery-code';
    throw this.#failed(attempt);
  }

  /** The same, whatever was wrong. */
  #failed({ address }: Attempt): RequestRefused {
    this.#parts.ports.log.warn({ event: 'sign_in_failed', address }, 'somebody failed to sign in to the console');
    return new RequestRefused(
      'sign_in_failed',
      'The username, the password or the code is wrong. "turnpike admin reset-password" on the host gives an account another password.',
    );
  }

  #wait(waitMs: number, reply: FastifyReply): void {
    if (waitMs === 0) return;
    const seconds = Math.ceil(waitMs / 1000);
    void reply.header('retry-after', seconds);
    throw new RequestRefused('too_many_requests', `Too many passwords have been tried. Try again in ${seconds} s.`);
  }
}
