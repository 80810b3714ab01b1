import { ipKey, type IpAddress, type IpKey } from './transport-address.ts';

/** The one translation of 1:1 NAT that policy and plane share: local addresses to the public ones that stand for them, and back. */
export class AddressTranslator {
  /** Whether no address is translated. */
  readonly isIdentity: boolean;
  readonly #publicOf = new Map<IpKey, IpAddress>();
  readonly #localOf = new Map<IpKey, IpAddress>();

  constructor(translations: readonly { readonly local: IpAddress; readonly public: IpAddress }[]) {
    for (const { local, public: publicAddress } of translations) {
      this.#publicOf.set(ipKey(local), publicAddress);
      this.#localOf.set(ipKey(publicAddress), local);
    }
    this.isIdentity = translations.length === 0;
  }

  /** The public address of a local one; itself when none is listed. */
  toPublic(ip: IpAddress): IpAddress {
    return this.isIdentity ? ip : (this.#publicOf.get(ipKey(ip)) ?? ip);
  }

  /** The local address of a public one; itself when none is listed. */
  toLocal(ip: IpAddress): IpAddress {
    return this.isIdentity ? ip : (this.#localOf.get(ipKey(ip)) ?? ip);
  }
}
