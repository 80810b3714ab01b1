import type { ActionQueue } from './actions.ts';
import type { Allocation, Deadline, Reservation } from './allocation.ts';
import type { Deadlines } from './deadlines.ts';
import { isSameUser, type Identity } from './identity.ts';
import { lifetimes } from './options.ts';
import type { QuotaClaim } from './quotas.ts';
import type { Relay } from './relay.ts';

/** Bytes of a reservation token (RFC 8656 section 18.10). */
const tokenLength = 8;

/** A token as a `Map` key. */
type TokenKey = string & { readonly brand: 'TokenKey' };

/** All reservations, each until it is redeemed, runs out or is dropped. */
export class Reservations {
  readonly #byToken = new Map<TokenKey, Reservation>();
  readonly #deadlines: Deadlines<Deadline>;
  readonly #actions: ActionQueue;
  readonly #randomBytes: (length: number) => Uint8Array;

  constructor(deadlines: Deadlines<Deadline>, actions: ActionQueue, randomBytes: (length: number) => Uint8Array) {
    this.#deadlines = deadlines;
    this.#actions = actions;
    this.#randomBytes = randomBytes;
  }

  /** How many reservations wait. */
  get size(): number {
    return this.#byToken.size;
  }

  /** All reservations, in no order that means anything. */
  all(): Reservation[] {
    return [...this.#byToken.values()];
  }

  /** Holds an open relay for 30 seconds under a new random token (SECURITY.md 12). */
  hold(relay: Relay, claim: QuotaClaim, maker: Allocation, nowMs: number): Reservation {
    const reservation: Reservation = {
      kind: 'reservation',
      token: this.#randomBytes(tokenLength),
      relay,
      claim,
      identity: maker.identity,
      maker,
      expiresAtMs: nowMs + lifetimes.reservationS * 1000,
      deadlineIndex: -1,
    };
    this.#byToken.set(tokenKey(reservation.token), reservation);
    this.#deadlines.add(reservation);
    maker.reservation = reservation;
    return reservation;
  }

  /** The reservation of a token; only its maker's user finds it, from whatever 5-tuple. */
  find(token: Uint8Array, identity: Identity): Reservation | undefined {
    const reservation = this.#byToken.get(tokenKey(token));
    if (reservation === undefined) return undefined;
    return isSameUser(reservation.identity.credential, identity.credential) ? reservation : undefined;
  }

  /** Takes a reservation out: its relay and its claim are the caller's now. */
  redeem(reservation: Reservation): { readonly relay: Relay; readonly claim: QuotaClaim } {
    this.#forget(reservation);
    return reservation;
  }

  /** Ends a reservation that was not redeemed: the relay is closed, the claim paid back. */
  drop(reservation: Reservation): void {
    this.#forget(reservation);
    reservation.relay.close(this.#actions);
    reservation.claim.release();
  }

  #forget(reservation: Reservation): void {
    this.#byToken.delete(tokenKey(reservation.token));
    reservation.maker.reservation = null;
    if (reservation.deadlineIndex !== -1) this.#deadlines.remove(reservation);
  }
}

function tokenKey(token: Uint8Array): TokenKey {
  return String.fromCharCode(...token) as TokenKey;
}
