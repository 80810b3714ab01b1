import { describe } from 'vitest';
import { packUsers } from '../../../server/credentials/credential-changes.ts';
import {
  staticUser,
  type AppCredentials,
  type Ban,
  type StaticUser,
} from '../../../server/credentials/credential-set.ts';
import { writeEvenPort, writeReservationToken } from '../../../server/stun/turn-attributes.ts';
import { at } from '../../turn/addresses.ts';
import { ban, chat, chatClient, keyClient } from '../../turn/chat-app.ts';
import type { Reply } from '../../turn/reply.ts';
import { TestClient } from '../../turn/test-client.ts';
import {
  defaultCredentials,
  realm,
  startMs,
  type TestMachine,
  type TestMachineSettings,
} from '../../turn/test-machine.ts';
import { testRows } from './protocol-row.ts';

const startS = startMs / 1000;

function withChat(changes: Partial<AppCredentials>, settings: TestMachineSettings = {}): TestMachineSettings {
  return { ...settings, credentials: { ...defaultCredentials, apps: [chat(changes)] } };
}

function withAlice(changes: Partial<StaticUser>): TestMachineSettings {
  const users = [{ ...staticUser('alice', realm, 'wonderland'), ...changes }];
  return { credentials: { ...defaultCredentials, users } };
}

function withBan(target: Ban['target']): TestMachineSettings {
  return { credentials: { ...defaultCredentials, apps: [chat()], bans: [ban(target)] } };
}

const allocate = (make: (machine: TestMachine) => TestClient) => (machine: TestMachine): Reply | undefined => make(machine).allocate(); // prettier-ignore
const alice = (machine: TestMachine): TestClient => new TestClient(machine);

describe('RFC 8656 section 7.2 step 1: credentials that are as good as none: 401', () => {
  testRows([
    ['of an app', allocate(chatClient), 0, withChat({})],
    ['of a live API key', allocate(keyClient), 0, withChat({})],
    ['of an API key that is revoked', allocate(keyClient), 401, withChat({ keyIds: [] })],
    ['of an app that is disabled', allocate(chatClient), 401, withChat({ state: 'disabled' })],
    ['of an app that is not there', allocate(chatClient), 401],
    ['of a secret that is revoked', allocate(chatClient), 401, withChat({ secrets: [] })],
    ['of a static user that has expired', allocate(alice), 401, withAlice({ expiresAtS: startS })],
    ['of a static user that has not yet', allocate(alice), 0, withAlice({ expiresAtS: startS + 1 })],
  ]);
});

describe('RFC 8656 section 7.2: administrative restrictions: 403, and 437 for what has ended', () => {
  const subject = { kind: 'subject', app: 'chat', subject: 'carol' } as const;
  testRows([
    ['a banned subject', allocate(chatClient), 403, withBan(subject)],
    [
      'the same subject of another app',
      allocate((m) => TestClient.withRestCredential(m, 'carol', 60)),
      0,
      withBan(subject),
    ],
    ['a banned user', allocate(alice), 403, withBan({ kind: 'user', name: 'alice' })],
    [
      'a banned address, before it is asked who it is',
      (machine) => new TestClient(machine).allocate(undefined, { integrity: 'none' }),
      403,
      withBan({ kind: 'address', range: '203.0.113.0/24' }),
    ],
    [
      'a banned address is answered a Binding',
      (machine) => new TestClient(machine).request(1, undefined, { integrity: 'none' }),
      0,
      withBan({ kind: 'address', range: '203.0.113.0/24' }),
    ],
    [
      'a Refresh of a session that a ban has ended',
      (machine) => {
        const client = chatClient(machine);
        client.allocate();
        machine.change({ kind: 'bans', bans: [ban(subject)] });
        return client.refresh();
      },
      437,
      withChat({}),
    ],
  ]);
});

describe('RFC 8656 section 7.2 step 10: quotas: 486', () => {
  const twice = (make: (machine: TestMachine) => TestClient) => (machine: TestMachine): Reply | undefined => {
    make(machine).allocate();
    return make(machine).allocate();
  }; // prettier-ignore

  testRows([
    ['the app has used up its bytes', allocate(chatClient), 486, withChat({ state: 'exhausted' })],
    ['the user has', allocate(alice), 486, withAlice({ isExhausted: true })],
    ['the app admits one allocation of a subject', twice(chatClient), 486, withChat({ allocationsPerSubject: 1 })],
    [
      'the app admits more than turn.limits do',
      twice(chatClient),
      0,
      withChat({ allocationsPerSubject: 2 }, { limits: { allocationsPerUser: 1 } }),
    ],
    ['the user may have one', twice(alice), 486, withAlice({ allocations: 1 })],
    [
      'and a reserved port is one',
      (machine) => {
        const reserve = (): Reply | undefined =>
          chatClient(machine).allocate((writer) => void writeEvenPort(writer, { reserveNext: true }));
        const token = reserve()?.token ?? new Uint8Array(8);
        machine.change({ kind: 'apps', apps: [chat({ state: 'exhausted' })] });
        return chatClient(machine).allocate((writer) => void writeReservationToken(writer, token));
      },
      486,
      withChat({}),
    ],
    [
      'the bytes are used up in mid-session: then 437',
      (machine) => {
        const client = new TestClient(machine);
        client.allocate();
        const user = { ...staticUser('alice', realm, 'wonderland'), isExhausted: true };
        machine.change({ kind: 'users', users: packUsers([user]) });
        return client.refresh();
      },
      437,
    ],
  ]);
});

describe('RFC 8656 sections 10.2 and 12.2: peers that an app may not reach: 403', () => {
  testRows([
    [
      'CreatePermission',
      (machine) => {
        const client = chatClient(machine);
        client.allocate();
        return client.createPermission(at('8.8.8.8', 0));
      },
      403,
      withChat({ peers: { allow: [], deny: ['8.8.8.8/32'] } }),
    ],
    [
      'ChannelBind',
      (machine) => {
        const client = chatClient(machine);
        client.allocate();
        return client.channelBind(0x4000, at('8.8.8.8', 9));
      },
      403,
      withChat({ peers: { allow: [], deny: ['8.8.8.8/32'] } }),
    ],
  ]);
});
