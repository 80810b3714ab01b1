import { strict as assert } from 'node:assert';
import { packUsers } from '../../../server/credentials/credential-changes.ts';
import {
  plainApp,
  staticUser,
  type AppCredentials,
  type CredentialChange,
} from '../../../server/credentials/credential-set.ts';
import type { Action } from '../../../server/seam/action.ts';
import type { Client } from '../../../server/seam/client.ts';
import type { AddressPlan, RelayFailure, RelayId } from '../../../server/seam/relay.ts';
import { decodeMessage } from '../../../server/stun/message.ts';
import { AttributeType, Method } from '../../../server/stun/registry.ts';
import { readUint16 } from '../../../server/stun/byte-access.ts';
import { at, ip } from '../../turn/addresses.ts';
import type { TestCredentials } from '../../turn/credentials.ts';
import { Reply } from '../../turn/reply.ts';
import { TestClient, type RequestDetails } from '../../turn/test-client.ts';
import { defaultCredentials, dualStackPlan, realm, TestMachine, type PlaneAnswer } from '../../turn/test-machine.ts';
import { splitAttributes } from '../attribute-mutation.ts';
import type { Observe } from '../engine/target.ts';
import { MachineInvariants } from './machine-invariants.ts';
import type { StepBytes } from './script-bytes.ts';

const failures: readonly [RelayFailure, ...RelayFailure[]] = ['port-taken', 'no-descriptors', 'address-unavailable'];
const planeAnswers: readonly [PlaneAnswer, ...PlaneAnswer[]] = ['open', 'open', 'later', ...failures];
const methods: readonly [number, ...number[]] = [
  Method.allocate,
  Method.refresh,
  Method.createPermission,
  Method.channelBind,
  Method.binding,
  Method.send,
  0xfff,
];
const integrities: readonly [RequestDetails['integrity'], ...RequestDetails['integrity'][]] = [
  'sha1',
  'sha1',
  'sha256',
  'both',
  'none',
];

const { users, secrets } = defaultCredentials;
const [first] = secrets;
assert(first !== undefined);
const credentialSets: readonly [TestCredentials, ...TestCredentials[]] = [
  defaultCredentials,
  { realm, users, secrets: [{ ...first, state: 'revoked' }] },
  { realm, users, secrets: [{ ...first, state: 'retiring', acceptedUntilS: 1_795_133_000 }] },
  { realm, users: [], secrets },
  { realm, users: [staticUser('alice', realm, 'another password')], secrets: [] },
];

const ban = { id: 'b', expiresAtS: null } as const;
const [alice] = users;
assert(alice !== undefined);

/** The default app, in another state or with other rules. */
function defaultApp(changes: Partial<AppCredentials>): CredentialChange {
  return { kind: 'apps', apps: [{ ...plainApp('default', secrets), ...changes }] };
}

/** Changes that come one by one. */
const changes: readonly [CredentialChange, ...CredentialChange[]] = [
  { kind: 'bans', bans: [{ ...ban, target: { kind: 'address', range: '203.0.113.50/32' } }] },
  { kind: 'bans', bans: [{ ...ban, target: { kind: 'subject', app: 'default', subject: 'carol' } }] },
  { kind: 'bans', bans: [{ ...ban, target: { kind: 'user', name: 'bob' }, expiresAtS: 1_795_133_000 }] },
  { kind: 'remove-ban', id: 'b' },
  { kind: 'users', users: packUsers([{ ...alice, allocations: 1, bitsPerSecond: 700, expiresAtS: 1_795_133_100 }]) },
  { kind: 'users', users: packUsers([{ ...alice, isExhausted: true }]) },
  { kind: 'users', users: packUsers([alice]) },
  { kind: 'remove-user', name: 'bob' },
  defaultApp({ state: 'disabled' }),
  defaultApp({ state: 'exhausted' }),
  defaultApp({ longestSessionS: 300, bitsPerSecondPerSubject: 900, allocationsPerSubject: 1 }),
  defaultApp({ peers: { allow: [], deny: ['8.8.8.0/24', '2606:4700::/33'] } }),
  defaultApp({}),
  { kind: 'remove-app', id: 'default' },
];

const plans: readonly [AddressPlan, ...AddressPlan[]] = [
  dualStackPlan,
  { ...dualStackPlan, relays: dualStackPlan.relays.map((relays) => ({ ...relays, ipv6: null })) },
  { ...dualStackPlan, translations: [{ local: ip('198.19.0.1'), public: ip('9.9.9.9') }], own: [ip('9.9.9.9')] },
  { own: [], relays: [], translations: [] },
];

