import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Appliance } from '../../server/app/appliance.ts';
import { callControl } from '../../server/app/control-client.ts';
import { controlSocketPath } from '../../server/app/data-dir.ts';
import type { IceReply } from '../../server/contract/control.ts';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { ip } from '../support/addresses.ts';
import { eventually, loopbackConfig, startAppliance, type RunningAppliance } from '../support/appliance.ts';
import { TurnClient, type TurnCredential } from '../support/turn-client.ts';

const channel = 0x4001;

function credentialOf(running: RunningAppliance, subject: string): TurnCredential {
  const { iceServers } = running.appliance.issueIceServers({ subject });
  const turn = iceServers.find((server) => server.username !== undefined);
  if (turn?.username === undefined || turn.credential === undefined) throw new Error('no credential was issued');
  return { username: turn.username, password: turn.credential };
}

async function connected(running: RunningAppliance, transport: 'udp' | 'tcp', subject: string): Promise<TurnClient> {
  const credential = credentialOf(running, subject);
  const client =
    transport === 'udp'
      ? await TurnClient.overUdp(running.udp, credential)
      : await TurnClient.overTcp(running.tcp, credential);
  onTestFinished(() => {
    client.close();
  });
  return client;
}

async function allocated(client: TurnClient): Promise<TransportAddress> {
  const { code, relayed } = await client.allocate();
  if (relayed === null) throw new Error(`Allocate was answered ${code}`);
  return relayed;
}

describe.each([
  ['udp', 'udp'],
  ['udp', 'tcp'],
  ['tcp', 'tcp'],
] as const)('two clients over %s and %s', (left, right) => {
  test('reach each other relay to relay by channels, empty and padded payloads included', async () => {
    const running = await startAppliance();
    const [a, b] = [await connected(running, left, 'alice'), await connected(running, right, 'bob')];
    const [relayedA, relayedB] = [await allocated(a), await allocated(b)];
    expect((await a.bindChannel(channel, relayedB)).code).toBe(0);
    expect((await b.bindChannel(channel, relayedA)).code).toBe(0);
    for (const payload of [[], [1], [1, 2, 3, 4], Array.from({ length: 1201 }, (_, index) => index & 0xff)]) {
      a.sendChannel(channel, Uint8Array.from(payload));
      expect([...(await b.nextMedia())]).toEqual([0x40, 0x01, payload.length >> 8, payload.length & 0xff, ...payload]);
      b.sendChannel(channel, Uint8Array.from(payload));
      expect([...(await a.nextMedia())]).toEqual([0x40, 0x01, payload.length >> 8, payload.length & 0xff, ...payload]);
    }
    await eventually(
      'sessions are logged',
      () => running.log.filter((line) => line.event === 'session_started').length === 2,
    );
  });
});

describe('an appliance that goes away', () => {
  test('drains: the live session goes on, a new one is refused 508, the last release ends it', async () => {
    const running = await startAppliance();
    const a = await connected(running, 'udp', 'alice');
    const relayed = await allocated(a);
    expect(await running.appliance.drain()).toMatchObject({ draining: true, sessions: 1, deadlineSeconds: 30 });
    const late = await connected(running, 'udp', 'bob');
    expect((await late.allocate()).code).toBe(508);
    expect((await a.permit(relayed)).code).toBe(0);
    expect(await running.appliance.health()).toMatchObject({ status: 'draining', allocations: 1 });
    expect((await a.refresh(0)).code).toBe(0);
    await running.appliance.finished;
    expect(existsSync(controlSocketPath(running.dataDir))).toBe(false);
  });

  test('drains: the deadline ends what is left', async () => {
    const running = await startAppliance({ ...loopbackConfig(), drainSeconds: 0 });
    await allocated(await connected(running, 'tcp', 'alice'));
    await running.appliance.drain();
    await running.appliance.finished;
    expect(running.log.at(-1)).toMatchObject({ event: 'stopped', sessionsEnded: 1 });
  });

  test('/readyz says so before, /livez does not', async () => {
    const running = await startAppliance();
    const get = async (path: string) => (await fetch(`${running.started.publicUrl ?? ''}${path}`)).status;
    await allocated(await connected(running, 'udp', 'alice'));
    expect([await get('/livez'), await get('/readyz')]).toEqual([200, 200]);
    await running.appliance.drain();
    expect([await get('/livez'), await get('/readyz')]).toEqual([200, 503]);
  });

  test('SECURITY.md 15: a relay thread that dies is restarted on its ports, its sessions ended with a named cause', async () => {
    const running = await startAppliance();
    const a = await connected(running, 'udp', 'alice');
    await allocated(a);
    await eventually('the session is known', () => running.log.some((line) => line.event === 'session_started'));
    await running.threads[0]?.terminate();
    await eventually('the thread is restarted', () => running.log.some((line) => line.event === 'relay_restarted'));
    expect(running.log).toContainEqual(expect.objectContaining({ event: 'relay_died', sessionsLost: 1 }));
    expect(running.log).toContainEqual(expect.objectContaining({ event: 'session_ended', cause: 'relay-died' }));
    expect(running.threads).toHaveLength(2);
    // The nonce outlives the thread (SECURITY.md 4), the allocation does not.
    expect((await a.refresh(600)).code).toBe(437);
    expect((await a.allocate()).code).toBe(0);
    expect(await running.appliance.health()).toMatchObject({ status: 'ok', allocations: 1 });
  });
});

