import type { NetworkInterfaceInfo } from 'node:os';
import type { PublicAddress } from '../config/resolved-config.ts';
import type { AddressPlan, AddressTranslation } from '../seam/relay.ts';
import { formatIp, parseIp } from '../stun/ip-text.ts';
import { ipKey, isLinkLocal, sameIp, type IpAddress, type IpFamily, type IpKey } from '../stun/transport-address.ts';

/** What the plan is made from. */
export interface AddressPlanInput {
  readonly interfaces: readonly IpAddress[];
  /** Addresses that are listened on by name. The system need not list them: 127.0.0.2, or one that a router directs here. */
  readonly listeners: readonly IpAddress[];
  readonly publicAddress: PublicAddress;
  /** `auto`, or at most one address of each family. */
  readonly relayAddress: 'auto' | readonly IpAddress[];
}

/** A plan and what the operator should know of it. */
export interface AddressPlanResult {
  readonly plan: AddressPlan;
  readonly warnings: readonly string[];
}

/**
 * The addresses of this host that packets can be bound to, in the order the system gives them.
 * Link-local IPv6 addresses are left out: without a zone no peer and no client can name them.
 */
export function interfaceAddresses(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): IpAddress[] {
  const found = new Map<IpKey, IpAddress>();
  for (const info of Object.values(interfaces).flatMap((list) => list ?? [])) {
    const ip = parseIp(info.address);
    if (ip !== null && !isLinkLocal(ip)) found.set(ipKey(ip), ip);
  }
  return [...found.values()];
}

/** Makes the plan that machine and plane share (DESIGN.md section 5: publicAddress, relayAddress). */
export function planAddresses(input: AddressPlanInput): AddressPlanResult {
  const translations = planTranslations(input);
  const own = new Map<IpKey, IpAddress>();
  const local = [...input.interfaces, ...input.listeners];
  for (const ip of [...local, ...translations.map((pair) => pair.public)]) own.set(ipKey(ip), ip);
  const relays = local
    .toSorted((a, b) => remoteness(b) - remoteness(a))
    .map((listener) => ({
      listener,
      ipv4: relayAddressOf(listener, 4, input),
      ipv6: relayAddressOf(listener, 6, input),
    }));
  return {
    plan: { own: [...own.values()], relays, translations },
    warnings: [...warnOfPrivateHost(input), ...warnOfRelayAddress(input), ...warnOfLostPairs(input)],
  };
}

/** Whether packets to this address never leave the host: 127/8 and ::1. */
function isLoopback(ip: IpAddress): boolean {
  return ip.family === 4 ? ip.w0 >>> 24 === 127 : ip.w0 === 0 && ip.w1 === 0 && ip.w2 === 0 && ip.w3 === 1;
}

/** Whether the address is of a kind that the public Internet routes: no private, shared, link-local, unique-local, multicast or reserved one. */
export function isPublic(ip: IpAddress): boolean {
  if (isLoopback(ip)) return false;
  if (ip.family === 6) return ip.w0 >>> 29 === 1;
  const first = ip.w0 >>> 24;
  if (first === 0 || first >= 224) return false;
  const shared = ip.w0 >>> 22 === 0x6440 >>> 6;
  return !(first === 10 || shared || ip.w0 >>> 20 === 0xac1 || ip.w0 >>> 16 === 0xc0a8 || ip.w0 >>> 16 === 0xa9fe);
}

/** The address of a family that others most likely reach this host by: a public one, else any but loopback, else loopback. */
export function preferredAddress(addresses: readonly IpAddress[], family: IpFamily): IpAddress | null {
  const ofFamily = addresses.filter((ip) => ip.family === family);
  return ofFamily.toSorted((a, b) => remoteness(b) - remoteness(a))[0] ?? null;
}

/** The address, of whichever family, that others most likely reach this host by: IPv4, which more of them have, unless it is loopback alone. */
export function outwardAddress(addresses: readonly IpAddress[]): IpAddress | null {
  const [outward4, outward6] = [preferredAddress(addresses, 4), preferredAddress(addresses, 6)];
  if (outward4 === null || outward6 === null) return outward4 ?? outward6;
  return isLoopback(outward4) && !isLoopback(outward6) ? outward6 : outward4;
}

