import { describe, expect, test } from 'vitest';
import type { AppCredentials, CredentialChange, StaticUser } from '../../server/credentials/credential-set.ts';
import { staticUser } from '../../server/credentials/credential-set.ts';
import { packUsers } from '../../server/credentials/credential-changes.ts';
import { at } from './addresses.ts';
import { chat, chatClient, chatMachine, chatSecret, keyClient } from './chat-app.ts';
import { TestClient } from './test-client.ts';
import { defaultCredentials, realm, startMs, type TestMachine } from './test-machine.ts';

const startS = startMs / 1000;

function apps(changes: Partial<AppCredentials>): CredentialChange {
  return { kind: 'apps', apps: [chat(changes)] };
}

function alice(changes: Partial<StaticUser>): CredentialChange {
  return { kind: 'users', users: packUsers([{ ...staticUser('alice', realm, 'wonderland'), ...changes }]) };
}

const newSecret = { id: 'new', secret: new TextEncoder().encode('the next secret of that app'), acceptedUntilS: null };

describe('SECURITY.md 9: what ends live sessions, and what a new Allocate is told then', () => {
  test.each<[string, (machine: TestMachine) => TestClient, CredentialChange, string, number, string]>([
    ['a revoked secret', chatClient, apps({ secrets: [] }), 'credential-revoked', 401, 'wrong-password'],
    ['a revoked API key', keyClient, apps({ keyIds: [] }), 'credential-revoked', 401, 'revoked-key'],
    ['a disabled app', chatClient, apps({ state: 'disabled' }), 'credential-revoked', 401, 'disabled-app'],
    ['an app without bytes', chatClient, apps({ state: 'exhausted' }), 'quota-exhausted', 486, 'quota-bytes'],
    ['a removed app', chatClient, { kind: 'remove-app', id: 'chat' }, 'credential-revoked', 401, 'wrong-password'],
    [
      'a removed user',
      (m) => new TestClient(m),
      { kind: 'remove-user', name: 'alice' },
      'credential-revoked',
      401,
      'unknown-user',
    ],
    [
      'a user that has expired',
      (m) => new TestClient(m),
      alice({ expiresAtS: startS }),
      'credential-revoked',
      401,
      'expired-credential',
    ],
    [
      'a user without bytes',
      (m) => new TestClient(m),
      alice({ isExhausted: true }),
      'quota-exhausted',
      486,
      'quota-bytes',
    ],
  ])('%s', (_, make, change, end, code, cause) => {
    const machine = chatMachine();
    const client = make(machine);
    const others = [
      chatClient(machine, 'carol', { ttlS: 60 }),
      TestClient.withRestCredential(machine, 'carol', 600),
      new TestClient(machine, { username: 'bob', password: 'builder' }),
    ].slice(change.kind === 'apps' && client.username.includes('abcdefgh') ? 0 : 1);
    for (const each of [client, ...others]) expect(each.allocate()?.code).toBe(0);
    machine.change(change);
    const ended = machine.events.filter((event) => event.type === 'session-ended');
    expect(ended).toMatchObject([{ username: client.username, cause: end }]);
    expect(client.refresh()?.code).toBe(437);
    expect(client.createPermission(at('8.8.8.8', 0))?.code).toBe(437);
    expect(client.allocate()?.code).toBe(code);
    expect(machine.refusals.at(-1)).toBe(cause);
    for (const each of others) expect(each.refresh()?.code).toBe(0);
  });

  test.each<[string, Partial<AppCredentials>]>([
    ['nothing', {}],
    ['a new secret', { secrets: [...chat().secrets, { ...newSecret, state: 'active' }] }],
    [
      'a secret that retires',
      { secrets: chat().secrets.map((each) => ({ ...each, state: 'retiring', acceptedUntilS: 1 })) },
    ],
    ['a secret whose time is over', { secrets: chat().secrets.map((each) => ({ ...each, state: 'retired' })) }],
    ['a new API key', { keyIds: [...chat().keyIds, 'zzzzzzzz'] }],
    ['another quota', { allocationsPerSubject: 1 }],
  ])('%s ends none', (_, changes) => {
    const machine = chatMachine();
    const clients = [chatClient(machine), keyClient(machine)];
    for (const client of clients) client.allocate();
    expect(machine.change(apps(changes))).toEqual([]);
    for (const client of clients) expect(client.refresh()?.code).toBe(0);
  });

  test('a key that never was, and one of another app, are as good as none: 401', () => {
    const machine = chatMachine();
    expect(keyClient(machine, 'zzzzzzzz').allocate()?.code).toBe(401);
    const ofDefault = TestClient.withRestCredential(machine, 'default.abcdefgh/carol', 600);
    expect(ofDefault.allocate()?.code).toBe(401);
    expect(machine.refusals).toEqual(['revoked-key', 'revoked-key']);
  });

  test('nobody can leave the key out of a username: the password is of the whole', () => {
    const machine = chatMachine({ keyIds: [] });
    const { username, password } = keyClient(machine);
    const without = new TestClient(machine, { username: username.replace('.abcdefgh', ''), password });
    expect(without.allocate()?.code).toBe(401);
    expect(machine.refusals).toEqual(['wrong-password']);
  });

  test('a secret of one app is no secret of another', () => {
    const machine = chatMachine();
    const asDefault = TestClient.withRestCredential(machine, 'carol', 600, { secret: chatSecret });
    expect(asDefault.allocate()?.code).toBe(401);
  });

  test('the rotation of a secret drops no session, and refuses no credential that was issued before it', () => {
    const machine = chatMachine();
    const live = chatClient(machine);
    live.allocate();
    const issuedBefore = chatClient(machine, 'dave', { ttlS: 86_400 });
    const [old] = chat().secrets.map(
      (each) => ({ ...each, state: 'retiring', acceptedUntilS: startS + 86_400 }) as const,
    );
    const next = { ...newSecret, state: 'active' } as const;
    machine.change(apps({ secrets: old === undefined ? [next] : [next, old] }));
    for (let passedS = 500; passedS < 86_400; passedS += 500) {
      machine.advance(500);
      live.forgetNonce();
      expect(live.refresh()?.code).toBe(0);
    }
    expect(issuedBefore.allocate()?.code).toBe(0);
    issuedBefore.refresh(0);
    // The overlap ends: what lives lives on, and what is new is refused.
    machine.advance(86_400 - (machine.nowS - startS));
    machine.change(apps({ secrets: old === undefined ? [next] : [next, { ...old, state: 'retired' }] }));
    live.forgetNonce();
    expect([live.refresh()?.code, issuedBefore.allocate()?.code]).toEqual([0, 401]);
  });
});