describe('a start that cannot be', () => {
  async function failure(config: ReturnType<typeof loopbackConfig>): Promise<unknown> {
    const appliance = new Appliance({
      config,
      log: createLog({ level: 'error', format: 'json', sink: { write: () => undefined } }),
    });
    return appliance.start().then(
      () => 'started',
      (error: unknown) => error,
    );
  }

  test('a taken UDP port is named with its key, and nothing stays behind', async () => {
    const taken = createSocket('udp4').bind(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const host = ip('127.0.0.1');
    const config = loopbackConfig({
      listen: [
        { transport: 'tcp', host, port: 0 },
        { transport: 'udp', host, port: taken.address().port },
      ],
    });
    expect(await failure(config)).toMatchObject({
      code: 'port_taken',
      message: `turn.listen: udp://127.0.0.1:${taken.address().port} is taken by another program. Stop it (find it with "ss -lunpt"), or set turn.listen to another port.`,
    });
    expect(existsSync(controlSocketPath(config.dataDir))).toBe(false);
  });

  test('an address of another host is named with its key', async () => {
    const config = loopbackConfig({ listen: [{ transport: 'udp', host: ip('203.0.113.9'), port: 0 }] });
    expect(await failure(config)).toMatchObject({ code: 'address_unavailable' });
  });

  test('a second appliance on the same data directory is refused', async () => {
    const config = loopbackConfig();
    await startAppliance(config);
    expect(await failure(config)).toMatchObject({ code: 'data_dir_in_use' });
  });
});

test('health counts what was relayed and what was not', async () => {
  const running = await startAppliance();
  const [a, b] = [await connected(running, 'udp', 'alice'), await connected(running, 'tcp', 'bob')];
  const [relayedA, relayedB] = [await allocated(a), await allocated(b)];
  await b.permit(relayedA);
  await a.bindChannel(channel, relayedB);
  a.sendChannel(channel, new Uint8Array(100));
  a.sendChannel(channel + 1, new Uint8Array(100));
  await b.nextMedia();
  const { counts } = await running.appliance.health();
  expect(counts.traffic).toMatchObject({ clientToPeerPackets: 1, clientToPeerBytes: 100, peerToClientPackets: 1 });
  expect(counts.drops).toMatchObject({ unknownChannel: 1, notPermitted: 0 });
  expect(counts.machine).toMatchObject({ allocations: 2, claims: 2 });
  expect(counts.streams).toMatchObject({ open: 1, accepted: 1 });
});

test('a client that calls an address which no interface shows is served', async () => {
  const loopback2 = { transport: 'udp', host: ip('127.0.0.2'), port: 0 } as const;
  const anywhere = { transport: 'tcp', host: '*', port: 0 } as const;
  const running = await startAppliance(loopbackConfig({ listen: [loopback2, anywhere] }));
  const byUdp = await connected(running, 'udp', 'alice');
  expect((await allocated(byUdp)).ip).toEqual(ip('127.0.0.2'));
  const byTcp = await TurnClient.overTcp({ ip: ip('127.0.0.3'), port: running.tcp.port }, credentialOf(running, 'bob'));
  onTestFinished(() => {
    byTcp.close();
  });
  await allocated(byTcp);
});

test('the control socket answers health and ice', async () => {
  const running = await startAppliance();
  const { dataDir } = running;
  expect(await callControl(dataDir, { command: 'health' })).toMatchObject({
    status: 'ok',
    allocations: 0,
    engine: 'js',
  });
  const reply = (await callControl(dataDir, { command: 'ice', ttlSeconds: 60, subject: 'carol' })) as IceReply;
  expect(reply.ttlSeconds).toBe(60);
  expect(reply.iceServers[1]?.username).toMatch(/^\d+:carol$/);
});
