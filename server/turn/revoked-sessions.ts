import { clientKey, type ClientKey } from './client-key.ts';
import type { Allocation, Deadline, RevokedSession } from './allocation.ts';
import type { Deadlines } from './deadlines.ts';
import type { Identity } from './identity.ts';

/**
 * The keys of sessions whose credential was revoked, for as long as they would have lived: their clients are then told
 * 437 and not 401, signed, so that they know the allocation to be gone (RFC 8656 section 5, SECURITY.md 9). They open nothing.
 */
export class RevokedSessions {
  readonly #byClient = new Map<ClientKey, RevokedSession>();
  readonly #deadlines: Deadlines<Deadline>;

  constructor(deadlines: Deadlines<Deadline>) {
    this.#deadlines = deadlines;
  }

  /** Who had the session at this 5-tuple. */
  identityAt(key: ClientKey): Identity | undefined {
    return this.#byClient.get(key)?.identity;
  }

  /** Keeps the key of a session that is about to be ended. A stream is closed and asks no more. */
  remember(allocation: Allocation): void {
    if (allocation.client.transport !== 'udp') return;
    const key = clientKey(allocation.client);
    this.forget(key);
    const expiresAtMs = Math.max(...allocation.relays.map((relay) => relay.expiresAtMs));
    const { identity } = allocation;
    const session: RevokedSession = { kind: 'revoked-session', key, identity, expiresAtMs, deadlineIndex: -1 };
    this.#byClient.set(key, session);
    this.#deadlines.add(session);
  }

  /** Forgets the key: its time is over, or the 5-tuple has a new session. */
  forget(key: ClientKey): void {
    const session = this.#byClient.get(key);
    if (session === undefined) return;
    this.#byClient.delete(key);
    if (session.deadlineIndex !== -1) this.#deadlines.remove(session);
  }
}
