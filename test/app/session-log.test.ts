import { describe, expect, test } from 'vitest';
import { SessionLog } from '../../server/app/session-log.ts';
import type { ListenerId } from '../../server/seam/client.ts';
import type { SessionEvent } from '../../server/seam/session-event.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { ip } from '../support/addresses.ts';

const client = {
  transport: 'udp',
  listener: 1 as ListenerId,
  local: { ip: ip('127.0.0.1'), port: 3478 },
  remote: { ip: ip('198.51.100.7'), port: 4000 },
} as const;

function refused(cause: (SessionEvent & { type: 'refused' })['cause'], peer?: string): SessionEvent {
  const named = { username: 'alice', principal: undefined };
  return { type: 'refused', client, ...named, cause, peer: peer === undefined ? undefined : ip(peer) };
}

function logged(events: readonly (readonly [number, SessionEvent])[]): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const sink = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const sessions = new SessionLog(createLog({ level: 'info', format: 'json', sink }));
  for (const [nowMs, event] of events) sessions.note(event, nowMs);
  return lines;
}

describe('the session log', () => {
  test.each([
    ['10.1.2.3', 'turn.peers.allow: ["10.1.2.3/32"]'],
    ['fd00::7', 'turn.peers.allow: ["fd00::7/128"]'],
  ])('SECURITY.md 1: the refusal of peer %s shows the exact line that would allow it', (peer, toAllow) => {
    expect(logged([[0, refused('peer-denied', peer)]])).toMatchObject([
      { event: 'refused', cause: 'peer-denied', peer, toAllow, username: 'alice' },
    ]);
  });

  test('of one cause one line is written in ten seconds, and the next says how many were left out', () => {
    const flood = Array.from({ length: 1000 }, (_, index) => [index, refused('wrong-password')] as const);
    const lines = logged([...flood, [500, refused('quota-user')], [10_000, refused('wrong-password')]]);
    expect(lines.map((line) => [line.cause, line.moreLikeIt])).toEqual([
      ['wrong-password', undefined],
      ['quota-user', undefined],
      ['wrong-password', 999],
    ]);
  });
});
