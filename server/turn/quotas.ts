import { strict as assert } from 'node:assert';
import type { HolderKey } from '../credentials/credential.ts';
import { sourceKey, type IpAddress, type IpKey } from '../stun/transport-address.ts';

/** How many allocations there may be; 0 is no limit (DESIGN.md section 5). */
export interface AllocationLimits {
  /** Of one subject of time-limited credentials, where its app has no limit of its own. */
  readonly allocationsPerUser: number;
  /** Of one client address; of IPv6 one /64 (`sourceOf`). */
  readonly allocationsPerAddress: number;
  readonly allocationsTotal: number;
}

/** Which limit stands in the way. */
export type QuotaRefusal = 'quota-user' | 'quota-address' | 'quota-total';

/** What allocations, allocations being opened and reservations are counted by (RFC 8656 section 7.2 step 10). */
export class Quotas {
  readonly #limits: AllocationLimits;
  readonly #byHolder = new Map<HolderKey, number>();
  readonly #byAddress = new Map<IpKey, number>();
  #total = 0;

  constructor(limits: AllocationLimits) {
    this.#limits = limits;
  }

  /** How many claims are held. */
  get total(): number {
    return this.#total;
  }

  /** How many names and addresses are counted; zero when nothing is claimed. */
  get trackedCount(): number {
    return this.#byHolder.size + this.#byAddress.size;
  }

  /** How many claims a subject or static user holds. */
  heldBy(holder: HolderKey): number {
    return this.#byHolder.get(holder) ?? 0;
  }

  /** How many claims an address holds. */
  heldByAddress(address: IpAddress): number {
    return this.#byAddress.get(sourceKey(address)) ?? 0;
  }

  /** Counts one allocation, or says which limit forbids it. `ofHolder` is how many the holder may have; 0 is no limit. */
  claim(holder: HolderKey, ofHolder: number, address: IpAddress): QuotaClaim | QuotaRefusal {
    const { allocationsTotal, allocationsPerAddress } = this.#limits;
    if (reached(allocationsTotal, this.#total)) return 'quota-total';
    if (reached(allocationsPerAddress, this.heldByAddress(address))) return 'quota-address';
    if (reached(ofHolder, this.heldBy(holder))) return 'quota-user';
    this.#total++;
    increase(this.#byHolder, holder);
    const key = sourceKey(address);
    increase(this.#byAddress, key);
    return new QuotaClaim(this, holder, key);
  }

  /** Only for `QuotaClaim`: counts the claim for another address, unless that address has all it may have. */
  moveAddress(from: IpKey, address: IpAddress): IpKey | null {
    const to = sourceKey(address);
    if (to === from) return to;
    if (reached(this.#limits.allocationsPerAddress, this.#byAddress.get(to) ?? 0)) return null;
    decrease(this.#byAddress, from);
    increase(this.#byAddress, to);
    return to;
  }

  /** Only for `QuotaClaim`: takes the counts back. */
  payBack(holder: HolderKey, key: IpKey): void {
    this.#total--;
    decrease(this.#byHolder, holder);
    decrease(this.#byAddress, key);
  }
}

/** One counted allocation. Whoever owns it pays it back exactly once (SECURITY.md 8). */
export class QuotaClaim {
  readonly #quotas: Quotas;
  readonly #holder: HolderKey;
  #address: IpKey;
  #held = true;

  constructor(quotas: Quotas, holder: HolderKey, address: IpKey) {
    this.#quotas = quotas;
    this.#holder = holder;
    this.#address = address;
  }

  /** Hands the claim over to a client at another address; false when that address has all it may have. */
  moveTo(address: IpAddress): boolean {
    assert(this.#held, 'a released claim cannot move');
    const key = this.#quotas.moveAddress(this.#address, address);
    if (key === null) return false;
    this.#address = key;
    return true;
  }

  /** Pays the claim back. A second time is a bug. */
  release(): void {
    assert(this.#held, 'a claim was released twice');
    this.#held = false;
    this.#quotas.payBack(this.#holder, this.#address);
  }
}

function reached(limit: number, held: number): boolean {
  return limit !== 0 && held >= limit;
}

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function decrease<K>(counts: Map<K, number>, key: K): void {
  const held = counts.get(key);
  assert(held !== undefined && held > 0, 'nothing is counted here');
  if (held === 1) counts.delete(key);
  else counts.set(key, held - 1);
}
