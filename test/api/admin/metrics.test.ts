import { expect, test } from 'vitest';
import { adminWorld, type Caller } from './admin-world.ts';

test.each<[caller: Caller, status: number]>([
  ['nobody', 401],
  ['viewer', 200],
  ['operator', 200],
  ['owner', 200],
  ['token:metrics', 200],
  ['token:read', 200],
])('GET /metrics as %s: %d', async (caller, status) => {
  const world = await adminWorld();
  const answer = await world.server.inject({ url: '/metrics', headers: world.headersOf(caller) });
  expect(answer.statusCode).toBe(status);
  if (status !== 200) return;
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.body).toBe('up 1\n');
});

test('it is beside the API and not below it, and a token for it is good for nothing else', async () => {
  const world = await adminWorld();
  expect((await world.call('token:metrics', { url: '/metrics' })).statusCode).toBe(404);
  for (const url of ['/apps', '/system', '/usage']) {
    expect((await world.call('token:metrics', { url })).statusCode).toBe(403);
  }
});
