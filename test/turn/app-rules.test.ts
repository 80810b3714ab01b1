import { describe, expect, test } from 'vitest';
import { packUsers } from '../../server/credentials/credential-changes.ts';
import { staticUser, type AppCredentials, type CredentialChange } from '../../server/credentials/credential-set.ts';
import { parseCidr, type Cidr } from '../../server/stun/cidr.ts';
import { writeLifetime } from '../../server/stun/turn-attributes.ts';
import { at, ip } from './addresses.ts';
import { chat, chatClient, chatMachine, defaultApp } from './chat-app.ts';
import { TestClient } from './test-client.ts';
import { dualStackPlan, realm, startMs, TestMachine, type TestMachineSettings } from './test-machine.ts';

const apps = (changes: Partial<AppCredentials>): CredentialChange => ({ kind: 'apps', apps: [chat(changes)] });

function cidr(text: string): Cidr {
  const range = parseCidr(text);
  if (range === null) throw new Error(`${text} is no range`);
  return range;
}

describe('allocations of a subject: the app’s number, or turn.limits', () => {
  const limits = { allocationsPerUser: 2 };

  test.each<[string, Partial<AppCredentials>, TestMachineSettings, number]>([
    ['none of its own', {}, { limits }, 2],
    ['fewer', { allocationsPerSubject: 1 }, { limits }, 1],
    ['more', { allocationsPerSubject: 4 }, { limits }, 4],
    ['as many as it likes', { allocationsPerSubject: 0 }, { limits }, 6],
    ['a number where the configuration has none', { allocationsPerSubject: 3 }, {}, 3],
  ])('%s', (_, changes, settings, granted) => {
    const machine = chatMachine(changes, settings);
    const codes = Array.from({ length: 6 }, () => chatClient(machine).allocate()?.code);
    expect(codes).toEqual(codes.map((__, index) => (index < granted ? 0 : 486)));
  });

  test('subjects of the same name in two apps are two, whatever their usernames look like', () => {
    const machine = chatMachine({ allocationsPerSubject: 1 }, { limits: { allocationsPerUser: 1 } });
    const codes = ['carol', 'chat/carol', 'default/carol'].map((subject) => {
      return TestClient.withRestCredential(machine, subject, 600).allocate()?.code;
    });
    // Of the default app: carol, chat/carol (its secret is not chat's), and carol again by the app's name.
    expect(codes).toEqual([0, 0, 486]);
    expect(chatClient(machine).allocate()?.code).toBe(0);
    expect(chatClient(machine).allocate()?.code).toBe(486);
  });

  test('of a static user, whom turn.limits do not limit', () => {
    const machine = new TestMachine({ limits: { allocationsPerUser: 1 } });
    const user = { ...staticUser('alice', realm, 'wonderland'), allocations: 2 };
    const codes = (): (number | undefined)[] => [1, 2].map(() => new TestClient(machine).allocate()?.code);
    expect(codes()).toEqual([0, 0]);
    machine.change({ kind: 'users', users: packUsers([user]) });
    expect(codes()).toEqual([486, 486]);
    expect(machine.refusals.at(-1)).toBe('quota-user');
  });
});

describe('bits per second of a subject: a change reaches live buckets', () => {
  /** The rates of the buckets that a client's relay is charged to. */
  const rates = (machine: TestMachine, client: TestClient): (number | undefined)[] => {
    const relay = [...machine.plane.relays.values()].find((each) => each.client === client.client);
    return relay?.buckets.map((bucket) => machine.plane.rates.get(bucket)) ?? [];
  };

  test('of an app', () => {
    const machine = chatMachine({}, { limits: { bitsPerSecondPerUser: 5000 } });
    const clients = [chatClient(machine), chatClient(machine), chatClient(machine, 'dave')];
    const other = TestClient.withRestCredential(machine, 'carol', 600);
    for (const client of [...clients, other]) client.allocate();
    const seen = (): unknown => [...clients, other].map((client) => rates(machine, client));
    expect(seen()).toEqual([[5000], [5000], [5000], [5000]]);
    // One bucket for each subject, not for each session.
    expect(machine.change(apps({ bitsPerSecondPerSubject: 800 })).map(({ kind }) => kind)).toEqual([
      'set-rate',
      'set-rate',
    ]);
    expect(seen()).toEqual([[800], [800], [800], [5000]]);
    machine.change(apps({ bitsPerSecondPerSubject: 0 }));
    expect(seen()).toEqual([[undefined], [undefined], [undefined], [5000]]);
    machine.change(apps({ bitsPerSecondPerSubject: null }));
    expect(seen()).toEqual([[5000], [5000], [5000], [5000]]);
    for (const client of [...clients, other]) client.refresh(0);
    machine.assertEmpty();
  });

  test('of a static user who had no limit', () => {
    const machine = new TestMachine();
    const client = new TestClient(machine);
    client.allocate();
    expect(rates(machine, client)).toEqual([undefined]);
    const user = { ...staticUser('alice', realm, 'wonderland'), bitsPerSecond: 64_000 };
    machine.change({ kind: 'users', users: packUsers([user]) });
    expect(rates(machine, client)).toEqual([64_000]);
    client.refresh(0);
    machine.assertEmpty();
  });
});