/** What a machine is set to, from one byte. */
function machineOf(options: number): TestMachine {
  const isTight = (options & 1) !== 0;
  const limits = {
    ...{ allocationsPerUser: 2, allocationsTotal: 4, allocationsPerAddress: 3, permissionsPerAllocation: 2 },
    ...{ channelsPerAllocation: 2, bitsPerSecondPerAllocation: 1000, bitsPerSecondPerUser: 5000 },
  };
  return new TestMachine({
    ...(isTight ? { limits } : {}),
    options: {
      relayPorts: { first: 50001, last: (options & 2) === 0 ? 50040 : 50003 },
      channelRange: (options & 4) === 0 ? 'rfc8656' : 'rfc5766',
      defaultAddressFamily: (options & 8) === 0 ? 'ipv4' : 'client',
      strictExpiry: (options & 16) !== 0,
      alternateServers: (options & 32) === 0 ? [] : [at('9.9.9.10', 3478)],
      capabilities: { dontFragment: (options & 64) !== 0, icmp: (options & 128) !== 0 },
      relaysTotal: isTight ? 5 : 0,
    },
  });
}

/** The machine, whoever speaks with it, and everything else that may happen to it: one step at a time, of any bytes. */
export class FuzzedMachine {
  readonly #machine: TestMachine;
  readonly #invariants: MachineInvariants;
  readonly #observe: Observe;
  readonly #hasIcmp: boolean;
  readonly #clients: TestClient[];
  #token: Uint8Array | undefined;

