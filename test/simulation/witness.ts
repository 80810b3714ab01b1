import { strict as assert } from 'node:assert';
import type { Client } from '../../server/seam/client.ts';
import type { SessionEvent } from '../../server/seam/session-event.ts';
import { readXorAddress } from '../../server/stun/addresses.ts';
import { attributes, decodeMessage, type Message } from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { ipKey, type IpAddress, type IpKey } from '../../server/stun/transport-address.ts';
import { Reply } from '../turn/reply.ts';
import { hexOf } from '../vectors/hex.ts';

/** The largest answer to a stranger: a challenge with FINGERPRINT (SECURITY.md 3). */
const longestChallenge = 128 + 8;

/** What the wire says of one client. */
interface Account {
  packetsFrom: number;
  packetsTo: number;
  /** Whether an answer was ever signed: then the client has shown who it is. */
  isKnown: boolean;
  /** Who is named by the requests that were received, by transaction. */
  readonly named: Map<string, IpAddress[]>;
  /** What each Allocate was told, by transaction. */
  readonly allocated: Map<string, string>;
  /** Allocates that were told that there is an allocation already. */
  readonly mismatched: Set<string>;
  /** Until when a peer may be spoken with. */
  readonly granted: Map<IpKey, number>;
  allocationEndsMs: number;
  isLive: boolean;
}

/** How many sessions may be live. */
export interface SessionLimits {
  readonly perUser: number;
  readonly total: number;
}

/**
 * Sees every message at the server's door, and no state of the server: what it grants follows from its answers alone. Throws
 * as soon as something does not fit (RFC 8656 sections 5, 7 and 9, SECURITY.md 3 and 8).
 */
export class Witness {
  readonly #accounts = new Map<Client, Account>();
  readonly #live = new Map<Client, string>();
  readonly #limits: SessionLimits;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  /** A message has reached the server. */
  received(client: Client, bytes: Uint8Array): void {
    const account = this.#accountOf(client);
    account.packetsFrom++;
    const message = decodeMessage(bytes);
    if (typeof message === 'string' || message.messageClass !== 'request') return;
    const peers = attributes(message, AttributeType.xorPeerAddress).flatMap((value) => {
      const address = readXorAddress(value, message.transactionId);
      return address === null ? [] : [address.ip];
    });
    account.named.set(hexOf(message.transactionId), peers);
  }

  /** The server has sent a message. */
  sent(client: Client, bytes: Uint8Array, nowMs: number): void {
    const account = this.#accountOf(client);
    const reply = new Reply(bytes);
    const isSigned = reply.has(AttributeType.messageIntegrity) || reply.has(AttributeType.messageIntegritySha256);
    account.isKnown ||= isSigned;
    account.packetsTo++;
    if (!account.isKnown) {
      assert(bytes.length <= longestChallenge, `${bytes.length} bytes for a stranger`);
      assert(account.packetsTo <= account.packetsFrom, 'a stranger is sent no more packets than came from there');
    }
    if (reply.message.method === Method.allocate) this.#judgeAllocated(account, reply);
    if (reply.message.messageClass === 'success' && isSigned) this.#grant(account, reply, nowMs);
  }

  /** Media has passed between a client and a peer. */
  passed(client: Client, peer: IpAddress, nowMs: number): void {
    const account = this.#accountOf(client);
    assert((account.granted.get(ipKey(peer)) ?? 0) > nowMs, 'media passes with a live permission alone');
    assert(account.allocationEndsMs > nowMs, 'media passes within an allocation alone');
  }

  /** A session has begun or ended. */
  session(event: SessionEvent): void {
    if (event.type === 'refused') return;
    const { client, username } = event;
    const account = this.#accountOf(client);
    if (event.type === 'session-ended') {
      assert(this.#live.delete(client), 'what ends has begun');
      account.isLive = false;
      account.granted.clear();
      // A copy of a request that comes after the end is a new one.
      account.allocated.clear();
      account.mismatched.clear();
      return;
    }
    assert(!this.#live.has(client), 'a 5-tuple has one allocation');
    this.#live.set(client, subjectOf(username));
    account.isLive = true;
    const ofUser = [...this.#live.values()].filter((subject) => subject === subjectOf(username)).length;
    assert(ofUser <= this.#limits.perUser, `${ofUser} sessions of one user`);
    assert(this.#live.size <= this.#limits.total, `${this.#live.size} sessions`);
  }

  /** Throws unless every session has ended. */
  assertOver(): void {
    assert.equal(this.#live.size, 0, 'every session has ended');
  }

  /** RFC 8656 section 7.2: a retransmission is told what the request was told. */
  #judgeAllocated(account: Account, reply: Reply): void {
    const id = hexOf(reply.message.transactionId);
    const before = account.allocated.get(id);
    if (reply.code !== 0) {
      // A nonce may run out between two copies of a request.
      const isAllowed = before === undefined || !account.isLive || reply.code === 438;
      assert(isAllowed, `an Allocate that was granted is answered ${reply.code}`);
      if (reply.code === 437) account.mismatched.add(id);
      return;
    }
    assert(!account.mismatched.has(id), 'an Allocate is not refused because of itself');
    const told = `${reply.relayed.join()} ${reply.mapped}`;
    assert(before === undefined || before === told, 'an Allocate is answered the same again');
    account.allocated.set(id, told);
  }

  #grant(account: Account, reply: Reply, nowMs: number): void {
    const { message } = reply;
    if (message.method === Method.allocate || message.method === Method.refresh) {
      account.allocationEndsMs = nowMs + reply.lifetimeS * 1000;
    } else if (message.method === Method.createPermission || message.method === Method.channelBind) {
      for (const peer of this.#namedBy(account, message)) account.granted.set(ipKey(peer), nowMs + 300_000);
    }
  }

  #namedBy(account: Account, message: Message): IpAddress[] {
    const peers = account.named.get(hexOf(message.transactionId));
    assert(peers !== undefined, 'what is answered was asked');
    return peers;
  }

  #accountOf(client: Client): Account {
    let account = this.#accounts.get(client);
    if (account === undefined) {
      account = {
        ...{ packetsFrom: 0, packetsTo: 0, isKnown: false, allocationEndsMs: 0, isLive: false },
        ...{ named: new Map(), allocated: new Map(), mismatched: new Set(), granted: new Map() },
      };
      this.#accounts.set(client, account);
    }
    return account;
  }
}

/** The user of a time-limited name. */
function subjectOf(username: string): string {
  return username.slice(username.indexOf(':') + 1);
}
