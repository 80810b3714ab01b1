import { networkInterfaces } from 'node:os';
import type { AddressPlan } from '../seam/relay.ts';
import type { IpAddress } from '../stun/transport-address.ts';
import { interfaceAddresses, planAddresses } from './address-plan.ts';
import type { RelayStart } from './relay-messages.ts';

/** The host's addresses as they were last read, and what they mean for relays. */
export class RelayAddresses {
  readonly #start: RelayStart;
  readonly #onUnreadable: (warning: string) => void;
  #interfaces: readonly IpAddress[] | undefined;
  #warnings: readonly string[] = [];

  /** @param onUnreadable told that the addresses cannot be read, each time; those known stay in use */
  constructor(start: RelayStart, onUnreadable: (warning: string) => void) {
    this.#start = start;
    this.#onUnreadable = onUnreadable;
  }

  /** The addresses of all interfaces. */
  get interfaces(): readonly IpAddress[] {
    return this.#interfaces ?? [];
  }

  /**
   * Reads the addresses; answers whether they are others now. A host that is out of descriptors cannot tell them.
   * @throws whatever the system says, the first time
   */
  read(): boolean {
    try {
      const interfaces = interfaceAddresses(networkInterfaces());
      const changed = JSON.stringify(interfaces) !== JSON.stringify(this.#interfaces);
      this.#interfaces = interfaces;
      return changed;
    } catch (error) {
      if (this.#interfaces === undefined) throw error;
      this.#onUnreadable(`the addresses of this host cannot be read (${String(error)}); those known stay in use.`);
      return false;
    }
  }

  /** What the operator should know of the last plan. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** The plan for machine and plane. */
  plan(): AddressPlan {
    const { listen, publicAddress, relayAddress } = this.#start;
    const { plan, warnings } = planAddresses({
      interfaces: this.interfaces,
      listeners: listen.flatMap(({ host }) => (host === '*' ? [] : [host])),
      publicAddress,
      relayAddress,
    });
    this.#warnings = warnings;
    return plan;
  }
}