  constructor(options: number, observe: Observe) {
    const machine = machineOf(options);
    this.#machine = machine;
    this.#hasIcmp = (options & 128) !== 0;
    this.#observe = observe;
    this.#invariants = new MachineInvariants(machine);
    // The same addresses every time: an input does the same whenever it is run.
    const address = at('203.0.113.50', 20_000);
    const tcp = { transport: 'tcp', speaks: 'rfc8489', address: at('203.0.113.50', 20_001) } as const;
    this.#clients = [
      new TestClient(machine, { address }),
      new TestClient(machine, { username: 'bob', password: 'builder', ...tcp }),
      TestClient.withRestCredential(machine, 'carol', 1_000_000, { address: at('203.0.113.51', 20_000) }),
      TestClient.withRestCredential(machine, 'carol', 700, tcp),
      TestClient.withRestCredential(machine, 'default/dave', 700, { address: at('2606:4700::77', 40_000) }),
    ];
  }

  /** Does what the bytes say, and judges it. */
  step(bytes: StepBytes): void {
    const before = this.#machine.actions.length;
    this.#perform(bytes);
    // Whoever the machine hangs up on is gone.
    for (const action of this.#machine.actions.slice(before)) {
      if (action.kind === 'close-client') this.#gone(action.client);
    }
    for (const action of this.#machine.actions.slice(before)) this.#see(action);
    this.#invariants.check();
  }

  /** Lets everything run out: then nothing may be left (SECURITY.md 8). */
  end(): void {
    const machine = this.#machine;
    machine.answerOpen = () => 'open';
    while (machine.plane.opening.size > 0) machine.answer(machine.waitingRelay, 'open');
    for (let round = 0; round < 10 && machine.server.nextTimeoutMs !== Infinity; round++) {
      machine.advance(Math.max(0, machine.server.nextTimeoutMs - machine.nowMs) / 1000 + 3600);
    }
    this.#invariants.check();
    machine.assertEmpty();
  }

  #perform(bytes: StepBytes): void {
    const machine = this.#machine;
    switch (bytes.byte() % 14) {
      case 0:
      case 1:
      case 2:
        return this.#request(this.#who(bytes), bytes);
      case 3:
        return void machine.receive(bytes.rest(), this.#who(bytes).client);
      case 4:
        machine.answerOpen = answersOf(bytes.pick(planeAnswers), bytes.pick(planeAnswers));
        return;
      case 5: {
        const waiting = [...machine.plane.opening.keys()];
        const relay = waiting[bytes.byte() % Math.max(1, waiting.length)];
        if (relay !== undefined) machine.answer(relay, bytes.pick(['open', 'open', ...failures]));
        return;
      }
      case 6:
        return void machine.advance(bytes.uint16() / 10);
      case 7:
        // A clock that jumps, forward or back, with no timer in between.
        machine.nowMs += (bytes.uint16() - 0x8000) * bytes.pick([1, 100]);
        return;
      case 8:
        return this.#gone(this.#who(bytes).client);
      case 9:
        if ((bytes.byte() & 1) === 0) machine.setCredentials(bytes.pick(credentialSets));
        else machine.change(bytes.pick(changes));
        return;
      case 10:
        return this.#changePlan(bytes.pick(plans));
      case 11:
        return this.#unreachable(bytes);
      case 12:
        return this.#end(bytes);
      default:
        machine.server.handleTimeout(machine.nowMs);
        machine.drain();
    }
  }

  #request(who: TestClient, bytes: StepBytes): void {
    const mode = bytes.byte();
    const transactionId = new Uint8Array(12).fill(bytes.byte() % 4);
    const method = bytes.pick(methods);
    const integrity = integrities[(mode & 7) % integrities.length] ?? 'none';
    const details: RequestDetails = {
      transactionId,
      integrity,
      fingerprint: (mode & 8) !== 0,
      ...((mode & 16) === 0 ? {} : { password: 'wrong' }),
      ...((mode & 32) === 0 ? {} : { username: this.#clients[mode & 3]?.username ?? '' }),
      ...((mode & 192) === 192 ? { nonce: 'obMatJos2AAAB0000000aaaaaaaaaaaaaaaaa' } : {}),
    };
    const reply = who.request(method, (writer) => {
      for (const part of splitAttributes(bytes.rest())) {
        if (part.length < 4) continue;
        const type = readUint16(part, 0);
        const value = part.subarray(4, 4 + readUint16(part, 2));
        const isToken = type === AttributeType.reservationToken && value[0] === 0xff;
        writer.attribute(type, isToken ? (this.#token ?? value) : value);
      }
    }, details); // prettier-ignore
    if (reply?.message.messageClass === 'indication') return;
    if (reply?.code === 438) who.forgetNonce();
    if (reply !== undefined) this.#observe(method * 1000 + reply.code);
  }

  #changePlan(plan: AddressPlan): void {
    if (plan.translations.length > 0) this.#invariants.translated();
    this.#machine.setPlan(plan);
  }

  #unreachable(bytes: StepBytes): void {
    if (!this.#hasIcmp) return;
    const relay = (bytes.byte() % 48) as RelayId;
    const peer = bytes.pick([at('8.8.8.8', 9), at('2606:4700::1111', 9), at('8.8.4.4', 9)]);
    const icmp = { type: bytes.byte() % 128, code: bytes.byte(), errorData: bytes.uint16() };
    this.#machine.server.handlePeerUnreachable(relay, peer, icmp, this.#machine.nowMs);
    this.#machine.drain();
  }

  #end(bytes: StepBytes): void {
    const { server, nowMs } = this.#machine;
    const started = this.#machine.events.filter((event) => event.type === 'session-started');
    const chosen = started[bytes.byte() % Math.max(1, started.length)];
    const how = bytes.byte() % 8;
    if (how === 0) server.startDrain(nowMs);
    else if (how === 1) server.endAllSessions('drained', nowMs);
    else if (chosen !== undefined) server.endSession(chosen.session, chosen.client, nowMs);
    this.#machine.drain();
  }

  #gone(client: Client): void {
    const index = this.#clients.findIndex((each) => each.client === client);
    const known = this.#clients[index];
    if (known === undefined || client.transport === 'udp') return;
    this.#machine.clientGone(client);
    const { username, password, speaks } = known;
    const address = client.remote;
    this.#clients[index] = new TestClient(this.#machine, { username, password, speaks, address, transport: 'tcp' });
  }

  #see(action: Action): void {
    if (action.kind === 'session-event') {
      const { event } = action;
      this.#observe(1_000_000 + numberOf(event.type === 'session-started' ? event.type : event.cause));
      return;
    }
    this.#observe(2_000_000 + numberOf(action.kind));
    if (action.kind !== 'send') return;
    const message = decodeMessage(action.bytes);
    assert(typeof message !== 'string', 'what is sent is a message');
    if (message.messageClass === 'success') this.#token = new Reply(action.bytes).token ?? this.#token;
  }

  #who(bytes: StepBytes): TestClient {
    const client = this.#clients[bytes.byte() % this.#clients.length];
    assert(client !== undefined);
    return client;
  }
}

function answersOf(...answers: readonly PlaneAnswer[]): () => PlaneAnswer {
  let asked = 0;
  return () => answers[asked++ % answers.length] ?? 'open';
}

/** A number for a word, so that different words are different features. */
function numberOf(word: string): number {
  return new TextEncoder().encode(word).reduce((hash, letter) => (hash * 31 + letter) % 100_003, 7);
}
