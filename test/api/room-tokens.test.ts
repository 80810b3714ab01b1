import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { startMs, TestApplications } from './application-clients.ts';
import { publicListener } from './public-clients.ts';

function served() {
  const applications = new TestApplications();
  const server = publicListener({ applications });
  const text = applications.addKey('aaaaaaaa');
  const ask = (payload: object) =>
    server.inject({ method: 'POST', url: '/v1/room-tokens', headers: { authorization: `Bearer ${text}` }, payload });
  return { applications, ask };
}

describe('PROTOCOL.md: POST /v1/room-tokens signs join tokens', () => {
  test.each<[string, object, object, string]>([
    ['all defaults', {}, { role: 'user', exp: startMs / 1000 + 3600 }, '2027-01-15T09:00:00Z'],
    [
      'a moderator for ten minutes',
      { role: 'moderator', ttlSeconds: 600 },
      { role: 'moderator', exp: startMs / 1000 + 600 },
      '2027-01-15T08:10:00Z',
    ],
  ])('%s', async (_what, wishes, claims, expiresAt) => {
    const { applications, ask } = served();
    const reply = await ask({ room: 'stand-up', subject: 'alice', ...wishes });
    expect(reply.statusCode).toBe(201);
    const answer = reply.json<{ token: string }>();
    expect(answer).toEqual({
      token: expect.any(String) as string,
      url: 'wss://turn.example.org/turnpike/v1/signal',
      expiresAt,
    });
    // Another's implementation reads it.
    const verified = await jwtVerify(answer.token, applications.store.apps.signingKey('chat'), {
      algorithms: ['HS256'],
      currentDate: new Date(startMs),
    });
    expect(verified.protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT' });
    const issuedAtS = startMs / 1000;
    expect(verified.payload).toEqual({
      iss: 'chat',
      sub: 'alice',
      room: 'stand-up',
      iat: issuedAtS,
      nbf: issuedAtS,
      jti: expect.stringMatching(/^[\w-]{22}$/) as string,
      ...claims,
    });
  });

  test('no app’s token is another app’s, and no token has the id of another', async () => {
    const { applications, ask } = served();
    applications.addApp('other');
    const wishes = { room: 'r', subject: 'alice' };
    const [one, two] = [await ask(wishes), await ask(wishes)].map((reply) => reply.json<{ token: string }>().token);
    expect(one).not.toBe(two);
    const ofOther = jwtVerify(one ?? '', applications.store.apps.signingKey('other'), {
      currentDate: new Date(startMs),
    });
    await expect(ofOther).rejects.toThrow('signature verification failed');
  });

  test.each<[string, object, RegExp]>([
    ['no room', { subject: 'alice' }, /must have required properties room/],
    ['an empty room', { room: '', subject: 'alice' }, /room must not have fewer than 1/],
    ['a long room', { room: 'r'.repeat(129), subject: 'alice' }, /room must not have more than 128/],
    ['a room with a control character', { room: 'a\u0000', subject: 'alice' }, /room must match/],
    ['no subject', { room: 'r' }, /must have required properties subject/],
    ['a subject that reads as a session', { room: 'r', subject: 's_1' }, /^subject begins with s_/],
    ['a subject that is too long', { room: 'r', subject: 'ä'.repeat(200) }, /more than 256 bytes/],
    ['a role that is none', { room: 'r', subject: 'alice', role: 'host' }, /role must be equal to one of/],
    ['a day and a second', { room: 'r', subject: 'alice', ttlSeconds: 86_401 }, /ttlSeconds must be <= 86400/],
    ['a key that is not there', { room: 'r', subject: 'alice', grants: [] }, /^body has unknown keys: "grants"\.$/],
  ])('%s is refused with 400', async (_what, body, detail) => {
    const { ask } = served();
    const reply = await ask(body);
    expect(reply.json()).toMatchObject({
      status: 400,
      code: 'bad_request',
      detail: expect.stringMatching(detail) as string,
    });
  });
});
