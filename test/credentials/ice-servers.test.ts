import { expect, test } from 'vitest';
import { iceServers } from '../../server/credentials/ice-servers.ts';
import { parseRestUsername, restPassword } from '../../server/credentials/rest-username.ts';

const secret = new TextEncoder().encode('north');
const urls = {
  stun: ['stun:turn.example.org:3478'],
  turn: ['turn:turn.example.org:3478?transport=udp', 'turn:turn.example.org:3478?transport=tcp'],
};
const request = { urls, secret, app: 'default', keyId: null };

test('DESIGN.md section 7: a STUN entry, a TURN entry with a credential, the lifetime and its end', () => {
  const document = iceServers({ ...request, subject: 'alice', ttlS: 43200, nowS: 1735689600.9 });
  expect(document).toEqual({
    iceServers: [
      { urls: urls.stun },
      {
        urls: urls.turn,
        username: '1735732800:alice',
        credential: restPassword(secret, '1735732800:alice'),
      },
    ],
    ttlSeconds: 43200,
    expiresAt: '2025-01-01T12:00:00Z',
  });
});

test('without a subject the username is the bare expiry', () => {
  const document = iceServers({ ...request, subject: '', ttlS: 60, nowS: 1735689600 });
  const username = document.iceServers[1]?.username ?? '';
  expect(parseRestUsername(username)).toEqual({ expiresAtS: 1735689660, subject: '1735689660' });
});

test('docs/adr/0009: a credential of another app, or of an API key, says so', () => {
  const issued = (of: { app: string; keyId: string | null }): string | undefined => {
    return iceServers({ ...request, ...of, subject: 'alice', ttlS: 60, nowS: 0 }).iceServers[1]?.username;
  };
  expect(issued({ app: 'chat', keyId: null })).toBe('60:chat/alice');
  expect(issued({ app: 'chat', keyId: 'abcdefgh' })).toBe('60:chat.abcdefgh/alice');
  expect(issued({ app: 'default', keyId: 'abcdefgh' })).toBe('60:default.abcdefgh/alice');
});

test('an entry without URLs is left out: a browser throws on an empty list', () => {
  expect(
    iceServers({ ...request, urls: { stun: [], turn: urls.turn }, subject: 'a', ttlS: 60, nowS: 0 }).iceServers,
  ).toEqual([expect.objectContaining({ urls: urls.turn })]);
  expect(
    iceServers({ ...request, urls: { stun: urls.stun, turn: [] }, subject: 'a', ttlS: 60, nowS: 0 }).iceServers,
  ).toEqual([{ urls: urls.stun }]);
});
