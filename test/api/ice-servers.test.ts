import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { HttpProblemCode } from '../../server/contract/http-problems.ts';
import { RequestRefused } from '../../server/api/request-failure.ts';
import { StoreError } from '../../server/store/store-error.ts';
import { issuingSecret, startMs, TestApplications } from './application-clients.ts';
import { publicListener } from './public-clients.ts';

const path = '/v1/ice-servers';

/** The public listener of an appliance with an app, and a request of its back end. */
function served(applications = new TestApplications()) {
  const server = publicListener({ applications });
  const text = applications.addKey('aaaaaaaa');
  const ask = (payload?: unknown, headers: Record<string, string> = {}, remoteAddress = '127.0.0.1') =>
    server.inject({
      method: 'POST',
      url: path,
      remoteAddress,
      headers: { authorization: `Bearer ${text}`, ...headers },
      ...(payload === undefined ? {} : { payload: payload as object }),
    });
  return { applications, server, text, ask };
}

describe('DESIGN.md section 7: POST /v1/ice-servers', () => {
  test('answers 201 with what an RTCPeerConnection takes, UDP before TCP before TLS', async () => {
    const { ask } = served();
    const reply = await ask({ subject: 'alice', ttlSeconds: 600 });
    expect(reply.statusCode).toBe(201);
    expect(reply.headers['cache-control']).toBe('no-store');
    const username = `${startMs / 1000 + 600}:chat.aaaaaaaa/alice`;
    expect(reply.json()).toEqual({
      iceServers: [
        { urls: ['stun:turn.example.org:3478'] },
        {
          urls: ['turn:turn.example.org:3478?transport=udp', 'turns:turn.example.org:5349?transport=tcp'],
          username,
          credential: createHmac('sha1', issuingSecret).update(username).digest('base64'),
        },
      ],
      ttlSeconds: 600,
      expiresAt: '2027-01-15T08:10:00Z',
    });
  });

  test.each<[string, unknown, object]>([
    ['no document', undefined, { subject: '', ttlS: 43_200, label: null }],
    ['an empty one', {}, { subject: '', ttlS: 43_200, label: null }],
    ['a label', { subject: 'alice', label: 'Stand-up' }, { subject: 'alice', ttlS: 43_200, label: 'Stand-up' }],
    ['the longest TTL of the app', { ttlSeconds: 86_400 }, { ttlS: 86_400 }],
    ['a subject of 256 bytes', { subject: 'ä'.repeat(128) }, { subject: 'ä'.repeat(128) }],
    ['a subject that is a member of Object.prototype', { subject: '__proto__' }, { subject: '__proto__' }],
  ])('%s is taken', async (_what, body, issued) => {
    const { ask, applications } = served();
    expect((await ask(body)).statusCode).toBe(201);
    expect(applications.issued).toEqual([expect.objectContaining({ appId: 'chat', keyId: 'aaaaaaaa', ...issued })]);
  });

  test.each<[string, unknown, RegExp]>([
    ['a key that is not there', { subject: 'alice', ttl: 600 }, /^body has unknown keys: "ttl"\.$/],
    ['a TTL that is text', { ttlSeconds: '600' }, /ttlSeconds must be integer/],
    ['half a second', { ttlSeconds: 0.5 }, /ttlSeconds must be integer/],
    ['no time at all', { ttlSeconds: 0 }, /ttlSeconds must be >= 1/],
    ['more than any app may allow', { ttlSeconds: 604_801 }, /ttlSeconds must be <= 604800/],
    [
      'more than the app allows',
      { ttlSeconds: 86_401 },
      /^ttlSeconds 86401 is longer than credentials of the app chat may live: at most 86400\.$/,
    ],
    ['a subject that is a number', { subject: 7 }, /subject must be string/],
    ['a subject of 257 characters', { subject: 'a'.repeat(257) }, /subject must not have more than 256/],
    ['a subject of 258 bytes', { subject: 'ä'.repeat(129) }, /^subject has more than 256 bytes/],
    ['half a character', { subject: '\ud800' }, /half a character/],
    ['a subject with a control character', { subject: 'a\nb' }, /subject must match/],
    ['a label with a control character', { label: 'a\u001bb' }, /label must match/],
    ['a long label', { label: 'x'.repeat(101) }, /label must not have more than 100/],
    ['a list', [], /^body must be object/],
  ])('%s is refused with 400', async (_what, body, detail) => {
    const { ask, applications } = served();
    const reply = await ask(body);
    expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(reply.json()).toMatchObject({
      status: 400,
      code: 'bad_request',
      detail: expect.stringMatching(detail) as string,
    });
    expect(applications.issued).toEqual([]);
  });

  test.each<[string, Record<string, string>, string, number, HttpProblemCode]>([
    ['text', { 'content-type': 'text/plain' }, 'subject=alice', 415, 'unsupported_media_type'],
    ['no JSON', { 'content-type': 'application/json' }, '{"subject":', 400, 'bad_request'],
    ['too much', { 'content-type': 'application/json' }, `{"subject":"${'a'.repeat(70_000)}"}`, 413, 'too_large'],
  ])('a document that is %s', async (_what, headers, payload, status, code) => {
    const { ask } = served();
    expect((await ask(payload, headers)).json()).toMatchObject({ status, code });
  });

  test('a change of the app counts from the next request on', async () => {
    const { ask, applications } = served();
    expect((await ask({ ttlSeconds: 600 })).statusCode).toBe(201);
    applications.changeApp('chat', { defaultTtlS: 60, longestTtlS: 300 });
    expect((await ask({ ttlSeconds: 600 })).json()).toMatchObject({ code: 'bad_request' });
    expect((await ask()).json()).toMatchObject({ ttlSeconds: 60 });
  });
});

