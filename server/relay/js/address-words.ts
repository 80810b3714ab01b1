import type { IpAddress, IpFamily } from '../../stun/transport-address.ts';
import { ipv4, ipv6 } from '../../stun/transport-address.ts';
import { parseIpInto } from '../../stun/ip-text.ts';

/** Room for the words of one address at a time, read and compared without allocating. */
export class AddressWords {
  /** The words as signed integers. */
  readonly words = new Int32Array(4);
  readonly #unsigned = new Uint32Array(this.words.buffer);

  /** Takes over the address that the system names by this text; 0 when it is none, as with an IPv6 zone. */
  parse(text: string): IpFamily | 0 {
    return parseIpInto(text, this.#unsigned);
  }

  /** The address as a value. */
  toIp(family: IpFamily): IpAddress {
    const words = this.#unsigned as Uint32Array & [number, number, number, number];
    return family === 4 ? ipv4(words[0]) : ipv6(words[0], words[1], words[2], words[3]);
  }
}

/** The words of an address, signed, as `AddressTable` compares them. */
export function wordsOf(ip: IpAddress): Int32Array {
  return Int32Array.of(ip.w0, ip.w1, ip.w2, ip.w3);
}