describe('SECURITY.md 1: an app’s peers, beside turn.peers', () => {
  const configured = { options: { peers: { allow: [cidr('10.1.0.0/16')], deny: [cidr('8.8.4.0/24')] } } };

  test.each<[string, Partial<AppCredentials>['peers'], string, number]>([
    ['what both leave closed', { allow: [], deny: [] }, '10.2.0.1', 403],
    ['what the configuration opens', { allow: [], deny: [] }, '10.1.0.1', 0],
    ['what the app opens', { allow: ['10.2.0.0/16'], deny: [] }, '10.2.0.1', 0],
    ['what the app closes', { allow: [], deny: ['8.8.8.8/32'] }, '8.8.8.8', 403],
    ['what the app closes and the configuration opens', { allow: [], deny: ['10.1.0.0/24'] }, '10.1.0.1', 403],
    ['what the configuration closes and the app opens', { allow: ['8.8.4.0/24'], deny: [] }, '8.8.4.4', 403],
    ['what is always closed', { allow: ['::ffff:0:0/96'], deny: [] }, '::ffff:10.2.0.1', 443],
  ])('%s', (_, peers, peer, code) => {
    const machine = chatMachine({ peers: peers ?? { allow: [], deny: [] } }, configured);
    const client = chatClient(machine);
    client.allocate();
    expect(client.createPermission(at(peer, 0))?.code).toBe(code);
    expect(client.channelBind(0x4000, at(peer, 9))?.code).toBe(code);
  });

  test('they are the app’s alone', () => {
    const machine = chatMachine({ peers: { allow: ['10.2.0.0/16'], deny: ['8.8.8.8/32'] } });
    for (const client of [new TestClient(machine), TestClient.withRestCredential(machine, 'carol', 600)]) {
      client.allocate();
      expect(client.createPermission(at('10.2.0.1', 0))?.code).toBe(403);
      expect(client.createPermission(at('8.8.8.8', 0))?.code).toBe(0);
    }
  });

  test('a change judges live permissions anew, of this app alone', () => {
    const machine = chatMachine();
    const client = chatClient(machine);
    const other = new TestClient(machine);
    for (const each of [client, other]) {
      each.allocate();
      each.createPermission(at('8.8.8.8', 0), at('9.9.9.9', 0));
    }
    const done = machine.change(apps({ peers: { allow: [], deny: ['8.8.8.0/24'] } }));
    expect(done).toMatchObject([{ kind: 'revoke-peer', peer: ip('8.8.8.8') }]);
    expect(machine.server.allocationCount).toBe(2);
    // Opening it again permits nothing by itself: the client asks.
    expect(machine.change(apps({}))).toEqual([]);
    expect(client.createPermission(at('8.8.8.8', 0))?.code).toBe(0);
  });

  test('the rules outlast a change of addresses, and a removed app has none', () => {
    const machine = chatMachine({ peers: { allow: [], deny: ['8.8.8.8/32'] } });
    machine.setPlan({ ...dualStackPlan, own: [...dualStackPlan.own, ip('198.19.0.2')] });
    const client = chatClient(machine);
    client.allocate();
    expect(client.createPermission(at('8.8.8.8', 0))?.code).toBe(403);
    client.refresh(0);
    machine.change({ kind: 'remove-app', id: 'chat' }, apps({}));
    client.allocate();
    expect(client.createPermission(at('8.8.8.8', 0))?.code).toBe(0);
  });
});

describe('DESIGN.md section 4: an app’s longest session', () => {
  const longestSessionS = 1500;

  test('bounds every LIFETIME, and ends the session however often it is refreshed; its client may begin another', () => {
    const machine = chatMachine({ longestSessionS });
    const client = chatClient(machine);
    expect(client.allocate((writer) => void writeLifetime(writer, 3600))?.lifetimeS).toBe(1500);
    machine.advance(1000);
    expect(client.refresh(3600)?.lifetimeS).toBe(500);
    machine.advance(499.5);
    expect(client.refresh(3600)?.lifetimeS).toBe(1);
    machine.advance(0.5);
    expect(machine.nowMs).toBe(startMs + 1_500_000);
    expect(machine.events.at(-1)).toMatchObject({ type: 'session-ended', cause: 'session-too-long' });
    expect(client.refresh()?.code).toBe(437);
    expect(client.allocate()?.code).toBe(0);
  });

  test('a session that is not refreshed has expired as ever', () => {
    const machine = chatMachine({ longestSessionS });
    chatClient(machine).allocate();
    machine.advance(600);
    expect(machine.events.at(-1)).toMatchObject({ type: 'session-ended', cause: 'expired' });
  });

  test('closes a stream', () => {
    const machine = chatMachine({ longestSessionS: 100 });
    const client = chatClient(machine, 'carol', { transport: 'tcp' });
    client.allocate();
    expect(machine.advance(100).at(-1)).toEqual({ kind: 'close-client', client: client.client });
  });

  test.each<[string, number | null, number | null, number]>([
    ['set', null, 200, 100],
    ['shortened', 500, 200, 100],
    ['shortened to less than has passed', 500, 50, 0],
    ['lengthened', 200, 700, 600],
    ['lifted', 200, null, 600],
  ])('%s while a session lives', (_, before, after, leftS) => {
    const machine = chatMachine({ longestSessionS: before });
    const client = chatClient(machine);
    client.allocate();
    machine.advance(100);
    machine.change(apps({ longestSessionS: after }));
    if (leftS === 0) {
      expect(machine.events.at(-1)).toMatchObject({ type: 'session-ended', cause: 'session-too-long' });
      machine.assertEmpty();
    } else {
      expect(client.refresh(600)?.lifetimeS).toBe(leftS);
      machine.advance(leftS);
      machine.assertEmpty();
    }
  });
});

test('the default app has rules as every other', () => {
  const machine = new TestMachine();
  const client = TestClient.withRestCredential(machine, 'carol', 3600);
  client.allocate();
  machine.change({ kind: 'apps', apps: [defaultApp({ bitsPerSecondPerSubject: 900, allocationsPerSubject: 1 })] });
  expect([...machine.plane.rates.values()]).toEqual([900]);
  expect(TestClient.withRestCredential(machine, 'carol', 600).allocate()?.code).toBe(486);
});