describe('who may ask', () => {
  test.each<[string, string | undefined, string, RegExp]>([
    ['nobody', undefined, 'Bearer realm="turnpike"', /^Send the API key/],
    ['another scheme', 'Basic YTpi', 'Bearer realm="turnpike"', /^Send the API key/],
    ['no key', 'Bearer hello', 'Bearer realm="turnpike", error="invalid_token"', /is no API key/],
    [
      'an unknown key',
      `Bearer tpk_aaaaaaaa_${'A'.repeat(43)}`,
      'Bearer realm="turnpike", error="invalid_token"',
      /is not known/,
    ],
  ])('401: %s', async (_what, authorization, challenge, detail) => {
    const { server } = served();
    const headers = authorization === undefined ? {} : { authorization };
    const reply = await server.inject({ method: 'POST', url: path, headers });
    expect(reply.json()).toMatchObject({
      status: 401,
      code: 'api_key_invalid',
      detail: expect.stringMatching(detail) as string,
    });
    expect(reply.headers['www-authenticate']).toBe(challenge);
  });

  test('401: a key that was revoked, and one that has expired', async () => {
    const { ask, applications, server } = served();
    expect((await ask()).statusCode).toBe(201);
    applications.store.apiKeys.revoke('chat', 'aaaaaaaa');
    expect((await ask()).json()).toMatchObject({
      code: 'api_key_invalid',
      detail: expect.stringMatching(/\(aaaaaaaa\) was revoked at/) as string,
    });
    const text = applications.addKey('bbbbbbbb', { expiresAtMs: startMs + 1000 });
    const again = () => server.inject({ method: 'POST', url: path, headers: { authorization: `Bearer ${text}` } });
    expect((await again()).statusCode).toBe(201);
    applications.now += 1000;
    expect((await again()).json()).toMatchObject({
      code: 'api_key_invalid',
      detail: expect.stringMatching(/\(bbbbbbbb\) expired at/) as string,
    });
  });

  test('403: the app is disabled, or has used up its month', async () => {
    const { ask, applications } = served();
    applications.exhausted.add('chat');
    expect((await ask()).json()).toMatchObject({ status: 403, code: 'quota_exhausted' });
    applications.changeApp('chat', { isEnabled: false });
    expect((await ask()).json()).toMatchObject({ status: 403, code: 'app_disabled' });
    expect(applications.issued).toEqual([]);
  });

  test('429: one that asks faster than its key may, and no other key', async () => {
    const { ask, applications, server } = served();
    const text = applications.addKey('bbbbbbbb', { requestsPerSecond: 2 });
    const headers = { authorization: `Bearer ${text}` };
    const replies = [];
    for (let round = 0; round < 3; round += 1) {
      replies.push(await server.inject({ method: 'POST', url: path, headers }));
    }
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([201, 201, 429]);
    expect(replies[2]?.headers['retry-after']).toBe('1');
    expect(replies[2]?.json()).toMatchObject({ code: 'too_many_requests' });
    expect((await ask()).statusCode).toBe(201);
  });

  test('what is wrong with the key is told before what is wrong with the document', async () => {
    const { server } = served();
    const reply = await server.inject({ method: 'POST', url: path, payload: { nonsense: true } });
    expect(reply.statusCode).toBe(401);
  });

  test('when a key was last used is written when the listener closes', async () => {
    const { ask, applications, server } = served();
    await ask();
    await server.close();
    expect(applications.store.apiKeys.get('aaaaaaaa')?.lastUsedAtMs).toBe(startMs);
  });
});

