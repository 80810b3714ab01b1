import { describe, expect, test } from 'vitest';
import { packUsers } from '../../server/credentials/credential-changes.ts';
import { staticUser, type CredentialChange } from '../../server/credentials/credential-set.ts';
import { at } from './addresses.ts';
import { ban, chat, chatClient, chatMachine } from './chat-app.ts';
import { realm } from './test-machine.ts';

const sessions = 10_000;

describe('what a change costs beside ten thousand live sessions that it does not concern', () => {
  const machine = chatMachine();
  for (let number = 0; number < sessions; number++) {
    const client = chatClient(machine, `subject-${number}`, { address: at('203.0.113.50', 1024 + number) });
    client.allocate();
    if (number % 4000 === 0) machine.advance(1);
  }

  test.each<[string, (turn: number) => CredentialChange]>([
    ['a static user', (turn) => ({ kind: 'users', users: packUsers([staticUser(`user-${turn}`, realm, 'x')]) })],
    ['a removed user', (turn) => ({ kind: 'remove-user', name: `user-${turn}` })],
    ['another app', () => ({ kind: 'apps', apps: [chat({ id: 'call', secrets: [] })] })],
    [
      'a new API key of their own app',
      (turn) => ({ kind: 'apps', apps: [chat({ keyIds: ['abcdefgh', `aaaaaa${10 + turn}`] })] }),
    ],
    [
      'a ban of an address',
      (turn) => ({ kind: 'bans', bans: [ban({ kind: 'address', range: `198.51.100.${turn}/32` })] }),
    ],
    [
      'a ban of a subject',
      (turn) => ({ kind: 'bans', bans: [ban({ kind: 'subject', app: 'chat', subject: `${turn}` })] }),
    ],
  ])('%s: within a millisecond', (_, changeOf) => {
    expect(machine.server.allocationCount).toBe(sessions);
    const took = Array.from({ length: 25 }, (__, turn) => {
      const change = changeOf(turn);
      const startedAtMs = performance.now();
      machine.change(change);
      return performance.now() - startedAtMs;
    });
    // The median, and with room for a machine that is busy with other tests: undisturbed it is a tenth of this.
    const median = took.toSorted((a, b) => a - b)[12];
    expect(median).toBeLessThan(5);
    expect(machine.server.allocationCount).toBe(sessions);
  });
});
