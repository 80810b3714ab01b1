import { strict as assert } from 'node:assert';
import { assertNever } from '../contract/assert-never.ts';
import type { Ban, BanTarget } from '../credentials/credential-set.ts';
import { subjectKey, userKey, type HolderKey } from '../credentials/credential.ts';
import { networkAddress, parseCidr, type Cidr } from '../stun/cidr.ts';
import type { IpAddress, IpFamily } from '../stun/transport-address.ts';

/** The networks of one prefix length that are banned, each by all the bans that name it. */
interface PrefixBans {
  readonly family: IpFamily;
  readonly prefixLength: number;
  /** By the first word of the network, then by the second; no range has more than these. */
  readonly byNetwork: Map<number, Map<number, Set<Ban>>>;
}

/**
 * An administrator's bans (SECURITY.md 9). However many there are, an address is looked up once for each prefix length in use, and a
 * holder once. A ban counts until its time is over, whether it has been removed since or not.
 */
export class Bans {
  readonly #byId = new Map<string, Ban>();
  readonly #byHolder = new Map<HolderKey, Set<Ban>>();
  readonly #byPrefix: PrefixBans[] = [];

  /** How many bans there are, those whose time is over included. */
  get size(): number {
    return this.#byId.size;
  }

  /** Adds a ban, or replaces the one of its id. A range that `parseCidr` does not read is a caller's bug. */
  add(ban: Ban): void {
    this.remove(ban.id);
    this.#byId.set(ban.id, ban);
    if (ban.target.kind === 'address') {
      const { ip, prefixLength } = rangeOf(ban.target.range);
      const { byNetwork } = this.#prefixOf(ip.family, prefixLength) ?? this.#addPrefix(ip.family, prefixLength);
      addTo(entryOf(byNetwork, ip.w0), ip.w1, ban);
    } else {
      addTo(this.#byHolder, holderOfTarget(ban.target), ban);
    }
  }

  /** Removes a ban, if there is one of this id. */
  remove(id: string): void {
    const ban = this.#byId.get(id);
    if (ban === undefined) return;
    this.#byId.delete(id);
    if (ban.target.kind !== 'address') return removeFrom(this.#byHolder, holderOfTarget(ban.target), ban);
    const { ip, prefixLength } = rangeOf(ban.target.range);
    const prefix = this.#prefixOf(ip.family, prefixLength);
    const bySecondWord = prefix?.byNetwork.get(ip.w0);
    if (prefix === undefined || bySecondWord === undefined) return;
    removeFrom(bySecondWord, ip.w1, ban);
    if (bySecondWord.size === 0) prefix.byNetwork.delete(ip.w0);
    if (prefix.byNetwork.size === 0) this.#byPrefix.splice(this.#byPrefix.indexOf(prefix), 1);
  }

  /** Whether a client at this address is banned. */
  isAddressBanned(ip: IpAddress, nowMs: number): boolean {
    for (const { family, prefixLength, byNetwork } of this.#byPrefix) {
      if (family !== ip.family) continue;
      const { w0, w1 } = networkAddress(ip, prefixLength);
      if (isInForce(byNetwork.get(w0)?.get(w1), nowMs)) return true;
    }
    return false;
  }

  /** Whether this subject or static user is banned, from wherever it calls. */
  isHolderBanned(holder: HolderKey, nowMs: number): boolean {
    return isInForce(this.#byHolder.get(holder), nowMs);
  }

  #prefixOf(family: IpFamily, prefixLength: number): PrefixBans | undefined {
    return this.#byPrefix.find((each) => each.family === family && each.prefixLength === prefixLength);
  }

  #addPrefix(family: IpFamily, prefixLength: number): PrefixBans {
    const added: PrefixBans = { family, prefixLength, byNetwork: new Map() };
    this.#byPrefix.push(added);
    return added;
  }
}

function entryOf<K, V>(maps: Map<K, Map<V, Set<Ban>>>, key: K): Map<V, Set<Ban>> {
  const known = maps.get(key) ?? new Map<V, Set<Ban>>();
  maps.set(key, known);
  return known;
}

function addTo<K>(bans: Map<K, Set<Ban>>, key: K, ban: Ban): void {
  const known = bans.get(key);
  if (known === undefined) bans.set(key, new Set([ban]));
  else known.add(ban);
}

function removeFrom<K>(bans: Map<K, Set<Ban>>, key: K, ban: Ban): void {
  const known = bans.get(key);
  known?.delete(ban);
  if (known?.size === 0) bans.delete(key);
}

/** RFC 4291 section 2.5.1: a host can use every address of its /64, so one address of IPv6 stands for its network. */
function rangeOf(text: string): Cidr {
  const range = parseCidr(text);
  assert(range !== null, `${text} is no range`);
  if (range.ip.family === 4 || range.prefixLength <= 64) return range;
  return { ip: networkAddress(range.ip, 64), prefixLength: 64 };
}

function holderOfTarget(target: Exclude<BanTarget, { kind: 'address' }>): HolderKey {
  switch (target.kind) {
    case 'subject':
      return subjectKey(target.app, target.subject);
    case 'user':
      return userKey(target.name);
    default:
      return assertNever(target);
  }
}

function isInForce(bans: ReadonlySet<Ban> | undefined, nowMs: number): boolean {
  if (bans === undefined) return false;
  for (const { expiresAtS } of bans) if (expiresAtS === null || expiresAtS * 1000 > nowMs) return true;
  return false;
}
