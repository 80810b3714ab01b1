import { strict as assert } from 'node:assert';
import type { PeerReach } from '../seam/relay.ts';
import { cidrContains, parseCidr, type Cidr } from '../stun/cidr.ts';
import { ipv4, ipv6, sameIp, type IpAddress } from '../stun/transport-address.ts';
import type { AddressPlanIndex } from './address-plan.ts';

/** Ranges that the operator opens or closes beyond the defaults; `deny` wins (DESIGN.md section 5, `turn.peers`). */
export interface PeerRanges {
  readonly allow: readonly Cidr[];
  readonly deny: readonly Cidr[];
}

/** How far a relay may reach at an address, or that it may not (403). */
export type PeerVerdict = PeerReach | 'denied';

/**
 * Addresses that stand for another one, which would be judged in its place by nobody, and the unspecified ones, which
 * a kernel takes for its own loopback. Not even `peers.allow` opens them.
 */
const alwaysDenied = ranges(
  '0.0.0.0/32',
  '::/96', // IPv4-compatible; ::1, which is in it, is judged as the loopback address that it is
  '::ffff:0:0/96', // IPv4-mapped
  '2002::/16', // 6to4
  '2001::/32', // Teredo
);

/** What is not the public internet (SECURITY.md 1). */
const deniedByDefault = ranges(
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
);
const globalUnicast = range('2000::/3');
const nat64 = range('64:ff9b::/96');
const loopbackIpv6 = ipv6(0, 0, 0, 1);

/**
 * Which peers relays may reach (RFC 8656 sections 10.2, 12.2 and 21.2.2; SECURITY.md 1): the one check for every path that
 * names a peer. Pure; the verdict changes only with the address plan.
 */
export class PeerPolicy {
  readonly #ranges: PeerRanges;
  readonly #plan: AddressPlanIndex;

  constructor(peerRanges: PeerRanges, plan: AddressPlanIndex) {
    this.#ranges = peerRanges;
    this.#plan = plan;
  }

  /** Judges a peer by the address that the client named and by what 1:1 NAT makes of it, in either direction. */
  verdict(peer: IpAddress): PeerVerdict {
    const { translator } = this.#plan;
    const forms = translator.isIdentity ? [peer] : [peer, translator.toPublic(peer), translator.toLocal(peer)];
    if (forms.some((ip) => this.#isDenied(ip))) return 'denied';
    if (cidrContains(nat64, peer)) return this.#verdictOfNat64(peer);
    const isAllowed = forms.some((ip) => inAny(this.#ranges.allow, ip));
    if (forms.some((ip) => this.#plan.isOwn(ip))) return isAllowed ? 'own-except-listeners' : 'own-relays';
    if (isAllowed) return 'any';
    return forms.some(isDeniedByDefault) ? 'denied' : 'any';
  }

  #isDenied(ip: IpAddress): boolean {
    return isAlwaysDenied(ip) || inAny(this.#ranges.deny, ip);
  }

  /**
   * The verdict of the IPv4 address inside. But a translator may bring the packet back to one of our listeners, which the
   * plane could not recognise behind the address: of our own no more than relays is ever reached.
   */
  #verdictOfNat64(peer: IpAddress): PeerVerdict {
    const verdict = this.verdict(ipv4(peer.w3));
    return verdict === 'own-except-listeners' ? 'own-relays' : verdict;
  }
}

function isAlwaysDenied(ip: IpAddress): boolean {
  return inAny(alwaysDenied, ip) && !sameIp(ip, loopbackIpv6);
}

function isDeniedByDefault(ip: IpAddress): boolean {
  return inAny(deniedByDefault, ip) || (ip.family === 6 && !cidrContains(globalUnicast, ip));
}

function inAny(list: readonly Cidr[], ip: IpAddress): boolean {
  for (const cidr of list) if (cidrContains(cidr, ip)) return true;
  return false;
}

function ranges(...texts: string[]): readonly Cidr[] {
  return texts.map(range);
}

function range(text: string): Cidr {
  const cidr = parseCidr(text);
  assert(cidr !== null, `${text} is no range`);
  return cidr;
}
