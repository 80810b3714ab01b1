import type { ListenerId } from '../../seam/client.ts';
import { AddressTable, type AddressEntry } from './address-table.ts';
import type { Peer } from './peer-table.ts';

/** Decides which ports of our own addresses a relay may send to (SECURITY.md 1). */
export class ReachGuard {
  /** The relays that are open now, by the address that they are bound to. */
  readonly openRelays: AddressTable<AddressEntry>;
  readonly #listenerPorts = new Map<ListenerId, number>();

  constructor(seed: number) {
    this.openRelays = new AddressTable(seed);
  }

  /** A listener's port is closed to relays from here on, on every address that is ours. */
  addListener(listener: ListenerId, port: number): void {
    this.#listenerPorts.set(listener, port);
  }

  removeListener(listener: ListenerId): void {
    this.#listenerPorts.delete(listener);
  }

  /** Whether a permitted peer may be sent to at this port. */
  allows(peer: Peer, port: number): boolean {
    switch (peer.reach) {
      case 'any':
        return true;
      case 'own-relays':
        return peer.localWords !== null && this.openRelays.find(peer.family, peer.localWords, port) !== undefined;
      case 'own-except-listeners':
        return !this.#isListenerPort(port);
    }
  }

  #isListenerPort(port: number): boolean {
    for (const listenerPort of this.#listenerPorts.values()) if (listenerPort === port) return true;
    return false;
  }
}
