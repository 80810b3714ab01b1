import { strict as assert } from 'node:assert';
import type { RelayFailure, RelayId } from '../../server/seam/relay.ts';
import type { IpFamily } from '../../server/stun/transport-address.ts';
import {
  writeAdditionalAddressFamily,
  writeEvenPort,
  writeReservationToken,
} from '../../server/stun/turn-attributes.ts';
import { at } from './addresses.ts';
import {
  dropFamily,
  expectChannel,
  expectPermissions,
  expectRefresh,
  expireReference,
  newReferenceSession,
  planeView,
  referenceView,
  type ReferenceSession,
} from './reference-session.ts';
import { Reply } from './reply.ts';
import type { AllocateShape, Step } from './script-step.ts';
import { assertSuccessIsApplied } from './success-check.ts';
import { TestClient, type WriteAttributes } from './test-client.ts';
import { defaultCredentials, dualStackPlan, noLimits, TestMachine, type PlaneAnswer } from './test-machine.ts';

const peers = [at('8.8.8.8', 9), at('8.8.8.8', 10), at('8.8.4.4', 9), at('2606:4700::1111', 9), at('10.0.0.1', 9)];
const denied = peers.slice(4);
const limits = {
  ...noLimits,
  allocationsPerUser: 3,
  allocationsTotal: 5,
  permissionsPerAllocation: 2,
  channelsPerAllocation: 2,
  bitsPerSecondPerAllocation: 1000,
  bitsPerSecondPerUser: 5000,
};
const ipv4Plan = {
  ...dualStackPlan,
  relays: dualStackPlan.relays.map((relays) => ({ ...relays, ipv6: null })),
};
const revokedCredentials = {
  ...defaultCredentials,
  secrets: defaultCredentials.secrets.map((secret) => ({ ...secret, state: 'revoked' as const })),
};

/** Someone who speaks with the machine, as the reference sees them. */
interface Participant {
  client: TestClient;
  /** Counted against a quota; null for a static user. */
  readonly subject: string | null;
  session: ReferenceSession | undefined;
  pending: Attempt | undefined;
  /** Until when the machine tells a client of a revoked session that it is gone. */
  goneUntilMs: number;
  transactionId: Uint8Array;
}

/** An Allocate that waits for the plane. */
interface Attempt {
  readonly transactionId: Uint8Array;
  readonly claims: number;
  readonly relays: Set<RelayId>;
}

/** A reserved port. */
interface ReferenceReservation {
  readonly token: Uint8Array;
  readonly subject: string | null;
  readonly expiresAtMs: number;
}

/** The machine beside a reference that is written from the RFC: after every step both must say the same. */
export class ReferenceModel {
  readonly machine: TestMachine;
  readonly #participants: readonly Participant[];
  readonly #attempts = new Map<Attempt, { readonly subject: string | null }>();
  #reservations: ReferenceReservation[] = [];
  #isRevoked = false;
  #isDraining = false;
  #hasIpv6 = true;

