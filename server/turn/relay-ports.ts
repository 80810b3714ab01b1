import { strict as assert } from 'node:assert';
import { ipKey, type IpAddress, type IpKey } from '../stun/transport-address.ts';
import { PortPool, type PortRange } from './port-pool.ts';
import type { RandomUint32 } from './random.ts';

/** Which port an allocation asks for (RFC 8656 section 7.2: no EVEN-PORT, EVEN-PORT, EVEN-PORT with the R bit). */
export type PortRule = 'any' | 'even' | 'even-pair';

/** The port pools of all local relay addresses, each made when its address is first used. */
export class RelayPorts {
  readonly #range: PortRange;
  readonly #randomUint32: RandomUint32;
  readonly #pools = new Map<IpKey, PortPool>();
  readonly #relaysTotal: number;

  /** @param relaysTotal ports that may be taken at a time, over all addresses; 0 = no limit */
  constructor(range: PortRange, randomUint32: RandomUint32, relaysTotal: number) {
    this.#range = range;
    this.#relaysTotal = relaysTotal;
    this.#randomUint32 = randomUint32;
  }

  /** How many ports are taken, over all addresses. */
  get takenCount(): number {
    let taken = 0;
    for (const pool of this.#pools.values()) taken += this.#range.last - this.#range.first + 1 - pool.freeCount;
    return taken;
  }

  /** Whether the system's descriptors admit the relays of this rule. */
  hasDescriptors(rule: PortRule): boolean {
    const wanted = rule === 'even-pair' ? 2 : 1;
    return this.#relaysTotal === 0 || this.takenCount + wanted <= this.#relaysTotal;
  }

  /** A random port by this rule; of a pair the lower port, whose lease covers both until it is split. Null when none is left. */
  lease(localIp: IpAddress, rule: PortRule): PortLease | null {
    if (!this.hasDescriptors(rule)) return null;
    const key = ipKey(localIp);
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new PortPool(this.#range, this.#randomUint32);
      this.#pools.set(key, pool);
    }
    switch (rule) {
      case 'any':
        return leaseOf(pool, localIp, pool.take(), 1);
      case 'even':
        return leaseOf(pool, localIp, pool.takeEven(), 1);
      case 'even-pair':
        return leaseOf(pool, localIp, pool.takeEvenPair(), 2);
    }
  }

  /** Forgets the pools of addresses that are no longer ours, once nothing is leased from them. */
  prune(isOurs: (key: IpKey) => boolean): void {
    for (const [key, pool] of this.#pools) if (pool.isUntouched && !isOurs(key)) this.#pools.delete(key);
  }
}

function leaseOf(pool: PortPool, ip: IpAddress, port: number | null, count: 1 | 2): PortLease | null {
  return port === null ? null : new PortLease(pool, ip, port, count);
}

/** The sole right to one port of one address, or to two neighbours. Given back exactly once (SECURITY.md 8). */
export class PortLease {
  readonly ip: IpAddress;
  readonly port: number;
  readonly #pool: PortPool;
  /** 0 once it is released. */
  #count: 0 | 1 | 2;

  constructor(pool: PortPool, ip: IpAddress, port: number, count: 1 | 2) {
    this.#pool = pool;
    this.ip = ip;
    this.port = port;
    this.#count = count;
  }

  /** Makes the upper port of a pair a lease of its own. */
  splitUpper(): PortLease {
    assert(this.#count === 2, 'only a pair can be split');
    this.#count = 1;
    return new PortLease(this.#pool, this.ip, this.port + 1, 1);
  }

  /** Gives the port, or both, back. A second time is a bug. */
  release(): void {
    assert(this.#count !== 0, `port ${this.port} was released twice`);
    for (let offset = 0; offset < this.#count; offset++) this.#pool.release(this.port + offset);
    this.#count = 0;
  }
}
