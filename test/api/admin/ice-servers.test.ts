import { describe, expect, test } from 'vitest';
import type { IssueRequest } from '../../../server/api/public/ports.ts';
import { ask, auditLines, grant, refusal } from './asking.ts';
import { adminWorld, startMs, type AdminWorld } from './admin-world.ts';

/** A world that takes note of what it was to issue. */
async function worldWithChat(): Promise<{ world: AdminWorld; issued: IssueRequest[] }> {
  const issued: IssueRequest[] = [];
  const world = await adminWorld({
    ports: {
      issue: {
        iceServers: (request) => {
          issued.push(request);
          return {
            iceServers: [
              { urls: ['stun:192.0.2.1:3478'] },
              { urls: ['turn:192.0.2.1:3478'], username: 'the name', credential: 'the credential' },
            ],
            ttlSeconds: request.ttlS,
            expiresAt: new Date(startMs + request.ttlS * 1000).toISOString(),
          };
        },
      },
    },
  });
  await grant(world, 'POST', '/apps', { id: 'chat', defaultTtlSeconds: 60, longestTtlSeconds: 120 });
  return { world, issued };
}

describe('POST /apps/:app/ice-servers', () => {
  test('issues a credential of the app by hand', async () => {
    const { world, issued } = await worldWithChat();
    expect(await grant(world, 'POST', '/apps/chat/ice-servers', {})).toEqual({
      iceServers: [
        { urls: ['stun:192.0.2.1:3478'] },
        { urls: ['turn:192.0.2.1:3478'], username: 'the name', credential: 'the credential' },
      ],
      ttlSeconds: 60,
      expiresAt: new Date(startMs + 60_000).toISOString(),
    });
    await grant(world, 'POST', '/apps/chat/ice-servers', { subject: 'alice', ttlSeconds: 120, label: 'a test' });
    expect(issued).toEqual([
      { appId: 'chat', keyId: null, subject: '', ttlS: 60, label: null },
      { appId: 'chat', keyId: null, subject: 'alice', ttlS: 120, label: 'a test' },
    ]);
  });

  test.each<[what: string, path: string, document: object, code: string, detail: RegExp]>([
    ['an app that is not there', '/apps/shop', {}, 'not_found', /no app "shop"/],
    [
      'more than the longest TTL',
      '/apps/chat',
      { ttlSeconds: 121 },
      'invalid_value',
      /ttlSeconds 121 is longer .* at most 120/,
    ],
    ['more than a week', '/apps/chat', { ttlSeconds: 604_801 }, 'bad_request', /ttlSeconds/],
    ['no time', '/apps/chat', { ttlSeconds: 0 }, 'bad_request', /ttlSeconds/],
    ['a control character', '/apps/chat', { subject: 'a\u0000b' }, 'bad_request', /subject/],
    [
      '257 bytes',
      '/apps/chat',
      { subject: 'é'.repeat(129) },
      'invalid_value',
      /subject has more than 256 bytes of UTF-8/,
    ],
    ['half a character', '/apps/chat', { subject: '\ud800' }, 'invalid_value', /subject has .* half a character/],
    ['an unknown key', '/apps/chat', { ttl: 5 }, 'bad_request', /unknown keys: "ttl"/],
  ])('refuses %s', async (_what, path, document, code, detail) => {
    const { world, issued } = await worldWithChat();
    expect(await refusal(world, 'POST', `${path}/ice-servers`, document)).toMatchObject({
      code,
      detail: expect.stringMatching(detail) as string,
    });
    expect(issued).toEqual([]);
  });

  test('refuses a disabled app', async () => {
    const { world, issued } = await worldWithChat();
    await grant(world, 'PATCH', '/apps/chat', { enabled: false });
    expect(await refusal(world, 'POST', '/apps/chat/ice-servers', {})).toMatchObject({ code: 'app_disabled' });
    expect(issued).toEqual([]);
  });

  test('is for operators: a credential takes room of the relay', async () => {
    const { world } = await worldWithChat();
    expect((await ask(world, ['POST', '/apps/chat/ice-servers', {}], { as: 'viewer' })).status).toBe(403);
  });

  test('SECURITY.md 13: who issued for whom is written down, and not what', async () => {
    const { world } = await worldWithChat();
    await grant(world, 'POST', '/apps/chat/ice-servers', { subject: 'alice' });
    expect(auditLines(world.store).at(-1)).toMatchObject({
      action: 'credential.issue',
      target: 'app/chat',
      after: { subject: 'alice', ttlSeconds: 60 },
    });
    expect(JSON.stringify(auditLines(world.store))).not.toContain('the credential');
  });
});
