import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { SessionEnded } from '../../server/app/live-sessions.ts';
import { ip } from '../support/addresses.ts';
import { connectedClient, startedAppliance } from '../support/embedded-appliance.ts';

describe('sessions', () => {
  test('are listed in plain values, at once after the Allocate was answered', async () => {
    const appliance = await startedAppliance({ turn: { users: [{ name: 'desk', password: 'correct horse' }] } });
    const startMs = Date.now();
    const desk = await connectedClient(appliance, 'tcp', { username: 'desk', password: 'correct horse' });
    const { relayed } = await desk.allocate();
    const sessions = await appliance.sessions();
    expect(sessions).toEqual([
      {
        id: expect.any(String) as string,
        principal: { kind: 'static', name: 'desk' },
        username: 'desk',
        transport: 'tcp',
        client: { address: '127.0.0.1', family: 'IPv4', port: expect.any(Number) as number },
        relayedAddresses: [{ address: '127.0.0.1', family: 'IPv4', port: relayed?.port }],
        startedAt: expect.any(Date) as Date,
      },
    ]);
    expect(sessions[0]?.startedAt.getTime()).toBeGreaterThanOrEqual(startMs);
    await desk.refresh(0);
    expect(await appliance.sessions()).toEqual([]);
  });

  test('end by endSession: 437 over UDP from then on, and the event comes first', async () => {
    const appliance = await startedAppliance();
    const [ended, kept] = [await connectedClient(appliance, 'udp'), await connectedClient(appliance, 'udp')];
    await ended.allocate();
    await kept.allocate();
    const [first, second] = await appliance.sessions();
    const told: SessionEnded[] = [];
    appliance.on('sessionEnded', (event) => told.push(event));
    expect(await appliance.endSession(first?.id ?? '')).toBe(true);
    expect(told).toEqual([{ session: first, cause: 'ended-by-operator' }]);
    expect((await ended.refresh(600)).code).toBe(437);
    expect((await kept.refresh(600)).code).toBe(0);
    expect(await appliance.sessions()).toEqual([second]);
    expect(await appliance.endSession(first?.id ?? '')).toBe(false);
    expect((await ended.allocate()).code).toBe(0);
  });

  test('end by endSession: a stream is closed', async () => {
    const appliance = await startedAppliance();
    const stream = await connectedClient(appliance, 'tcp');
    await stream.allocate();
    const [session] = await appliance.sessions();
    await appliance.endSession(session?.id ?? '');
    await expect.poll(async () => (await appliance.health()).counts.streams?.open).toBe(0);
  });

  test('that are refused are told with cause and peer', async () => {
    const appliance = await startedAppliance({ turn: { peers: { deny: ['198.51.100.0/24'] } } });
    const alice = await connectedClient(appliance, 'udp');
    await alice.allocate();
    const refused = once(appliance, 'refused');
    expect((await alice.permit({ ip: ip('198.51.100.7'), port: 9 })).code).toBe(403);
    const { username } = (await appliance.sessions())[0] ?? {};
    expect(await refused).toMatchObject([{ cause: 'peer-denied', transport: 'udp', username, peer: '198.51.100.7' }]);
  });

  test('reach loopback peers and one another in a test appliance', async () => {
    const appliance = await startedAppliance();
    const [a, b] = [await connectedClient(appliance, 'udp'), await connectedClient(appliance, 'tcp')];
    const [left, right] = [(await a.allocate()).relayed, (await b.allocate()).relayed];
    if (left === null || right === null) throw new Error('no relay');
    await a.bindChannel(0x4001, right);
    await b.bindChannel(0x4001, left);
    a.sendChannel(0x4001, Uint8Array.of(1, 2, 3, 4));
    expect([...(await b.nextMedia())]).toEqual([0x40, 1, 0, 4, 1, 2, 3, 4]);
    expect((await a.permit({ ip: ip('127.0.0.9'), port: 9 })).code).toBe(0);
  });

  test('a listener that throws is seen as an uncaught error, and others miss nothing', async () => {
    const appliance = await startedAppliance();
    const failure = new Error('a listener of the program');
    const uncaught = new Promise((resolve) => {
      const outer = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const listener of outer) process.on('uncaughtException', listener);
        resolve(error);
      });
    });
    const causes: string[] = [];
    appliance.on('sessionEnded', ({ cause }) => {
      causes.push(cause);
      if (causes.length === 1) throw failure;
    });
    for (const transport of ['udp', 'tcp'] as const) await (await connectedClient(appliance, transport)).allocate();
    // Both ends are told in one message of the relay thread.
    await appliance.stop();
    expect(causes).toEqual(['drained', 'drained']);
    expect(await uncaught).toBe(failure);
  });
});

describe('issueIceServers', () => {
  test('names the subject and the lifetime, and says nothing else', async () => {
    const appliance = await startedAppliance();
    const document = appliance.issueIceServers({ subject: 'carol', ttlSeconds: 60 });
    expect(Object.keys(document)).toEqual(['iceServers', 'ttlSeconds', 'expiresAt']);
    expect(document).toMatchObject({
      ttlSeconds: 60,
      iceServers: [{}, { username: expect.stringMatching(/:carol$/) as string }],
    });
  });

  test.each([
    { ttlSeconds: 0 },
    { ttlSeconds: 1.5 },
    { ttlSeconds: 86_401 },
    { subject: 'x'.repeat(257) },
    { subject: 'a\r\nb' },
    { subject: '\ud800' },
  ])('refuses %o', async (request) => {
    const appliance = await startedAppliance();
    expect(() => appliance.issueIceServers(request)).toThrow(RangeError);
  });
});
