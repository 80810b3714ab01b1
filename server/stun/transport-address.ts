/** The family of an IP address: 4 or 6. */
export type IpFamily = 4 | 6;

/**
 * An IP address as unsigned 32-bit words in network order. An IPv4 address is `w0` with the others zero.
 * One shape for both families, so that code which handles addresses stays monomorphic.
 */
export interface IpAddress {
  readonly family: IpFamily;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

/** An IP address and a port (RFC 8656 section 2). */
export interface TransportAddress {
  readonly ip: IpAddress;
  readonly port: number;
}

/** An IP address as a `Map` key. */
export type IpKey = string & { readonly brand: 'IpKey' };

/** A transport address as a `Map` key. */
export type TransportAddressKey = string & { readonly brand: 'TransportAddressKey' };

/** The IPv4 address with these 32 bits. */
export function ipv4(word: number): IpAddress {
  return { family: 4, w0: word >>> 0, w1: 0, w2: 0, w3: 0 };
}

/** The IPv6 address with these four words. */
export function ipv6(w0: number, w1: number, w2: number, w3: number): IpAddress {
  return { family: 6, w0: w0 >>> 0, w1: w1 >>> 0, w2: w2 >>> 0, w3: w3 >>> 0 };
}

/** Whether an address is of fe80::/10, which means nothing without its interface (RFC 4291 section 2.5.6). */
export function isLinkLocal(ip: IpAddress): boolean {
  return ip.family === 6 && ip.w0 >>> 22 === 0xfe80 >>> 6;
}

/** Whether two addresses are the same. */
export function sameIp(a: IpAddress, b: IpAddress): boolean {
  return a.family === b.family && a.w0 === b.w0 && a.w1 === b.w1 && a.w2 === b.w2 && a.w3 === b.w3;
}

/** Whether two transport addresses are the same. */
export function sameTransportAddress(a: TransportAddress, b: TransportAddress): boolean {
  return a.port === b.port && sameIp(a.ip, b.ip);
}

/** The key of an address: equal exactly when the addresses are. */
export function ipKey(ip: IpAddress): IpKey {
  const key =
    ip.family === 4
      ? ip.w0.toString(36)
      : `${ip.w0.toString(36)}:${ip.w1.toString(36)}:${ip.w2.toString(36)}:${ip.w3.toString(36)}`;
  return key as IpKey;
}

/**
 * What of an address stands for whoever sends from it, where a limit counts by source: an IPv4 address whole, of an IPv6
 * address its /64, since a single host can use every address of one.
 */
export function sourceOf(ip: IpAddress): IpAddress {
  return ip.family === 4 ? ip : ipv6(ip.w0, ip.w1, 0, 0);
}

/** The key that a limit counts by: equal exactly when `sourceOf` is. */
export function sourceKey(ip: IpAddress): IpKey {
  return ipKey(sourceOf(ip));
}

/** The key of a transport address: equal exactly when the transport addresses are. */
export function transportAddressKey(address: TransportAddress): TransportAddressKey {
  return `${ipKey(address.ip)}/${address.port.toString(36)}` as TransportAddressKey;
}