/** From how far an address may be called: by this host alone, by its network, by the Internet. */
function remoteness(ip: IpAddress): 0 | 1 | 2 {
  if (isLoopback(ip)) return 0;
  return isPublic(ip) ? 2 : 1;
}

function relayAddressOf(listener: IpAddress, family: IpFamily, input: AddressPlanInput): IpAddress | null {
  if (input.relayAddress !== 'auto') return input.relayAddress.find((ip) => ip.family === family) ?? null;
  if (listener.family === family) return listener;
  const sameScope = input.interfaces.filter((ip) => isLoopback(ip) === isLoopback(listener));
  return preferredAddress(sameScope, family);
}

/** Which local address each public one stands for (DESIGN.md section 5: publicAddress). */
export function planTranslations(input: Omit<AddressPlanInput, 'listeners'>): readonly AddressTranslation[] {
  switch (input.publicAddress.kind) {
    case 'none':
    // A public address that the interfaces do not show has been found before, and stands here as a pair.
    case 'auto':
      return [];
    case 'pairs':
      return input.publicAddress.pairs;
    case 'addresses':
      return translateTo(input.publicAddress.addresses, input);
  }
}

function warnOfRelayAddress({ relayAddress, interfaces }: AddressPlanInput): string[] {
  if (relayAddress === 'auto') return [];
  return relayAddress
    .filter((ip) => !interfaces.some((known) => ipKey(known) === ipKey(ip)))
    .map(
      (ip) =>
        `turn.relayAddress ${formatIp(ip)} is no address of this host now: no relay can be opened on it until it is.`,
    );
}

function warnOfLostPairs({ publicAddress, interfaces, listeners }: AddressPlanInput): string[] {
  if (publicAddress.kind !== 'pairs') return [];
  return publicAddress.pairs
    .filter(({ local }) => ![...interfaces, ...listeners].some((ip) => sameIp(ip, local)))
    .map(
      ({ local, public: outside }) =>
        `the public address ${formatIp(outside)} stands for ${formatIp(local)}, which is no address of this host now: clients are not ` +
        'told of it. Mend turn.publicAddress, or restart Turnpike where a cloud named it.',
    );
}

/** Whether the host has IPv4 addresses beside loopback, and the Internet routes none of them. */
export function lacksPublicIpv4(interfaces: readonly IpAddress[]): boolean {
  const outward = interfaces.filter((ip) => ip.family === 4 && !isLoopback(ip));
  return outward.length > 0 && !outward.some(isPublic);
}

function warnOfPrivateHost({ publicAddress, interfaces }: AddressPlanInput): string[] {
  if (publicAddress.kind !== 'auto' || !lacksPublicIpv4(interfaces)) return [];
  return [
    'no public IPv4 address on this host: clients outside its network cannot use the relayed addresses. ' +
      'Behind 1:1 NAT set turn.publicAddress to the public address; in a private network set it to "none" to silence this.',
  ];
}

function translateTo(
  addresses: readonly IpAddress[],
  input: Omit<AddressPlanInput, 'listeners'>,
): AddressTranslation[] {
  const translations: AddressTranslation[] = [];
  for (const publicIp of addresses) {
    if (input.interfaces.some((ip) => ipKey(ip) === ipKey(publicIp))) continue;
    const local = localBehind(publicIp.family, input);
    if (local !== null) translations.push({ local, public: publicIp });
  }
  return translations;
}

/** The one local address that a public address stands for when no pair names it. */
function localBehind(family: IpFamily, input: Omit<AddressPlanInput, 'listeners'>): IpAddress | null {
  if (input.relayAddress !== 'auto') return input.relayAddress.find((ip) => ip.family === family) ?? null;
  const outward = input.interfaces.filter((ip) => !isLoopback(ip));
  return outward.find((ip) => ip.family === family) ?? null;
}
