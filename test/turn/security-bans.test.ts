import { describe, expect, test } from 'vitest';
import type { BanTarget } from '../../server/credentials/credential-set.ts';
import { Method } from '../../server/stun/registry.ts';
import { writeEvenPort, writeReservationToken } from '../../server/stun/turn-attributes.ts';
import { at } from './addresses.ts';
import { ban, chatClient, chatMachine } from './chat-app.ts';
import { TestClient } from './test-client.ts';
import { realm, TestMachine } from './test-machine.ts';

const office = at('203.0.113.9', 4711);
const officeIpv6 = at('2620:fe::9', 4711);

const carol = (machine: TestMachine, address = office): TestClient => chatClient(machine, 'carol', { address });
const alice = (machine: TestMachine, address = office): TestClient => new TestClient(machine, { address });

/** Bans, and whom they are for. */
const targets: readonly [string, BanTarget, (machine: TestMachine) => TestClient][] = [
  ['an address', { kind: 'address', range: '203.0.113.9/32' }, carol],
  ['a network', { kind: 'address', range: '203.0.112.0/22' }, alice],
  ['everybody of a family', { kind: 'address', range: '0.0.0.0/0' }, carol],
  ['a network of IPv6', { kind: 'address', range: '2620:fe::/33' }, (machine) => carol(machine, officeIpv6)],
  [
    'an address of IPv6, by its /64',
    { kind: 'address', range: '2620:fe::1/128' },
    (machine) => carol(machine, officeIpv6),
  ],
  ['a subject of an app', { kind: 'subject', app: 'chat', subject: 'carol' }, carol],
  ['a static user', { kind: 'user', name: 'alice' }, alice],
];

/** Bans of others. */
const others: readonly [string, BanTarget, (machine: TestMachine) => TestClient][] = [
  ['of another address', { kind: 'address', range: '203.0.113.8/32' }, carol],
  ['of another network', { kind: 'address', range: '203.0.112.0/24' }, carol],
  ['of the other family', { kind: 'address', range: '::/0' }, carol],
  ['of another /64', { kind: 'address', range: '2620:fe:0:1::/64' }, (machine) => carol(machine, officeIpv6)],
  ['of the subject of another app', { kind: 'subject', app: 'default', subject: 'carol' }, carol],
  ['of another subject', { kind: 'subject', app: 'chat', subject: 'dave' }, carol],
  ['of a user with the name of a subject', { kind: 'user', name: 'carol' }, carol],
  ['of a subject with the name of a user', { kind: 'subject', app: 'default', subject: 'alice' }, alice],
  ['of what only reads like the same', { kind: 'subject', app: '', subject: 'chat/carol' }, carol],
];

describe('SECURITY.md 9: an administrator’s ban', () => {
  test.each(targets)(
    'of %s ends live sessions at once, then 437, and refuses new Allocates: 403',
    (_, target, make) => {
      const machine = chatMachine();
      const client = make(machine);
      expect(client.allocate()?.code).toBe(0);
      machine.change({ kind: 'bans', bans: [ban(target)] });
      expect(machine.events.at(-1)).toMatchObject({ type: 'session-ended', cause: 'banned' });
      expect(client.refresh()?.code).toBe(437);
      expect(client.createPermission(at('8.8.8.8', 0))?.code).toBe(437);
      expect(client.allocate()?.code).toBe(403);
      expect(machine.events.at(-1)).toMatchObject({ type: 'refused', cause: 'banned' });
      machine.change({ kind: 'remove-ban', id: ban(target).id });
      expect(client.allocate()?.code).toBe(0);
    },
  );

  test.each(others)('%s touches nobody else', (_, target, make) => {
    const machine = chatMachine();
    const client = make(machine);
    client.allocate();
    expect(machine.change({ kind: 'bans', bans: [ban(target)] })).toEqual([]);
    client.refresh(0);
    expect(client.allocate()?.code).toBe(0);
  });

  test('of an address is told before anybody is asked who he is, within the cap on unsigned answers', () => {
    const machine = chatMachine();
    machine.change({ kind: 'bans', bans: [ban({ kind: 'address', range: '203.0.113.9/32' })] });
    const client = new TestClient(machine, { username: 'mallory', address: office });
    const reply = client.allocate(undefined, { integrity: 'none' });
    expect(reply?.code).toBe(403);
    expect(reply?.size).toBeLessThanOrEqual(128);
    expect(reply?.signature(client.key())).toBe('none');
    expect(client.request(Method.refresh, undefined, { integrity: 'none' })?.code).toBe(401);
    for (let count = 0; count < 5000; count++) client.allocate(undefined, { integrity: 'none' });
    expect(machine.server.stats.challengesWithheld).toBeGreaterThan(900);
  });

  test('of a subject is signed: he has shown who he is', () => {
    const machine = chatMachine();
    machine.change({ kind: 'bans', bans: [ban({ kind: 'subject', app: 'chat', subject: 'carol' })] });
    const client = carol(machine);
    expect(client.allocate()?.signature(client.key())).toBe('sha1');
    expect(chatClient(machine, 'carol', { ttlS: -1 }).allocate()?.code).toBe(401);
  });

  test.each(targets)('of %s that has an end counts until then, removed or not', (_, target, make) => {
    const machine = chatMachine();
    const client = make(machine);
    client.nonce();
    machine.change({ kind: 'bans', bans: [ban(target, { expiresAtS: machine.nowS + 60 })] });
    expect(client.allocate()?.code).toBe(403);
    machine.advance(60);
    expect(client.allocate()?.code).toBe(0);
    expect(machine.change({ kind: 'bans', bans: [ban(target, { id: 'over', expiresAtS: machine.nowS })] })).toEqual([]);
  });

  test('a stream is closed, after its session', () => {
    const machine = chatMachine();
    const client = chatClient(machine, 'carol', { transport: 'tcp' });
    client.allocate();
    const done = machine.change({ kind: 'bans', bans: [ban({ kind: 'subject', app: 'chat', subject: 'carol' })] });
    expect(done.map(({ kind }) => kind)).toEqual(['close-relay', 'session-event', 'close-client']);
  });

  test('what is being opened is answered 403, and a reserved port is given up', () => {
    const machine = chatMachine();
    const token = carol(machine).allocate((writer) => void writeEvenPort(writer, { reserveNext: true }))?.token;
    machine.answerOpen = () => 'later';
    const waiting = chatClient(machine, 'carol');
    waiting.allocate();
    machine.change({ kind: 'bans', bans: [ban({ kind: 'subject', app: 'chat', subject: 'carol' })] });
    machine.answer(machine.waitingRelay, 'open');
    expect(waiting.lastReply()?.code).toBe(403);
    machine.change({ kind: 'remove-ban', id: 'a2345672' });
    const reply = chatClient(machine).allocate(
      (writer) => void writeReservationToken(writer, token ?? new Uint8Array(8)),
    );
    expect(reply?.code).toBe(508);
    machine.advance(600);
    machine.assertEmpty();
  });

  test('a whole set brings its bans with it, and leaves out those that are no more', () => {
    const machine = new TestMachine();
    const address = ban({ kind: 'address', range: '203.0.113.9/32' });
    const user = ban({ kind: 'user', name: 'alice' }, { id: 'b2345672' });
    const set = { realm, users: [], secrets: [] };
    machine.setCredentials({ ...set, bans: [address, user] });
    expect(alice(machine).allocate(undefined, { integrity: 'none' })?.code).toBe(403);
    machine.setCredentials({ ...set, bans: [user] });
    expect(alice(machine).allocate()?.code).toBe(401);
  });
});
