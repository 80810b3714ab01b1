import { connect, type AddressInfo } from 'node:net';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RequestRefused } from '../../../server/api/request-failure.ts';
import { StoreError, type StoreErrorCode } from '../../../server/store/store-error.ts';
import { openStore } from '../../../server/store/store.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { adminWorld, goodPassword, startMs } from './admin-world.ts';

describe('RFC 9457: every error is a problem document with a code', () => {
  const json = { 'content-type': 'application/json' };
  test.each([
    ['a path that is not there', { url: '/nowhere' }, 404, 'not_found'],
    ['a method that is not there', { method: 'PUT', url: '/admin/v1/accounts' }, 405, 'method_not_allowed'],
    ['a path that cannot be decoded', { url: '/%zz' }, 400, 'bad_request'],
    ['no JSON', { payload: '{', headers: json }, 400, 'bad_request'],
    ['nothing where a document belongs', { headers: json, payload: '' }, 400, 'bad_request'],
    ['a list where a document belongs', { payload: [] }, 400, 'bad_request'],
    ['a key that there is not', { payload: { username: 'a', password: 'b', admin: true } }, 400, 'bad_request'],
    ['a number where a text belongs', { payload: { username: 1, password: 'b' } }, 400, 'bad_request'],
    [
      'a poisoned key',
      { payload: '{"__proto__":{"x":1},"username":"a","password":"b"}', headers: json },
      400,
      'bad_request',
    ],
    [
      'a form',
      { payload: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'unsupported_media_type',
    ],
    [
      'plain text, which a form of another site can send',
      { payload: '{}', headers: { 'content-type': 'text/plain' } },
      415,
      'unsupported_media_type',
    ],
    ['more than 256 KiB', { payload: { username: 'a'.repeat(262_144), password: 'b' } }, 413, 'too_large'],
  ])('%s', async (_what, request, status, code) => {
    const world = await adminWorld();
    const answer = await world.server.inject({
      method: 'POST',
      url: '/admin/v1/sign-in',
      ...(request as { readonly payload?: string }),
    });
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toMatchObject({ status, code });
    expect(answer.statusCode).toBe(status);
  });

  test('a method that is not there is told which are', async () => {
    const world = await adminWorld();
    const answer = await world.server.inject({ method: 'PUT', url: '/admin/v1/accounts/x?y' });
    expect(answer.headers.allow).toBe('DELETE, GET, HEAD, PATCH');
  });

  test('a message names the key', async () => {
    const world = await adminWorld();
    const payload = { username: 'a', password: 'b', remember: true };
    const answer = await world.call('nobody', { method: 'POST', url: '/sign-in', payload });
    expect(answer.json()).toMatchObject({ detail: 'body has unknown keys: "remember".' });
  });

  test.each([
    ['what is no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', 'HTTP/1.1 400', 'bad_request'],
    [
      'headers without an end',
      `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'HTTP/1.1 431',
      'headers_too_large',
    ],
  ])('%s', async (_what, bytes, status, code) => {
    const world = await adminWorld();
    await world.server.listen({ host: '127.0.0.1', port: 0 });
    const { port } = world.server.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => undefined).write(bytes);
    await expect.poll(() => socket.closed).toBe(true);
    const [head, body = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^${status} `));
    expect(head).toContain('content-type: application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ code });
  });
});

describe('SECURITY.md 13: what browsers are told', () => {
  test.each([['/admin/v1/setup'], ['/admin/v1/accounts'], ['/nowhere']])('of %s', async (url) => {
    const world = await adminWorld();
    const { headers } = await world.server.inject({ url });
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  test('each answer has an id of its own, which is not the one that was sent', async () => {
    const world = await adminWorld();
    const ask = () => world.server.inject({ url: '/admin/v1/setup', headers: { 'x-request-id': 'chosen' } });
    const ids = [await ask(), await ask()].map(({ headers }) => headers['x-request-id']);
    expect(new Set([...ids, 'chosen']).size).toBe(3);
  });
});

describe('http.trustedProxies', () => {
  test.each([
    ['is believed', ['127.0.0.1/32'], '203.0.113.5'],
    ['is not, for anybody else says it', [], '127.0.0.1'],
  ])('what a proxy says of the client %s', async (_what, trustedProxies, address) => {
    const world = await adminWorld({ trustedProxies });
    await world.call('owner', {
      method: 'POST',
      url: '/accounts',
      headers: { 'x-forwarded-for': '203.0.113.5' },
      payload: { username: 'alice', role: 'viewer', password: goodPassword },
    });
    const audit = await world.call('owner', { url: '/audit' });
    expect(audit.json()).toMatchObject({ lines: [{ action: 'account.create', address }] });
  });
});

describe('what fails inside', () => {
  const codes: readonly StoreErrorCode[] = ['store_full', 'store_read_only', 'store_busy', 'store_corrupt', 'store_io'];
  test.each(codes)('SECURITY.md 15: the store says %s, and so does the answer', async (code) => {
    const system = () => Promise.reject(new StoreError(code, 'database x: what to do'));
    const world = await adminWorld({ ports: { system } });
    expect((await world.call('viewer', { url: '/system' })).json()).toMatchObject({
      status: 503,
      code,
      detail: 'database x: what to do',
    });
  });

  test('SECURITY.md 15: a database that another program holds', { timeout: 20_000 }, async () => {
    const path = `${tempDir()}/turnpike.db`;
    const store = openStore({ path, masterKey: new Uint8Array(32), nowMs: () => startMs });
    onTestFinished(() => store.close());
    const world = await adminWorld({ store });
    const headers = world.headersOf('owner');
    const rival = new Database(path);
    onTestFinished(() => void rival.close());
    rival.exec('BEGIN IMMEDIATE');
    const write = () =>
      world.server.inject({
        method: 'POST',
        url: '/admin/v1/tokens',
        headers,
        payload: { name: 'ci', scope: 'read' },
      });
    expect((await write()).json()).toMatchObject({ status: 503, code: 'store_busy' });
    expect((await world.server.inject({ url: '/admin/v1/accounts', headers })).statusCode).toBe(200);
    rival.exec('ROLLBACK');
    expect((await write()).statusCode).toBe(201);
  });

  test('a relay that does not answer', async () => {
    const system = () => Promise.reject(new RequestRefused('relay_unavailable', 'The relay restarts.'));
    const world = await adminWorld({ ports: { system } });
    expect((await world.call('viewer', { url: '/system' })).json()).toMatchObject({ code: 'relay_unavailable' });
  });

  test('a defect is told to the log, not to whoever asked', async () => {
    const system = () => Promise.reject(new Error('the secret is hunter2'));
    const world = await adminWorld({ ports: { system } });
    const answer = await world.call('viewer', { url: '/system' });
    expect([answer.statusCode, answer.json()]).toMatchObject([500, { code: 'internal' }]);
    expect(answer.body).not.toContain('hunter2');
    expect(world.logged).toMatchObject([
      { fields: { event: 'admin_request_failed', requestId: answer.headers['x-request-id'] } },
    ]);
  });
});

describe('docs/adr/0011: commands', () => {
  test('are answered as the actor local', async () => {
    const world = await adminWorld();
    const body = { name: 'ci', scope: 'own' };
    const made = await world.api.asLocal({ command: 'admin', method: 'POST', path: '/tokens', body });
    expect(made).toMatchObject({ status: 201, body: { token: { accountId: null } }, etag: null });
    const query = { action: 'token.create', limit: '1' };
    const audit = await world.api.asLocal({ command: 'admin', method: 'GET', path: '/audit', query });
    expect(audit.body).toMatchObject({ lines: [{ actor: { kind: 'local', name: 'local' }, address: null }] });
  });

  test.each([
    ['what is wrong with a document', { method: 'POST', path: '/tokens', body: 'text' }, { status: 400 }],
    ['a refusal', { method: 'GET', path: '/accounts/nowhere' }, { status: 404, body: { code: 'not_found' } }],
    ['nothing', { method: 'POST', path: '/sign-out' }, { status: 403 }],
    ['text', { method: 'GET', path: '/audit/export' }, { status: 200, body: null }],
  ] as const)('are given %s', async (_what, request, reply) => {
    const world = await adminWorld();
    expect(await world.api.asLocal({ command: 'admin', ...request })).toMatchObject(reply);
  });

  test.each([
    ['as a header', { 'x-turnpike-actor': 'local', 'x-local': '1' }],
    ['as a cookie', { cookie: 'turnpike_session=local' }],
    ['as a token', { authorization: 'Bearer local' }],
    ['from the host itself', { host: 'localhost', 'x-forwarded-for': '127.0.0.1' }],
  ])('no request through a listener is one: %s', async (_what, headers) => {
    const world = await adminWorld();
    await world.api.asLocal({ command: 'admin', method: 'GET', path: '/accounts' });
    const answer = await world.server.inject({ url: '/admin/v1/accounts', headers, remoteAddress: '127.0.0.1' });
    expect(answer.statusCode).toBe(401);
  });
});
