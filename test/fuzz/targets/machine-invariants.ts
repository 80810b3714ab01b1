import { strict as assert } from 'node:assert';
import type { Action } from '../../../server/seam/action.ts';
import { cidrContains, parseCidr, type Cidr } from '../../../server/stun/cidr.ts';
import { formatIp } from '../../../server/stun/ip-text.ts';
import { decodeMessage } from '../../../server/stun/message.ts';
import { Method } from '../../../server/stun/registry.ts';
import { ipv4, type IpAddress } from '../../../server/stun/transport-address.ts';
import { Reply } from '../../turn/reply.ts';
import { assertSuccessIsApplied } from '../../turn/success-check.ts';
import type { TestMachine } from '../../turn/test-machine.ts';

/** SECURITY.md 1, written down once more: what no relay may reach. */
const closed = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '168.63.129.16/32', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
].map(cidr);
const globalUnicast = cidr('2000::/3');
const nat64 = cidr('64:ff9b::/96');

/** The largest answer to somebody unknown, without and with FINGERPRINT (SECURITY.md 3). */
const longestChallenge = 128 + 8;
/** RFC 8656 section 7.2: nothing is granted for longer. */
const longestLifetimeMs = 3_600_000;

/** What holds of the machine after any sequence (SECURITY.md 16), beyond what the plane's model asserts of every action. */
export class MachineInvariants {
  readonly #machine: TestMachine;
  #latestMs: number;
  #isTranslated = false;

  constructor(machine: TestMachine) {
    this.#machine = machine;
    this.#latestMs = machine.nowMs;
    machine.observe = (action) => this.#judge(action);
  }

  /** Throws when something does not hold. */
  check(): void {
    const { plane, server, nowMs, limits } = this.#machine;
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    const { allocations, attempts, buckets, claims, portsTaken } = server.stats;
    assert.equal(plane.rates.size, buckets, 'the plane has the buckets that the machine has');
    const openPorts = plane.relays.size + [...plane.opening.values()].flat().length;
    if (attempts === 0) assert.equal(portsTaken, openPorts, 'the ports that are taken are those of relays');
    assert(portsTaken >= openPorts, 'a relay has a port');
    if (limits.allocationsTotal > 0) assert(claims <= limits.allocationsTotal, 'the quota of all is kept');
    const next = server.nextTimeoutMs;
    assert(next === Infinity || next <= this.#latestMs + longestLifetimeMs, 'nothing lives longer than it may');

    const clients = new Set([...plane.relays.values()].flatMap(({ client }) => (client === undefined ? [] : [client])));
    assert.equal(clients.size, allocations, 'an allocation is a client with relays');
    for (const client of clients) {
      const relays = [...plane.relays.values()].filter((relay) => relay.client === client);
      const families = relays.map(({ address }) => address.ip.family);
      assert.equal(new Set(families).size, families.length, 'a client has one relay of a family');
      const permissions = relays.reduce((sum, { permitted }) => sum + permitted.size, 0);
      const channels = relays.reduce((sum, relay) => sum + relay.channels.size, 0);
      if (limits.permissionsPerAllocation > 0) assert(permissions <= limits.permissionsPerAllocation);
      if (limits.channelsPerAllocation > 0) assert(channels <= limits.channelsPerAllocation);
    }
  }

  /** From here on relays are known under other addresses than they are bound to. */
  translated(): void {
    this.#isTranslated = true;
  }

  #judge(action: Action): void {
    if (action.kind === 'permit-peer' && action.reach === 'any') {
      assert(!isClosed(action.peer), `${formatIp(action.peer)} is not the public internet`);
    }
    if (action.kind !== 'send') return;
    const message = decodeMessage(action.bytes);
    assert(typeof message !== 'string', 'what is sent is a message');
    assert(message.messageClass !== 'request', 'a server asks nothing');
    if (message.messageClass === 'indication') return assert.equal(message.method, Method.data);
    if (!this.#isTranslated) assertSuccessIsApplied(this.#machine.plane, action);
    const { code, size } = new Reply(action.bytes);
    if (code === 401 || code === 438) assert(size <= longestChallenge, `a challenge of ${size} bytes`);
  }
}

function isClosed(peer: IpAddress): boolean {
  if (cidrContains(nat64, peer)) return isClosed(ipv4(peer.w3));
  if (peer.family === 6 && !cidrContains(globalUnicast, peer)) return true;
  return closed.some((range) => cidrContains(range, peer));
}

function cidr(text: string): Cidr {
  const range = parseCidr(text);
  assert(range !== null, `${text} is no range`);
  return range;
}
