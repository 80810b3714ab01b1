import type { RelayId } from '../seam/relay.ts';
import type { SessionId } from '../seam/session-event.ts';
import { AccessRules } from './access-rules.ts';
import { ActionQueue } from './actions.ts';
import { emptyAddressPlan, type AddressPlanIndex } from './address-plan.ts';
import type { AllocateAttempt, Opening } from './allocate-attempt.ts';
import type { AllocatedRelay, Allocation, Deadline } from './allocation.ts';
import { AuthBackoff } from './auth-backoff.ts';
import { ChallengeLimiter } from './challenge-limiter.ts';
import type { ClientKey } from './client-key.ts';
import { Deadlines } from './deadlines.ts';
import { FailureCounts } from './failure-counts.ts';
import { NonceIssuer } from './nonce.ts';
import type { TurnServerOptions } from './options.ts';
import { Quotas } from './quotas.ts';
import { RateBuckets } from './rate-buckets.ts';
import { RelayPorts } from './relay-ports.ts';
import { Reservations } from './reservations.ts';
import { RevokedSessions } from './revoked-sessions.ts';

/** What came in and was refused or not answered, counted since the start. */
export interface TurnStats {
  /** Well-formed, but nothing that a client has to be answered: indications, responses, methods that are not served. */
  ignored: number;
  /** No STUN message, or a damaged one, or one of RFC 3489. */
  malformed: number;
  /** Unauthenticated answers that one source provoked too many of (SECURITY.md 3). */
  challengesWithheld: number;
  /** Requests refused because they name a peer that may not be reached (SECURITY.md 1). */
  peersDenied: number;
}

/** All that the machine knows: made once by `TurnServer`, changed by the functions that answer its inputs. */
export class TurnState {
  readonly options: TurnServerOptions;
  /** The value of REALM in every challenge. */
  readonly realm: Uint8Array;
  readonly actions = new ActionQueue();
  readonly deadlines = new Deadlines<Deadline>();
  readonly access: AccessRules;
  readonly failures = new FailureCounts();
  readonly nonces: NonceIssuer;
  readonly challengeLimiter: ChallengeLimiter;
  readonly backoff: AuthBackoff;
  readonly quotas: Quotas;
  readonly buckets: RateBuckets;
  readonly ports: RelayPorts;
  readonly reservations: Reservations;
  readonly revokedSessions = new RevokedSessions(this.deadlines);
  readonly allocations = new Map<ClientKey, Allocation>();
  /** Relays that are attached to a client. */
  readonly attached = new Map<RelayId, AllocatedRelay>();
  /** Allocates that wait for the plane, by client. */
  readonly attempts = new Map<ClientKey, AllocateAttempt>();
  /** Relays that the plane is opening. */
  readonly openings = new Map<RelayId, Opening>();
  readonly stats: TurnStats = { ignored: 0, malformed: 0, challengesWithheld: 0, peersDenied: 0 };
  plan: AddressPlanIndex = emptyAddressPlan;
  isDraining = false;
  #lastRelay = 0;
  #lastSession = 0;

  constructor(options: TurnServerOptions) {
    const { limits, randomUint32, randomBytes } = options;
    this.options = options;
    this.access = new AccessRules(options.peers);
    this.realm = new TextEncoder().encode(options.realm);
    this.nonces = new NonceIssuer(options.nonceKey);
    this.challengeLimiter = new ChallengeLimiter(randomUint32);
    this.backoff = AuthBackoff.restored(options.backoff, randomUint32);
    this.quotas = new Quotas(limits);
    this.buckets = new RateBuckets(limits, this.actions);
    this.ports = new RelayPorts(options.relayPorts, randomUint32, options.relaysTotal);
    this.reservations = new Reservations(this.deadlines, this.actions, randomBytes);
  }

  /** A relay id that was never used. */
  newRelayId(): RelayId {
    return ++this.#lastRelay as RelayId;
  }

  /** A session id that was never used. */
  newSessionId(): SessionId {
    return ++this.#lastSession as SessionId;
  }
}