describe('a static user’s expiry', () => {
  test('ends live sessions at its time, is the bound of every LIFETIME, and closes streams', () => {
    const machine = chatMachine();
    machine.change(alice({ expiresAtS: startS + 700 }));
    const udp = new TestClient(machine);
    const tcp = new TestClient(machine, { transport: 'tcp' });
    for (const client of [udp, tcp]) expect(client.allocate()?.lifetimeS).toBe(600);
    machine.advance(300);
    for (const client of [udp, tcp]) expect(client.refresh(600)?.lifetimeS).toBe(400);
    const done = machine.advance(400);
    expect(done.filter(({ kind }) => kind === 'close-client')).toEqual([{ kind: 'close-client', client: tcp.client }]);
    const ended = machine.events.filter((event) => event.type === 'session-ended');
    expect(ended.map(({ cause }) => cause)).toEqual(['credential-revoked', 'credential-revoked']);
    expect([udp.refresh()?.code, udp.allocate()?.code]).toEqual([437, 401]);
    machine.assertEmpty();
  });

  test('that is set, brought forward or put off while a session lives', () => {
    const machine = chatMachine();
    const client = new TestClient(machine);
    client.allocate();
    machine.change(alice({ expiresAtS: startS + 100 }));
    expect(machine.server.nextTimeoutMs).toBe(startMs + 100_000);
    machine.change(alice({ expiresAtS: startS + 50 }));
    expect(machine.server.nextTimeoutMs).toBe(startMs + 50_000);
    machine.change(alice({ expiresAtS: null }));
    expect(client.refresh()?.lifetimeS).toBe(600);
    machine.advance(599);
    expect(machine.server.allocationCount).toBe(1);
  });
});

test('a whole set in which nothing differs ends nothing', () => {
  const machine = chatMachine();
  const clients = [chatClient(machine), keyClient(machine), new TestClient(machine)];
  for (const client of clients) client.allocate();
  expect(machine.setCredentials({ ...defaultCredentials, apps: [chat()] })).toEqual([]);
  expect(clients.map((client) => client.refresh()?.code)).toEqual([0, 0, 0]);
});
