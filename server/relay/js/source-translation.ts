import type { AddressTranslation } from '../../seam/relay.ts';
import type { AddressTranslator } from '../../stun/address-translation.ts';
import type { IpFamily } from '../../stun/transport-address.ts';
import { AddressEntry, AddressTable } from './address-table.ts';
import { wordsOf } from './address-words.ts';

class TranslatedSource extends AddressEntry {
  readonly publicWords: Int32Array;

  constructor(local: AddressTranslation['local'], publicIp: AddressTranslation['public']) {
    super(local, 0);
    this.publicWords = wordsOf(publicIp);
  }
}

/** The translation of packets' sources, from local addresses to public ones, in a form that allocates nothing per packet. */
export class SourceTranslation {
  readonly #isIdentity: boolean;
  readonly #sources: AddressTable<TranslatedSource>;

  constructor(translations: readonly AddressTranslation[], translator: AddressTranslator, seed: number) {
    this.#isIdentity = translator.isIdentity;
    this.#sources = new AddressTable(seed);
    for (const { local } of translations) {
      const source = new TranslatedSource(local, translator.toPublic(local));
      if (this.#sources.find(source.family, wordsOf(local), 0) === undefined) {
        this.#sources.add(source);
      }
    }
  }

  /** Replaces a local address by the public one that stands for it. */
  toPublic(family: IpFamily, words: Int32Array): void {
    if (this.#isIdentity) return;
    const source = this.#sources.find(family, words, 0);
    if (source !== undefined) words.set(source.publicWords);
  }
}
