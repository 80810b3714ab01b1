import { strict as assert } from 'node:assert';
import type { CredentialDelta } from '../credentials/credential-set.ts';
import type { Action } from '../seam/action.ts';
import type { Client } from '../seam/client.ts';
import type { AddressPlan, IcmpError, RelayFailure, RelayId } from '../seam/relay.ts';
import type { FailureCount, SessionEnd, SessionId } from '../seam/session-event.ts';
import type { TransportAddress } from '../stun/transport-address.ts';
import { AddressPlanIndex } from './address-plan.ts';
import { appsBefore, reviewCredentials } from './credential-review.ts';
import { abandonAttempt, relayFailed, relayOpened } from './relay-opening.ts';
import { clientKey } from './client-key.ts';
import { handleMessage } from './dispatch.ts';
import { expireDue } from './expiry.ts';
import type { TurnServerOptions } from './options.ts';
import { peerUnreachable } from './peer-unreachable.ts';
import { reviewPlan, endEverything } from './review.ts';
import { endSession } from './sessions.ts';
import { TurnState, type TurnStats } from './state.ts';

/** The machine's figures at one moment. */
export interface TurnServerStats extends Readonly<TurnStats> {
  readonly allocations: number;
  readonly reservations: number;
  /** Allocates that wait for the plane. */
  readonly attempts: number;
  readonly portsTaken: number;
  /** What counts against quotas: allocations, attempts and reservations. */
  readonly claims: number;
  readonly buckets: number;
  /** Entries of the deadline heap. */
  readonly deadlines: number;
}

/**
 * The TURN machine (DESIGN.md section 3): bytes and events in, actions out, nothing else. It never sees relayed
 * media. Time and randomness are parameters. After every call, `nextAction` is to be called until it returns undefined, and the
 * actions to be applied in that order.
 */
export class TurnServer {
  readonly #state: TurnState;

  constructor(options: TurnServerOptions) {
    this.#state = new TurnState(options);
  }

  /** Every packet that the plane does not forward by itself. Never throws, whatever the bytes; keeps none of them. */
  handleClientMessage(bytes: Uint8Array, client: Client, nowMs: number): void {
    expireDue(this.#state, nowMs);
    handleMessage(this.#state, bytes, client, nowMs);
  }

  /** The plane's answer to `open-relay` or, naming the lower relay, to `open-relay-pair`. `address` is the bound one. */
  handleRelayOpened(relay: RelayId, address: TransportAddress, nowMs: number): void {
    relayOpened(this.#state, relay, address, nowMs);
  }

  /** The plane's other answer: nothing is open. */
  handleRelayFailed(relay: RelayId, reason: RelayFailure, nowMs: number): void {
    relayFailed(this.#state, relay, reason, nowMs);
  }

  /** An ICMP error for a packet of this relay; `peer` in its public form. */
  handlePeerUnreachable(relay: RelayId, peer: TransportAddress, icmp: IcmpError, nowMs: number): void {
    expireDue(this.#state, nowMs);
    peerUnreachable(this.#state, relay, peer, icmp);
  }

  /** A stream has ended: so has its allocation (RFC 8656 section 3.1). */
  handleClientGone(client: Client, nowMs: number): void {
    expireDue(this.#state, nowMs);
    const key = clientKey(client);
    const attempt = this.#state.attempts.get(key);
    if (attempt !== undefined) abandonAttempt(attempt, null);
    const allocation = this.#state.allocations.get(key);
    if (allocation !== undefined) endSession(this.#state, allocation, 'disconnected');
  }

  /**
   * The credentials, the bans or the rules of an app have changed: sessions that no longer stand end at once (SECURITY.md 9). After a gap
   * nothing changes up to the next `reset`, which is to be asked for.
   */
  handleCredentials(delta: CredentialDelta, nowMs: number): 'applied' | 'gap' {
    const { change } = delta;
    assert(
      change.kind !== 'reset' || change.realm === this.#state.options.realm,
      'the credentials are of another realm',
    );
    expireDue(this.#state, nowMs);
    const before = appsBefore(this.#state, change);
    const applied = this.#state.access.apply(delta);
    if (applied === 'gap') return 'gap';
    if (applied === 'in-force') reviewCredentials(this.#state, change, before, nowMs);
    expireDue(this.#state, nowMs);
    return 'applied';
  }

  /** What was refused since the last call, exactly; bounded. */
  takeFailures(): readonly FailureCount[] {
    return this.#state.failures.take();
  }

  /** Whom failed authentications have made wait, for the `backoff` of the next machine; null when nothing has changed since the last call. */
  takeBackoff(nowMs: number): Uint8Array | null {
    return this.#state.backoff.take(nowMs);
  }

  /** Our addresses have changed, or are known for the first time. */
  handleAddressPlan(plan: AddressPlan, nowMs: number): void {
    expireDue(this.#state, nowMs);
    this.#state.plan = new AddressPlanIndex(plan);
    this.#state.access.setPlan(this.#state.plan);
    reviewPlan(this.#state);
  }

  /** To be called at `nextTimeoutMs` or later. */
  handleTimeout(nowMs: number): void {
    expireDue(this.#state, nowMs);
  }

  /** When something expires next, in the clock of `nowMs`; Infinity when nothing will. */
  get nextTimeoutMs(): number {
    return this.#state.deadlines.nextMs;
  }

  /** The next thing to be done. */
  nextAction(): Action | undefined {
    return this.#state.actions.next();
  }

  /** From now on no new allocation is made: 300 with an alternate server, else 508. Live ones go on. */
  startDrain(nowMs: number): void {
    expireDue(this.#state, nowMs);
    this.#state.isDraining = true;
  }

  /**
   * Ends one session because somebody in charge wants it. Its client is told 437 from then on (RFC 8656 section 5); a stream
   * is closed.
   * @param client whose session it is, as the events name it
   * @returns whether there was such a session
   */
  endSession(session: SessionId, client: Client, nowMs: number): boolean {
    expireDue(this.#state, nowMs);
    const allocation = this.#state.allocations.get(clientKey(client));
    if (allocation?.session !== session) return false;
    endSession(this.#state, allocation, 'ended-by-operator');
    return true;
  }

  /** Ends every session and reservation. */
  endAllSessions(cause: SessionEnd, nowMs: number): void {
    expireDue(this.#state, nowMs);
    endEverything(this.#state, cause);
  }

  /** How many sessions are live. */
  get allocationCount(): number {
    return this.#state.allocations.size;
  }

  /** Everything that is counted. */
  get stats(): TurnServerStats {
    const { stats, allocations, reservations, attempts, ports, quotas, buckets, deadlines } = this.#state;
    return {
      ...stats,
      allocations: allocations.size,
      reservations: reservations.size,
      attempts: attempts.size,
      portsTaken: ports.takenCount,
      claims: quotas.total,
      buckets: buckets.count,
      deadlines: deadlines.size,
    };
  }
}