describe('an API key that could be read along is refused', () => {
  test.each<[string, string, Record<string, string>, number]>([
    ['from beyond, over plain HTTP', '203.0.113.9', {}, 403],
    ['from beyond, which says https of itself', '203.0.113.9', { 'x-forwarded-proto': 'https' }, 403],
    ['from this host', '127.0.0.1', {}, 201],
    [
      'through a trusted proxy over HTTPS',
      '10.0.0.1',
      { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' },
      201,
    ],
    [
      'through a trusted proxy over HTTP',
      '10.0.0.1',
      { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'http' },
      403,
    ],
  ])('%s', async (_what, address, headers, status) => {
    const { ask, applications } = served(new TestApplications(['10.0.0.0/8']));
    const reply = await ask({ subject: 'alice' }, headers, address);
    expect(reply.statusCode).toBe(status);
    if (status === 403) {
      expect(reply.json()).toMatchObject({
        code: 'tls_required',
        detail: expect.stringMatching(/revoke it/) as string,
      });
    }
    expect(applications.issued).toHaveLength(status === 201 ? 1 : 0);
  });
});

describe('no page holds an API key', () => {
  test('a preflight is refused, with the reason, and nothing is allowed to any origin', async () => {
    const { server, ask } = served();
    const preflight = await server.inject({
      method: 'OPTIONS',
      url: path,
      headers: { origin: 'https://app.example.org', 'access-control-request-method': 'POST' },
    });
    expect(preflight.json()).toMatchObject({
      status: 403,
      code: 'foreign_origin',
      detail: expect.stringMatching(/no page may hold an API key/) as string,
    });
    for (const reply of [preflight, await ask({}, { origin: 'https://app.example.org' })]) {
      expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});

describe('SECURITY.md 13: an admin route on the public listener is a 404', () => {
  test.each([
    ['GET', '/'],
    ['GET', '/metrics'],
    ['GET', '/admin/v1/apps'],
    ['POST', '/admin/v1/sign-in'],
    ['POST', '/admin/v1/setup'],
    ['GET', '/admin/v1/events'],
    ['GET', '/admin/v1/openapi.json'],
    ['DELETE', '/admin/v1/apps/chat'],
    ['GET', path],
  ] as const)('%s %s', async (method, url) => {
    const { server, text } = served();
    const reply = await server.inject({ method, url, headers: { authorization: `Bearer ${text}` } });
    expect(reply.json()).toMatchObject({ status: 404, code: 'not_found' });
  });
});

describe('what an appliance cannot do', () => {
  test.each<[string, Error, number, HttpProblemCode]>([
    [
      'the database may not be written',
      new StoreError('store_read_only', 'It may not be written.'),
      503,
      'store_read_only',
    ],
    ['the app has no secret', new RequestRefused('conflict', 'The app has no active secret.'), 409, 'conflict'],
    ['a defect', new TypeError('undefined is no function'), 500, 'internal'],
  ])('%s', async (_what, error, status, code) => {
    const { ask, applications } = served();
    applications.issuing.iceServers = () => {
      throw error;
    };
    const reply = await ask();
    expect(reply.json()).toMatchObject({ status, code });
    expect(reply.body).not.toContain('undefined');
  });
});

test('where applications are not served there is no /v1', async () => {
  expect((await publicListener().inject({ method: 'POST', url: path })).statusCode).toBe(404);
});
