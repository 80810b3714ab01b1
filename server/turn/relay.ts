import type { RelayId } from '../seam/relay.ts';
import type { IpFamily, TransportAddress } from '../stun/transport-address.ts';
import type { ActionQueue } from './actions.ts';
import type { PortLease } from './relay-ports.ts';

/** A relay that the plane has open, with the port that it stands on: they end together, exactly once. */
export class Relay {
  readonly id: RelayId;
  readonly #lease: PortLease;

  constructor(id: RelayId, lease: PortLease) {
    this.id = id;
    this.#lease = lease;
  }

  /** The bound address, before any 1:1 NAT translation. */
  get local(): TransportAddress {
    return this.#lease;
  }

  /** The family of its address. */
  get family(): IpFamily {
    return this.#lease.ip.family;
  }

  /** Has the plane close the relay, and gives its port back. */
  close(actions: ActionQueue): void {
    actions.push({ kind: 'close-relay', relay: this.id });
    this.#lease.release();
  }
}
