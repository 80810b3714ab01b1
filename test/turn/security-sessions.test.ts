import { describe, expect, test } from 'vitest';
import { staticUser, type RestSecret } from '../../server/credentials/credential-set.ts';
import { Method } from '../../server/stun/registry.ts';
import { writeEvenPort, writeLifetime, writeReservationToken } from '../../server/stun/turn-attributes.ts';
import { at } from './addresses.ts';
import type { TestCredentials } from './credentials.ts';
import { TestClient } from './test-client.ts';
import { defaultCredentials, realm, restSecret, startMs, TestMachine } from './test-machine.ts';

const secondSecret = new TextEncoder().encode('another secret, quite as long as it');

function secret(changes: Partial<RestSecret> = {}): RestSecret {
  return { id: 'first', secret: restSecret, state: 'active', acceptedUntilS: null, ...changes };
}

function withSecrets(...secrets: RestSecret[]): TestCredentials {
  return { ...defaultCredentials, secrets };
}

function carol(
  machine: TestMachine,
  ttlS: number,
  settings: { transport?: 'tcp'; secret?: Uint8Array } = {},
): TestClient {
  const client = TestClient.withRestCredential(machine, 'carol', ttlS, settings);
  expect(client.allocate()?.code).toBe(0);
  return client;
}

describe("SECURITY.md 9: other people's allocations", () => {
  const other = { username: 'bob', password: 'builder' };

  test('437 for an Allocate on an occupied 5-tuple, even of its own user', () => {
    const machine = new TestMachine();
    const alice = new TestClient(machine);
    alice.allocate();
    expect(alice.allocate()?.code).toBe(437);
    const bob = new TestClient(machine, { ...other, address: alice.client.remote });
    expect(bob.allocate()?.code).toBe(437);
  });

  test("437 for another user's copy of the transaction", () => {
    const machine = new TestMachine();
    const alice = new TestClient(machine);
    const transactionId = new Uint8Array(12).fill(5);
    alice.allocate(undefined, { transactionId });
    const bob = new TestClient(machine, { ...other, address: alice.client.remote });
    expect(bob.allocate(undefined, { transactionId })?.code).toBe(437);
  });

  test.each([
    ['Refresh', Method.refresh],
    ['CreatePermission', Method.createPermission],
    ['ChannelBind', Method.channelBind],
  ])("441 for a %s with another user's credentials, and nothing is changed", (_, method) => {
    const machine = new TestMachine();
    const alice = new TestClient(machine);
    alice.allocate();
    const bob = new TestClient(machine, { ...other, address: alice.client.remote });
    const before = machine.actions.length;
    expect(bob.request(method, (writer) => void writeLifetime(writer, 0))?.code).toBe(441);
    // The challenge and the refusal.
    expect(machine.actions.slice(before).map(({ kind }) => kind)).toEqual(['send', 'send']);
    expect(machine.server.allocationCount).toBe(1);
  });

  test('another listener, another port and another transport are other 5-tuples', () => {
    const machine = new TestMachine();
    const address = at('203.0.113.9', 4711);
    const clients = [
      new TestClient(machine, { address }),
      new TestClient(machine, { address: at('203.0.113.9', 4712) }),
      new TestClient(machine, { address, transport: 'tcp' }),
    ];
    expect(clients.map((client) => client.allocate()?.code)).toEqual([0, 0, 0]);
    expect(machine.udpClient(address, 2)).not.toEqual(machine.udpClient(address, 1));
  });
});

describe('SECURITY.md 9: a time-limited credential that expires', () => {
  test('refuses new Allocates: 401, like an unknown user', () => {
    const machine = new TestMachine();
    const client = TestClient.withRestCredential(machine, 'carol', 0);
    const expired = client.allocate();
    const unknown = new TestClient(machine, { username: 'mallory' }).allocate();
    expect([expired?.code, expired?.size]).toEqual([401, unknown?.size]);
    expect(expired?.signature(client.key())).toBe('none');
    expect(machine.refusals).toEqual(['expired-credential', 'unknown-user']);
  });

  test('a live session refreshes, permits and binds on', () => {
    const machine = new TestMachine();
    const client = carol(machine, 60);
    machine.advance(120);
    expect(client.refresh()?.code).toBe(0);
    expect(client.createPermission(at('8.8.8.8', 0))?.code).toBe(0);
    expect(client.channelBind(0x4000, at('8.8.8.8', 9))?.code).toBe(0);
    client.refresh(0);
    expect(client.allocate()?.code).toBe(401);
  });

  test('a retransmission of its Allocate is answered, though the credential has expired since', () => {
    const machine = new TestMachine();
    const client = TestClient.withRestCredential(machine, 'carol', 1);
    const transactionId = new Uint8Array(12).fill(5);
    client.allocate(undefined, { transactionId });
    machine.advance(2);
    expect(client.allocate(undefined, { transactionId })?.code).toBe(0);
  });

  test('an expired credential redeems no reservation', () => {
    const machine = new TestMachine();
    const client = TestClient.withRestCredential(machine, 'carol', 10);
    const token = client.allocate((writer) => void writeEvenPort(writer, { reserveNext: true }))?.token;
    machine.advance(11);
    const redeemer = TestClient.withRestCredential(machine, 'carol', -1);
    const reply = redeemer.allocate((writer) => void writeReservationToken(writer, token ?? new Uint8Array(8)));
    expect(reply?.code).toBe(401);
  });

  test.each([
    [false, 1000, 600, 600],
    [true, 1000, 600, 600],
    [true, 90, 600, 90],
    [true, 2000, 3600, 2000],
    [true, 9000, 3600, 3600],
  ])('strictExpiry %s: %i s left of %i s asked for give %i s', (strictExpiry, ttlS, asked, granted) => {
    const machine = new TestMachine({ options: { strictExpiry } });
    const client = TestClient.withRestCredential(machine, 'carol', ttlS);
    expect(client.allocate((writer) => void writeLifetime(writer, asked))?.lifetimeS).toBe(granted);
    expect(client.refresh(asked)?.lifetimeS).toBe(granted);
  });

  test('strictExpiry: the session ends with its credential however often it is refreshed', () => {
    const machine = new TestMachine({ options: { strictExpiry: true } });
    const client = carol(machine, 700);
    for (let count = 0; count < 6; count++) {
      machine.advance(100);
      expect(client.refresh(3600)?.lifetimeS).toBe(600 - count * 100);
    }
    machine.advance(100);
    machine.assertEmpty();
    expect(machine.nowMs).toBe(startMs + 700_000);
  });

  test('strictExpiry: refreshes within the last second do not carry a session beyond its credential', () => {
    const machine = new TestMachine({ options: { strictExpiry: true } });
    const client = carol(machine, 700);
    machine.advance(300);
    expect(client.refresh(600)?.lifetimeS).toBe(400);
    machine.advance(399.5);
    expect(client.refresh(600)?.lifetimeS).toBe(1);
    machine.advance(0.4);
    expect(client.refresh(600)?.lifetimeS).toBe(1);
    machine.advance(0.1);
    machine.assertEmpty();
    expect(client.refresh(600)?.code).toBe(437);
  });
});