  constructor(seed: number) {
    this.machine = new TestMachine({ seed, limits, options: { relayPorts: { first: 50001, last: 50040 } } });
    this.machine.observe = (action) => assertSuccessIsApplied(this.machine.plane, action);
    this.#participants = [
      this.#participant('carol', 'udp'),
      this.#participant('carol', 'tcp'),
      this.#participant('dave', 'udp'),
      this.#participant(null, 'udp'),
    ];
  }

  /** Does one step and compares. */
  step(step: Step): void {
    const before = this.machine.actions.length;
    this.#perform(step);
    for (const action of this.machine.actions.slice(before)) {
      if (action.kind === 'close-client') this.#streamEnds(this.#participantOf(action.client));
    }
    this.#compare();
  }

  /** Lets everything run out: then nothing may be left. */
  end(): void {
    while (this.machine.plane.opening.size > 0) this.step({ kind: 'answer', answer: 'open' });
    this.step({ kind: 'wait', seconds: 3600 });
    this.machine.assertEmpty();
  }

  #perform(step: Step): void {
    const { machine } = this;
    switch (step.kind) {
      case 'allocate':
        return this.#allocate(this.#at(step.who), step.shape, step.answers, step.again);
      case 'refresh': {
        const who = this.#at(step.who);
        const reply = who.client.refresh(step.lifetimeS, step.family);
        return this.#expect(who, reply, (session) => {
          return expectRefresh(session, step.lifetimeS, step.family, machine.nowMs);
        });
      }
      case 'permit': {
        const who = this.#at(step.who);
        const named = step.peers.map((index) => peers[index % peers.length] ?? at('8.8.8.8', 9));
        const reply = who.client.createPermission(...named);
        return this.#expect(who, reply, (session) => expectPermissions(session, named, denied, limits, machine.nowMs));
      }
      case 'bind': {
        const who = this.#at(step.who);
        const peer = peers[step.peer % peers.length] ?? at('8.8.8.8', 9);
        const reply = who.client.channelBind(step.channel, peer);
        return this.#expect(who, reply, (session) => {
          return expectChannel(session, step.channel, peer, denied, limits, machine.nowMs);
        });
      }
      case 'answer':
        return this.#answer(step.answer);
      case 'wait':
        machine.advance(step.seconds);
        // Nonces outlive no hour; nobody here wants to hear of it.
        for (const { client } of this.#participants) client.forgetNonce();
        return this.#expire();
      case 'gone':
        return this.#streamEnds(this.#at(step.who));
      case 'noise':
        machine.receive(step.bytes, this.#at(step.who).client.client);
        return;
      case 'revoke':
        return this.#revoke(step.revoked);
      case 'plan':
        return this.#changePlan(step.ipv6);
      case 'drain':
        machine.server.startDrain(machine.nowMs);
        this.#isDraining = true;
    }
  }

  #allocate(who: Participant, shape: AllocateShape, answers: readonly PlaneAnswer[], again: boolean): void {
    const { machine } = this;
    if (!again) who.transactionId = machine.randomBytes(12);
    const { transactionId } = who;
    const opening = new Set(machine.plane.opening.keys());
    let asked = 0;
    machine.answerOpen = () => answers[asked++ % answers.length] ?? 'open';
    const reservation = this.#reservations.find(({ subject }) => (subject === who.subject) === (shape === 'token'));
    const reply = who.client.allocate(this.#shaped(shape, reservation?.token), { transactionId });
    const isSame = (id: Uint8Array | undefined): boolean => id?.join() === transactionId.join();
    if (isSame(who.pending?.transactionId)) {
      assert.equal(reply, undefined, 'a retransmission is absorbed');
      assert.equal(asked, 0);
    } else if (this.#isRevoked && who.subject !== null) {
      assert.equal(reply?.code, 401);
    } else if (isSame(who.session?.transactionId)) {
      assert.equal(reply?.code, 0, 'a retransmission is answered again');
      assert.equal(asked, 0);
    } else if (who.session !== undefined || who.pending !== undefined) {
      assert.equal(reply?.code, 437);
    } else {
      const relays = [...machine.plane.opening.keys()].filter((relay) => !opening.has(relay));
      this.#allocated(who, shape, reservation, reply, new Set(relays));
    }
  }

  #shaped(shape: AllocateShape, token: Uint8Array | undefined): WriteAttributes {
    return (writer) => {
      if (shape === 'even') writeEvenPort(writer, { reserveNext: false });
      if (shape === 'pair') writeEvenPort(writer, { reserveNext: true });
      if (shape === 'dual') writeAdditionalAddressFamily(writer, 6);
      if (shape === 'token' || shape === 'stolen-token') writeReservationToken(writer, token ?? new Uint8Array(8));
    };
  }

  /** A new Allocate, which may be refused for want of room, fail in the plane, wait for it, or succeed. */
  #allocated(
    who: Participant,
    shape: AllocateShape,
    reservation: ReferenceReservation | undefined,
    reply: Reply | undefined,
    relays: Set<RelayId>,
  ): void {
    const { transactionId } = who;
    const claims = shape === 'pair' ? 2 : 1;
    if (shape === 'token' || shape === 'stolen-token') {
      const isRefused = reservation === undefined || shape === 'stolen-token' || this.#isDraining;
      assert.equal(reply?.code, isRefused ? 508 : 0);
      if (isRefused) return;
      this.#reservations = this.#reservations.filter((each) => each !== reservation);
      return this.#begin(who, reply, transactionId);
    }
    const refusal = this.#isDraining ? 508 : this.#quotaRefusal(who.subject, claims);
    if (refusal !== undefined) {
      assert.equal(reply?.code, refusal);
    } else if (reply === undefined) {
      assert(relays.size > 0, 'only the plane is waited for');
      who.pending = { transactionId, claims, relays };
      this.#attempts.set(who.pending, who);
    } else if (reply.code === 0) {
      this.#begin(who, reply, transactionId);
    } else {
      assert([500, 508].includes(reply.code), `${reply.code} is no failure of the plane`);
    }
  }

  /** RFC 8656 section 7.2 step 10, for one claim after the other. */
  #quotaRefusal(subject: string | null, claims: number): number | undefined {
    for (let more = 0; more < claims; more++) {
      if (this.#claims() + more >= limits.allocationsTotal) return 508;
      if (subject !== null && this.#claims(subject) + more >= limits.allocationsPerUser) return 486;
    }
    return undefined;
  }

  #begin(who: Participant, reply: Reply, transactionId: Uint8Array): void {
    const families = reply.relayed.map((address): IpFamily => (address.startsWith('[') ? 6 : 4));
    assert(this.#hasIpv6 || !families.includes(6), 'no relay stands on an address that is gone');
    const { nowMs } = this.machine;
    who.session = newReferenceSession(transactionId, families, nowMs + reply.lifetimeS * 1000);
    who.goneUntilMs = 0;
    const { token } = reply;
    if (token !== undefined) this.#reservations.push({ token, subject: who.subject, expiresAtMs: nowMs + 30_000 });
  }

  /** The plane answers for the relay that has waited longest; for another port that is tried then it answers later. */
  #answer(answer: 'open' | RelayFailure): void {
    const { plane } = this.machine;
    const [relay] = plane.opening.keys();
    if (relay === undefined) return;
    const attempt = [...this.#attempts.keys()].find(({ relays }) => relays.has(relay));
    assert(attempt !== undefined, 'a relay is opened for somebody');
    const before = new Set(plane.opening.keys());
    this.machine.answerOpen = () => 'later';
    const sent = this.machine.answer(relay, answer).filter((action) => action.kind === 'send');
    attempt.relays.delete(relay);
    for (const other of plane.opening.keys()) if (!before.has(other)) attempt.relays.add(other);
    if (attempt.relays.size > 0) return assert.deepEqual(sent, [], 'the answer waits for all relays');

    this.#attempts.delete(attempt);
    const who = this.#participants.find(({ pending }) => pending === attempt);
    if (who === undefined) return assert.deepEqual(sent, [], 'whoever is gone is not answered');
    who.pending = undefined;
    assert(sent.length === 1 && sent[0]?.client === who.client.client, 'whoever waits is answered once');
    const reply = new Reply(sent[0].bytes);
    if (reply.code === 0) this.#begin(who, reply, attempt.transactionId);
  }

  #expect(who: Participant, reply: Reply | undefined, rule: (session: ReferenceSession) => number): void {
    const isRevoked = this.#isRevoked && who.subject !== null;
    if (isRevoked) assert.equal(reply?.code, who.goneUntilMs > this.machine.nowMs ? 437 : 401);
    else if (who.session === undefined) assert.equal(reply?.code, 437);
    else assert.equal(reply?.code, rule(who.session));
    this.#expire();
  }

  #expire(): void {
    const { nowMs } = this.machine;
    for (const who of this.#participants) {
      if (who.session === undefined) continue;
      expireReference(who.session, nowMs);
      if (who.session.relays.size === 0) who.session = undefined;
    }
    this.#reservations = this.#reservations.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  }

  #revoke(revoked: boolean): void {
    this.machine.setCredentials(revoked ? revokedCredentials : defaultCredentials);
    this.#isRevoked = revoked;
    if (!revoked) return;
    for (const who of this.#participants) {
      if (who.subject === null) continue;
      if (who.session !== undefined && who.client.client.transport === 'udp') {
        who.goneUntilMs = Math.max(...who.session.relays.values());
      }
      who.session = undefined;
    }
    this.#reservations = this.#reservations.filter(({ subject }) => subject === null);
  }

  #changePlan(hasIpv6: boolean): void {
    this.machine.setPlan(hasIpv6 ? dualStackPlan : ipv4Plan);
    this.#hasIpv6 = hasIpv6;
    if (!hasIpv6) for (const { session } of this.#participants) if (session !== undefined) dropFamily(session, 6);
    this.#expire();
  }

  #streamEnds(who: Participant): void {
    if (who.client.client.transport === 'udp') return;
    this.machine.clientGone(who.client.client);
    const { username, password } = who.client;
    who.client = new TestClient(this.machine, { username, password, transport: 'tcp' });
    who.session = undefined;
    who.pending = undefined;
  }

  #participant(subject: string | null, transport: 'udp' | 'tcp'): Participant {
    const client =
      subject === null
        ? new TestClient(this.machine, { transport })
        : TestClient.withRestCredential(this.machine, subject, 1_000_000, { transport });
    const transactionId = this.machine.randomBytes(12);
    return { client, subject, session: undefined, pending: undefined, goneUntilMs: 0, transactionId };
  }

  #at(who: number): Participant {
    const participant = this.#participants[who];
    assert(participant !== undefined);
    return participant;
  }

  #participantOf(client: unknown): Participant {
    const participant = this.#participants.find((each) => each.client.client === client);
    assert(participant !== undefined, 'nobody but the participants is spoken to');
    return participant;
  }

  /** How many units are held, by one subject or by all: of sessions, reservations, and attempts, be their clients there or gone. */
  #claims(subject?: string): number {
    const isCounted = (held: { readonly subject: string | null }): boolean => {
      return subject === undefined || held.subject === subject;
    };
    const sessions = this.#participants.filter((who) => who.session !== undefined && isCounted(who)).length;
    const attempts = [...this.#attempts].filter(([, owner]) => isCounted(owner));
    const waiting = attempts.reduce((sum, [{ claims }]) => sum + claims, 0);
    return sessions + waiting + this.#reservations.filter(isCounted).length;
  }

  #compare(): void {
    const { stats } = this.machine.server;
    const { plane } = this.machine;
    for (const { client, session } of this.#participants) {
      assert.deepEqual(planeView(plane, client), referenceView(session));
    }
    const sessions = this.#participants.flatMap(({ session }) => (session === undefined ? [] : [session]));
    const subjects = new Set(
      this.#participants.flatMap(({ session, subject }) => (session === undefined ? [] : [subject])),
    );
    subjects.delete(null);
    const gone = this.#participants.filter(({ goneUntilMs }) => goneUntilMs > this.machine.nowMs).length;
    const timed = sessions.map(({ relays, permissions, channels }) => relays.size + permissions.size + channels.size);
    assert.deepEqual(
      {
        allocations: stats.allocations,
        reservations: stats.reservations,
        attempts: stats.attempts,
        claims: stats.claims,
        buckets: stats.buckets,
        deadlines: stats.deadlines,
      },
      {
        allocations: sessions.length,
        reservations: this.#reservations.length,
        attempts: this.#attempts.size,
        claims: this.#claims(),
        buckets: sessions.length + subjects.size,
        deadlines: timed.reduce((sum, count) => sum + count, this.#reservations.length + gone),
      },
    );
    assert.equal(plane.rates.size, stats.buckets);
    const openPorts = plane.relays.size + [...plane.opening.values()].flat().length;
    // Ports that other programs have are held until the attempt is done.
    if (stats.attempts === 0) assert.equal(stats.portsTaken, openPorts);
    else assert(stats.portsTaken >= openPorts);
  }
}
