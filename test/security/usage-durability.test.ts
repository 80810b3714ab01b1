import { expect, onTestFinished, test } from 'vitest';
import { databasePath } from '../../server/app/data-dir.ts';
import { openStore } from '../../server/store/store.ts';
import { readyLine, serve } from '../startup/serving.ts';
import { ip } from '../support/addresses.ts';
import { tempDir } from '../support/temp-dir.ts';
import { TurnClient } from '../support/turn-client.ts';

const masterKey = new Uint8Array(32).fill(7);
const [alice, bob] = [
  { name: 'alice', password: 'wonderland' },
  { name: 'bob', password: 'builder' },
];
const packetBytes = 100;
const spacingMs = 20;

test('SECURITY.md 15: kill -9 loses at most the last ten seconds of usage', { timeout: 60_000 }, async () => {
  const dataDir = tempDir();
  const flags = [
    '--turn-listen=udp://127.0.0.1:0',
    '--http-public=null',
    '--http-admin=null',
    '--turn-peers-allow=127.0.0.0/8',
  ];
  const env = {
    TURNPIKE_TURN_USERS: JSON.stringify([alice, bob]),
    TURNPIKE_MASTER_KEY: Buffer.from(masterKey).toString('base64'),
  };
  const server = serve([...flags, `--data-dir=${dataDir}`], { env });
  await server.seen(readyLine);
  const port = Number(/"transport":"udp","port":(\d+)/.exec(server.stdout)?.[1]);

  const [sender, receiver] = await Promise.all(
    [alice, bob].map(({ name, password }) => {
      return TurnClient.overUdp({ ip: ip('127.0.0.1'), port }, { username: name, password });
    }),
  );
  if (sender === undefined || receiver === undefined) throw new Error('no clients');
  onTestFinished(() => [sender, receiver].forEach((client) => client.close()));
  const [a, b] = [(await sender.allocate()).relayed, (await receiver.allocate()).relayed];
  if (a === null || b === null) throw new Error('no allocation');
  await receiver.bindChannel(0x4000, a);
  await sender.bindChannel(0x4000, b);

  const relayedAtMs: number[] = [];
  const startMs = performance.now();
  while (performance.now() - startMs < 14_000) {
    sender.sendChannel(0x4000, new Uint8Array(packetBytes));
    await receiver.nextMedia();
    relayedAtMs.push(performance.now());
    await new Promise((resolve) => setTimeout(resolve, spacingMs));
  }
  server.signal('SIGKILL');
  const killedAtMs = performance.now();
  await server.end;

  const store = openStore({ path: databasePath(dataDir), masterKey, nowMs: () => Date.now() });
  onTestFinished(() => store.close());
  const rows = store.usage.query({
    resolution: 'minute',
    fromMs: 0,
    toMs: Number.MAX_SAFE_INTEGER,
    app: null,
    subject: 'alice',
    groupBy: 'none',
    limit: 1_000,
  });
  const kept = rows.reduce((sum, { bytesUp }) => sum + bytesUp, 0) / packetBytes;
  const before = relayedAtMs.filter((atMs) => killedAtMs - atMs > 10_000).length;
  expect(before).toBeGreaterThan(50);
  expect(kept).toBeGreaterThanOrEqual(before);
  expect(kept).toBeLessThanOrEqual(relayedAtMs.length);
});
