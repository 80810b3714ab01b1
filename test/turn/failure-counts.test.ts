import { describe, expect, test } from 'vitest';
import type { FailureCount } from '../../server/seam/session-event.ts';
import { FailureCounts, maxFailureRows } from '../../server/turn/failure-counts.ts';
import { at } from './addresses.ts';
import { ban, chatClient, chatMachine, keyClient } from './chat-app.ts';
import { TestClient } from './test-client.ts';
import type { TestMachine } from './test-machine.ts';

const wrong = { password: 'wrong' };

function counted(machine: TestMachine): FailureCount[] {
  return machine.server.takeFailures().map((row) => ({ ...row }));
}

describe('refusals are counted by cause, app, subject and transport', () => {
  const udp = { transport: 'udp', count: 1 } as const;

  test.each<[string, (machine: TestMachine) => unknown, Partial<FailureCount>]>([
    [
      'an unknown user',
      (m) => new TestClient(m, { username: 'mallory' }).allocate(),
      { cause: 'unknown-user', app: null, subject: null },
    ],
    [
      'a static user’s wrong password',
      (m) => new TestClient(m).allocate(undefined, wrong),
      { cause: 'wrong-password', app: null, subject: null },
    ],
    [
      'an app’s wrong password',
      (m) => chatClient(m).allocate(undefined, wrong),
      { cause: 'wrong-password', app: 'chat', subject: null },
    ],
    [
      'the default app’s',
      (m) => TestClient.withRestCredential(m, 'x/y', 9).allocate(undefined, wrong),
      { cause: 'wrong-password', app: 'default', subject: null },
    ],
    [
      'a credential that has expired',
      (m) => chatClient(m, 'carol', { ttlS: -1 }).allocate(),
      { cause: 'expired-credential', app: 'chat', subject: 'carol' },
    ],
    [
      'a key that is none',
      (m) => keyClient(m, 'zzzzzzzz').allocate(),
      { cause: 'revoked-key', app: 'chat', subject: 'carol' },
    ],
    [
      'a stale nonce',
      (m) => chatClient(m).allocate(undefined, { nonce: 'forged' }),
      { cause: 'stale-nonce', app: 'chat', subject: null },
    ],
    [
      'a stream',
      (m) => chatClient(m, 'carol', { ttlS: -1, transport: 'tcp' }).allocate(),
      { cause: 'expired-credential', transport: 'tcp' },
    ],
    [
      'a peer',
      (machine) => {
        const client = new TestClient(machine);
        client.allocate();
        client.createPermission(at('10.0.0.1', 0));
      },
      { cause: 'peer-denied', app: null, subject: 'alice' },
    ],
    [
      'a banned address, of which no name is read',
      (machine) => {
        machine.change({ kind: 'bans', bans: [ban({ kind: 'address', range: '0.0.0.0/0' })] });
        new TestClient(machine).allocate(undefined, { integrity: 'none' });
      },
      { cause: 'banned', app: null, subject: null },
    ],
  ])('%s', (_, provoke, expected) => {
    const machine = chatMachine();
    provoke(machine);
    expect(counted(machine)).toEqual([expect.objectContaining({ ...udp, ...expected })]);
    expect(counted(machine)).toEqual([]);
  });

  test('exactly, and a stale nonce with no event', () => {
    const machine = chatMachine();
    const client = chatClient(machine);
    for (let count = 0; count < 70; count++) client.allocate(undefined, wrong);
    for (let count = 0; count < 30; count++) client.allocate(undefined, { nonce: 'forged' });
    expect(counted(machine)).toMatchObject([
      { cause: 'wrong-password', count: 70 },
      { cause: 'stale-nonce', count: 30 },
    ]);
    expect(new Set(machine.refusals)).toEqual(new Set(['wrong-password']));
  });

  test('the opening challenge is no failure, and neither is success', () => {
    const machine = chatMachine();
    const client = chatClient(machine);
    client.allocate();
    client.refresh(0);
    expect(counted(machine)).toEqual([]);
  });

  test('SECURITY.md 14: what a stranger calls himself is never in it', () => {
    const machine = chatMachine();
    for (const name of ['mallory', '9:mallory/x', '9:__proto__/x', '9:chat.zzzzzzzz/mallory', 'constructor']) {
      new TestClient(machine, { username: name }).allocate();
    }
    expect(JSON.stringify(counted(machine))).not.toMatch(/mallory|proto|constructor|zzzz/);
  });
});

describe('SECURITY.md 14: the rows of an interval are bounded, and nothing is left out', () => {
  const transports = ['udp', 'tcp', 'tls'] as const;
  const causes = ['expired-credential', 'quota-user', 'peer-denied', 'banned', 'wrong-password'] as const;

  test.each([
    ['subjects', 1, 5000],
    ['apps and subjects', 2000, 3],
  ])('%s', (_, apps, subjects) => {
    const counts = new FailureCounts();
    let refused = 0;
    for (let app = 0; app < apps; app++) {
      for (let subject = 0; subject < subjects; subject++) {
        counts.count({
          cause: causes[refused % causes.length] ?? 'banned',
          app: `app-${app}`,
          subject: `subject-${subject}`,
          transport: transports[refused % 3] ?? 'udp',
        });
        refused += 1;
      }
    }
    const rows = counts.take();
    expect(rows.length).toBeLessThanOrEqual(maxFailureRows);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(refused);
    expect(rows.some(({ subject }) => subject === null)).toBe(true);
    for (const cause of causes) expect(rows.some((row) => row.cause === cause)).toBe(true);
  });

  test('a subject that is empty is not one that is unknown', () => {
    const counts = new FailureCounts();
    for (const subject of ['', null]) counts.count({ cause: 'banned', app: 'chat', subject, transport: 'udp' });
    expect(counts.take()).toHaveLength(2);
  });
});
