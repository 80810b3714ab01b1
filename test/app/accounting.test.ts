import { describe, expect, onTestFinished, test } from 'vitest';
import { callControl } from '../../server/app/control-client.ts';
import { databasePath } from '../../server/app/data-dir.ts';
import type { ResolvedConfig } from '../../server/config/resolved-config.ts';
import type { UsageRow } from '../../server/store/records.ts';
import { openStore } from '../../server/store/store.ts';
import { eventually, loopbackConfig, startAppliance, type RunningAppliance } from '../support/appliance.ts';
import { TurnClient, type TurnCredential } from '../support/turn-client.ts';
import { ip } from '../support/addresses.ts';

const masterKey = new Uint8Array(32).fill(7);
const alice: TurnCredential = { username: 'alice', password: 'wonderland' };
const packetBytes = 100;

/** An appliance whose relays reach each other, with alice among its users. */
function config(): ResolvedConfig {
  const peers = { allow: [{ ip: ip('127.0.0.0'), prefixLength: 8 }], deny: [] };
  return { ...loopbackConfig({ peers, users: [{ name: alice.username, password: alice.password }] }), masterKey };
}

async function connect({ udp }: RunningAppliance, credential: TurnCredential): Promise<TurnClient> {
  const client = await TurnClient.overUdp(udp, credential);
  onTestFinished(() => client.close());
  return client;
}

function issued({ appliance }: RunningAppliance, subject: string): TurnCredential {
  const turn = appliance.issueIceServers({ subject }).iceServers.at(-1);
  return { username: turn?.username ?? '', password: turn?.credential ?? '' };
}

/** Two allocations, and what sends packets from the first to the second. */
async function pair(running: RunningAppliance, from: TurnCredential, to: TurnCredential) {
  const [sender, receiver] = [await connect(running, from), await connect(running, to)];
  const [a, b] = [(await sender.allocate()).relayed, (await receiver.allocate()).relayed];
  if (a === null || b === null) throw new Error('no allocation');
  await receiver.bindChannel(0x4000, a);
  await sender.bindChannel(0x4000, b);
  const relay = async (packets: number): Promise<void> => {
    for (let count = 0; count < packets; count++) {
      sender.sendChannel(0x4000, new Uint8Array(packetBytes));
      await receiver.nextMedia();
    }
  };
  return { sender, receiver, relay };
}

/** What the database of an appliance that has stopped holds, by subject. */
function usageIn({ dataDir }: RunningAppliance): { subjects: Map<string, UsageRow>; month: Map<string, number> } {
  const store = openStore({ path: databasePath(dataDir), masterKey, nowMs: () => Date.now() });
  try {
    const everything = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, app: null, subject: null, limit: 1_000 };
    const rows = store.usage.query({ ...everything, resolution: 'day', groupBy: 'subject' });
    const months = store.usage.monthlyBytes(new Date().toISOString().slice(0, 7));
    return {
      subjects: new Map(rows.map((row) => [row.subject, row])),
      month: new Map(months.map(({ kind, name, bytes }) => [`${kind} ${name}`, bytes])),
    };
  } finally {
    store.close();
  }
}

/** Changes the default app. */
async function patchApp({ dataDir }: RunningAppliance, body: unknown): Promise<void> {
  const path = '/apps/default';
  const change = { command: 'admin', method: 'PATCH', path, body, ifMatch: '*' } as const;
  expect(await callControl(dataDir, change)).toMatchObject({ status: 200 });
}

describe('usage', () => {
  test('nothing is lost over a clean stop, not even what was relayed just before; a second life adds to it', async () => {
    const lives = config();
    for (const sum of [1, 2]) {
      const running = await startAppliance(lives);
      const { relay } = await pair(running, alice, issued(running, 'bob'));
      await relay(50);
      await running.appliance.stop();
      const { subjects, month } = usageIn(running);
      const bytes = sum * 50 * packetBytes;
      expect(subjects.get('alice')).toMatchObject({
        bytesUp: bytes,
        bytesDown: 0,
        packetsUp: sum * 50,
        allocations: sum,
      });
      expect(subjects.get('bob')).toMatchObject({
        bytesUp: 0,
        bytesDown: bytes,
        packetsDown: sum * 50,
        allocations: sum,
      });
      expect(month).toEqual(
        new Map([
          ['user alice', bytes],
          ['app default', bytes],
        ]),
      );
    }
  });
});

describe('SECURITY.md 9: the bytes of the month', () => {
  test('an exhausted quota ends the sessions of the app within 2 s and refuses new ones; a raised one admits them at once', async () => {
    const running = await startAppliance(config());
    await patchApp(running, { bytesPerMonth: 20 * packetBytes });
    const { receiver, sender, relay } = await pair(running, alice, issued(running, 'bob'));
    await relay(19);
    expect((await receiver.refresh(600)).code).toBe(0);
    await relay(1);
    const usedUpAtMs = performance.now();
    const ended = (): boolean =>
      running.log.some(({ event, cause }) => event === 'session_ended' && cause === 'quota-exhausted');
    await eventually('the end of the session', ended, 2_000);
    expect(performance.now() - usedUpAtMs).toBeLessThan(2_000);
    expect((await receiver.refresh(600)).code).toBe(437);
    // Nobody else's session ends.
    expect((await sender.refresh(600)).code).toBe(0);
    const next = await connect(running, issued(running, 'carol'));
    expect((await next.allocate()).code).toBe(486);
    await patchApp(running, { bytesPerMonth: 1_000_000 });
    expect((await next.allocate()).code).toBe(0);
  });

  test('what was used up before a restart is used up after it', async () => {
    const lives = config();
    const first = await startAppliance(lives);
    await patchApp(first, { bytesPerMonth: 5 * packetBytes });
    const { relay } = await pair(first, alice, issued(first, 'bob'));
    await relay(5);
    await first.appliance.stop();
    const second = await startAppliance(lives);
    const client = await connect(second, issued(second, 'bob'));
    expect((await client.allocate()).code).toBe(486);
  });
});
