import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { EventRing } from '../../../server/api/admin/event-ring.ts';
import { adminWorld, type AdminWorld, type Caller } from './admin-world.ts';

interface Watcher {
  readonly status: number;
  readonly text: () => string;
  readonly isOver: () => boolean;
  readonly response: IncomingMessage;
}

async function listening(world: AdminWorld): Promise<number> {
  await world.server.listen({ host: '127.0.0.1', port: 0 });
  return (world.server.server.address() as AddressInfo).port;
}

/** Opens a stream with credentials of its own, or with these headers. */
async function watch(
  world: AdminWorld,
  port: number,
  how: { readonly caller?: Caller; readonly headers?: Record<string, string>; readonly query?: string } = {},
): Promise<Watcher> {
  const { origin: _, ...credentials } = world.headersOf(how.caller ?? 'viewer');
  const headers = { ...credentials, ...how.headers };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path: `/admin/v1/events${how.query ?? ''}`, headers });
    sent.on('response', resolve).on('error', reject).end();
    onTestFinished(() => void sent.destroy());
  });
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  response.on('error', () => undefined);
  return { status: response.statusCode ?? 0, text: () => text, isOver: () => response.closed, response };
}

describe('GET /admin/v1/events', () => {
  test('tells what happens, as server-sent events that nothing on the way keeps', async () => {
    const world = await adminWorld();
    const watcher = await watch(world, await listening(world));
    world.events.publish('session-started', { id: '1', text: 'two\nlines' });
    await expect
      .poll(watcher.text)
      .toBe(':\n\nid: 1001\nevent: session-started\ndata: {"id":"1","text":"two\\nlines"}\n\n');
    expect(watcher.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
  });

  test.each([
    ['by header', { headers: { 'last-event-id': '1001' } }, ['1002', '1003']],
    ['by query', { query: '?after=1002' }, ['1003']],
    [
      'the header before the query, as a browser reconnects',
      { headers: { 'last-event-id': '1002' }, query: '?after=1000' },
      ['1003'],
    ],
    ['from nowhere: only what is new', {}, []],
    ['from before what is remembered', { query: '?after=1' }, ['1001', '1002', '1003']],
    ['from an id that is none', { headers: { 'last-event-id': 'x' } }, []],
  ])('goes on after the last event that was seen: %s', async (_what, how, ids) => {
    const world = await adminWorld();
    for (let count = 0; count < 3; count += 1) world.events.publish('tick', count);
    const watcher = await watch(world, await listening(world), how);
    world.events.publish('last', null);
    const seen = () => [...watcher.text().matchAll(/^id: (\d+)$/gm)].map((match) => match[1]);
    await expect.poll(seen).toEqual([...ids, '1004']);
  });

  test.each([
    ['the sign-in is ended', (world: AdminWorld) => world.store.signIns.deleteAllBut(world.accountIds.viewer, null)],
    ['the account is deleted', (world: AdminWorld) => world.store.accounts.delete(world.accountIds.viewer)],
    ['the role is changed', (world: AdminWorld) => world.store.accounts.setRole(world.accountIds.viewer, 'operator')],
  ])('SECURITY.md 13: ends when %s', async (_what, change) => {
    const world = await adminWorld();
    const port = await listening(world);
    const watcher = await watch(world, port);
    const other = await watch(world, port, { caller: 'owner' });
    change(world);
    await expect.poll(watcher.isOver).toBe(true);
    world.events.publish('tick', null);
    await expect.poll(other.text).toContain('tick');
    expect(watcher.text()).not.toContain('tick');
  });

  test('a token that is revoked has no stream any more', async () => {
    const world = await adminWorld();
    const watcher = await watch(world, await listening(world), { caller: 'token:read' });
    for (const { id } of world.store.adminTokens.list()) world.store.adminTokens.delete(id);
    await expect.poll(watcher.isOver).toBe(true);
  });

  test('SECURITY.md 13: is kept open by a comment, and ends with a sign-in that runs out meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const world = await adminWorld();
    const watcher = await watch(world, await listening(world));
    await expect.poll(watcher.text).toBe(':\n\n');
    vi.advanceTimersByTime(15_000);
    await expect.poll(watcher.text).toBe(':\n\n:\n\n');
    world.clock.nowMs += 12 * 3_600_000;
    vi.advanceTimersByTime(15_000);
    await expect.poll(watcher.isOver).toBe(true);
  });

  test('of one account there are eight at a time, and an end makes room', async () => {
    const world = await adminWorld();
    const port = await listening(world);
    const watchers: Watcher[] = [];
    for (let count = 0; count < 8; count += 1) watchers.push(await watch(world, port));
    expect((await watch(world, port)).status).toBe(429);
    expect((await watch(world, port, { caller: 'owner' })).status).toBe(200);
    watchers[0]?.response.destroy();
    await expect.poll(async () => (await watch(world, port)).status).toBe(200);
  });

  test('SECURITY.md 10: a reader that does not read is let go, and keeps no memory', { timeout: 20_000 }, async () => {
    const world = await adminWorld();
    const port = await listening(world);
    const watcher = await watch(world, port);
    watcher.response.pause();
    const large = 'x'.repeat(100_000);
    for (let count = 0; count < 200 && world.events.listeners > 0; count += 1) {
      world.events.publish('large', large);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(() => world.events.listeners).toBe(0);
  });

  test('a command has no stream', async () => {
    const world = await adminWorld();
    const answer = await world.api.asLocal({ command: 'admin', method: 'GET', path: '/events' });
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});

test('the ring remembers as many events as it may', () => {
  const ring = new EventRing(3, 0);
  for (let count = 1; count <= 10; count += 1) ring.publish('tick', count);
  const seen: number[] = [];
  const stop = ring.subscribe(({ id }) => void seen.push(id), 0);
  stop();
  ring.publish('tick', 11);
  expect([seen, ring.listeners]).toEqual([[8, 9, 10], 0]);
});
