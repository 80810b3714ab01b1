import { ipv4, ipv6, type IpAddress, type TransportAddress } from './transport-address.ts';

const dot = 0x2e;
const colon = 0x3a;

/**
 * Parses an IP address into `words[0..3]` without allocating anything, and answers its family, or 0 when the text is
 * none (`words` is then undefined). IPv4 is the strict dotted quad; IPv6 is all of RFC 4291 section 2.2, with neither
 * zone nor brackets. An IPv4 address is `words[0]`, the others zero.
 */
export function parseIpInto(text: string, words: Uint32Array): 0 | 4 | 6 {
  words[0] = 0;
  words[1] = 0;
  words[2] = 0;
  words[3] = 0;
  // The first dot or colon tells the families apart, and is at most four characters in.
  for (let at = 0; at < 5 && at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === dot) return parseQuad(text, 0, words, 0) ? 4 : 0;
    if (code === colon) return parseGroups(text, words) ? 6 : 0;
  }
  return 0;
}

/** Parses an IP address: a strict dotted quad, or any form of RFC 4291 section 2.2. Null for anything else, zones and brackets too. */
export function parseIp(text: string): IpAddress | null {
  const words = new Uint32Array(4);
  const family = parseIpInto(text, words);
  if (family === 0) return null;
  const [w0, w1, w2, w3] = words as unknown as [number, number, number, number];
  return family === 4 ? ipv4(w0) : ipv6(w0, w1, w2, w3);
}

/** The canonical text of an address: dotted quad or RFC 5952, IPv4-mapped addresses in mixed notation (its section 5). */
export function formatIp(ip: IpAddress): string {
  if (ip.family === 4) return formatQuad(ip.w0);
  if (ip.w0 === 0 && ip.w1 === 0 && ip.w2 === 0xffff) return `::ffff:${formatQuad(ip.w3)}`;
  const groups = [ip.w0, ip.w1, ip.w2, ip.w3].flatMap((word) => [word >>> 16, word & 0xffff]);
  const { start, length } = longestZeroRun(groups);
  if (length < 2) return joinGroups(groups);
  return `${joinGroups(groups.slice(0, start))}::${joinGroups(groups.slice(start + length))}`;
}

/** `192.0.2.1:3478` or `[2001:db8::1]:3478` (RFC 5952 section 6). */
export function formatTransportAddress(address: TransportAddress): string {
  const ip = formatIp(address.ip);
  return address.ip.family === 4 ? `${ip}:${address.port}` : `[${ip}]:${address.port}`;
}

/** A dotted quad from `start` to the end of the text, as the groups `group` and `group + 1`. */
function parseQuad(text: string, start: number, words: Uint32Array, group: number): boolean {
  let high = 0;
  let low = 0;
  let octet = -1;
  let octets = 0;
  for (let at = start; at <= text.length; at++) {
    const code = at === text.length ? dot : text.charCodeAt(at);
    if (code === dot) {
      if (octet < 0 || ++octets > 4) return false;
      if (octets <= 2) high = (high << 8) | octet;
      else low = (low << 8) | octet;
      octet = -1;
      continue;
    }
    const digit = code - 0x30;
    // A leading zero is refused: some read such an octet as octal.
    if (digit < 0 || digit > 9 || octet === 0) return false;
    octet = octet < 0 ? digit : octet * 10 + digit;
    if (octet > 255) return false;
  }
  setGroup(words, group, high);
  setGroup(words, group + 1, low);
  return octets === 4;
}

function parseGroups(text: string, words: Uint32Array): boolean {
  const length = text.length;
  let groups = 0;
  let gap = -1;
  let at = 0;
  if (text.charCodeAt(0) === colon) {
    if (text.charCodeAt(1) !== colon) return false;
    gap = 0;
    at = 2;
  }
  while (at < length) {
    const start = at;
    let value = 0;
    for (let digit = hexDigit(text, at); digit >= 0; digit = hexDigit(text, ++at)) value = (value << 4) | digit;
    if (at === start || at - start > 4 || groups === 8) return false;
    if (at < length && text.charCodeAt(at) === dot) {
      if (groups > 6 || !parseQuad(text, start, words, groups)) return false;
      groups += 2;
      break;
    }
    setGroup(words, groups++, value);
    if (at === length) break;
    if (text.charCodeAt(at) !== colon || ++at === length) return false;
    if (text.charCodeAt(at) === colon) {
      if (gap >= 0) return false;
      gap = groups;
      at++;
    }
  }
  return gap < 0 ? groups === 8 : spread(words, gap, groups);
}

/** Moves the groups behind `::` to the end; `::` stands for one group at least (RFC 4291 section 2.2). */
function spread(words: Uint32Array, gap: number, groups: number): boolean {
  if (groups > 7) return false;
  for (let from = groups - 1, to = 7; from >= gap; from--, to--) {
    const value = groupAt(words, from);
    setGroup(words, from, 0);
    setGroup(words, to, value);
  }
  return true;
}

/** The value of the hexadecimal digit at `at`, -1 when there is none. */
function hexDigit(text: string, at: number): number {
  if (at >= text.length) return -1;
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function groupAt(words: Uint32Array, group: number): number {
  const word = words[group >> 1]!;
  return (group & 1) === 0 ? word >>> 16 : word & 0xffff;
}

function setGroup(words: Uint32Array, group: number, value: number): void {
  const word = words[group >> 1]!;
  words[group >> 1] = (group & 1) === 0 ? (word & 0xffff) | (value << 16) : (word & 0xffff0000) | value;
}

function formatQuad(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`;
}

function joinGroups(groups: readonly number[]): string {
  return groups.map((value) => value.toString(16)).join(':');
}

/** The longest run of zero groups, the first of several (RFC 5952 section 4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((value, at) => {
    if (value !== 0) start = at + 1;
    else if (at + 1 - start > longest.length) longest = { start, length: at + 1 - start };
  });
  return longest;
}