describe('SECURITY.md 9: secrets that retire and are revoked, users that go', () => {
  test('both of two secrets are accepted', () => {
    const machine = new TestMachine({
      credentials: withSecrets(secret(), secret({ id: 'second', secret: secondSecret })),
    });
    carol(machine, 600);
    carol(machine, 600, { secret: secondSecret });
  });

  test('a retiring secret is accepted for new Allocates until its time; live sessions outlast it', () => {
    const machine = new TestMachine();
    const retiring = withSecrets(secret({ state: 'retiring', acceptedUntilS: machine.nowS + 100 }));
    expect(machine.setCredentials(retiring)).toEqual([]);
    const client = carol(machine, 6000);
    machine.advance(101);
    expect(TestClient.withRestCredential(machine, 'carol', 6000).allocate()?.code).toBe(401);
    expect(client.refresh()?.code).toBe(0);
  });

  test('revoking a secret ends the sessions of its credentials and no other, at once: then 437', () => {
    const both = withSecrets(secret(), secret({ id: 'second', secret: secondSecret }));
    const machine = new TestMachine({ credentials: both });
    const first = carol(machine, 600);
    const second = carol(machine, 600, { secret: secondSecret });
    const alice = new TestClient(machine);
    alice.allocate();
    machine.setCredentials(withSecrets(secret({ state: 'revoked' }), secret({ id: 'second', secret: secondSecret })));
    expect(machine.events.at(-1)).toMatchObject({ type: 'session-ended', cause: 'credential-revoked' });
    expect(machine.server.allocationCount).toBe(2);
    expect(second.refresh()?.code).toBe(0);
    expect(alice.refresh()?.code).toBe(0);
    expect(first.refresh()?.code).toBe(437);
    expect(first.createPermission(at('8.8.8.8', 0))?.code).toBe(437);
    expect(first.lastReply()?.signature(first.key())).toBe('sha1');
    expect(first.allocate()?.code).toBe(401);
    expect(new Set([...machine.plane.relays.values()].map(({ client }) => client))).toEqual(
      new Set([second.client, alice.client]),
    );
  });

  test('a client whose secret is gone, but who has a credential that stands, is answered 437', () => {
    const machine = new TestMachine({
      credentials: withSecrets(secret(), secret({ id: 'second', secret: secondSecret })),
    });
    const first = carol(machine, 600);
    machine.setCredentials(withSecrets(secret({ id: 'second', secret: secondSecret })));
    const again = TestClient.withRestCredential(machine, 'carol', 600, {
      address: first.client.remote,
      secret: secondSecret,
    });
    expect(again.refresh()?.code).toBe(437);
    expect(again.allocate()?.code).toBe(0);
    expect(first.refresh()?.code).toBe(401);
  });

  test('a stream whose session was ended so is closed, after the session', () => {
    const machine = new TestMachine();
    const client = carol(machine, 600, { transport: 'tcp' });
    const done = machine.setCredentials(withSecrets());
    expect(done.map(({ kind }) => kind)).toEqual(['close-relay', 'session-event', 'close-client']);
    expect(done.at(-1)).toEqual({ kind: 'close-client', client: client.client });
    machine.assertEmpty();
  });

  test.each<[string, TestCredentials['users'], number]>([
    ['is gone', [], 0],
    ['has another password', [staticUser('alice', realm, 'looking-glass')], 0],
    ['is the same', [staticUser('alice', realm, 'wonderland')], 1],
  ])('sessions of a static user who %s', (_, users, left) => {
    const machine = new TestMachine();
    new TestClient(machine).allocate();
    machine.setCredentials({ ...defaultCredentials, users });
    expect(machine.server.allocationCount).toBe(left);
  });

  test('what is still being opened for a revoked credential is answered 401', () => {
    const machine = new TestMachine();
    machine.answerOpen = () => 'later';
    const client = TestClient.withRestCredential(machine, 'carol', 600);
    client.allocate();
    machine.setCredentials(withSecrets());
    machine.answer(machine.waitingRelay, 'open');
    expect(client.lastReply()?.code).toBe(401);
    machine.assertEmpty();
  });
});
