import type { AddressPlan } from '../seam/relay.ts';
import { AddressTranslator } from '../stun/address-translation.ts';
import { ipKey, type IpAddress, type IpFamily, type IpKey } from '../stun/transport-address.ts';

/** The address plan, indexed for the questions that the machine asks of it. */
export class AddressPlanIndex {
  readonly translator: AddressTranslator;
  readonly #own: ReadonlySet<IpKey>;
  readonly #relaysOf: ReadonlyMap<IpKey, { readonly ipv4: IpAddress | null; readonly ipv6: IpAddress | null }>;
  readonly #relayAddresses: ReadonlySet<IpKey>;
  readonly #relays: AddressPlan['relays'];

  constructor(plan: AddressPlan) {
    this.translator = new AddressTranslator(plan.translations);
    this.#relays = plan.relays;
    this.#own = new Set(plan.own.map(ipKey));
    this.#relaysOf = new Map(plan.relays.map((relays) => [ipKey(relays.listener), relays]));
    const relayAddresses = new Set<IpKey>();
    for (const { ipv4, ipv6 } of plan.relays) {
      if (ipv4 !== null) relayAddresses.add(ipKey(ipv4));
      if (ipv6 !== null) relayAddresses.add(ipKey(ipv6));
    }
    this.#relayAddresses = relayAddresses;
  }

  /** Whether the address is one of ours, by its local or its public form. */
  isOwn(ip: IpAddress): boolean {
    return this.#own.has(ipKey(ip));
  }

  /** Whether clients may call this local address. */
  isListener(ip: IpAddress): boolean {
    return this.#relaysOf.has(ipKey(ip));
  }

  /** Whether relays may be opened on this local address. */
  isRelayAddress(key: IpKey): boolean {
    return this.#relayAddresses.has(key);
  }

  /**
   * The local address on which to open a relay of this family for clients that called `called`; null when there is none.
   * An address that is not in the plan is served like the first of its family: a stream may come in by one that no interface shows.
   */
  relayAddress(called: IpAddress, family: IpFamily): IpAddress | null {
    const relays =
      this.#relaysOf.get(ipKey(called)) ?? this.#relays.find(({ listener }) => listener.family === called.family);
    if (relays === undefined) return null;
    return family === 4 ? relays.ipv4 : relays.ipv6;
  }
}

/** The plan before the first one is known: nothing is ours and no relay can be opened. */
export const emptyAddressPlan = new AddressPlanIndex({ own: [], relays: [], translations: [] });
