import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ip } from '../support/addresses.ts';
import { administer } from '../support/administer.ts';
import { eventually, loopbackConfig, startAppliance, type RunningAppliance } from '../support/appliance.ts';
import { tempDir } from '../support/temp-dir.ts';
import { TurnClient } from '../support/turn-client.ts';

const channel = 0x4001;
const user = { name: 'desk', password: 'correct horse battery staple' };

test('SECURITY.md 15: a full disk is told by the API, readiness, log and metrics, and stops no relaying', async () => {
  const dataDir = smallDisk();
  const plain = loopbackConfig({ users: [user] });
  const metrics = { scheme: 'http', host: ip('127.0.0.1'), port: 0 } as const;
  const running = await startAppliance({ ...plain, dataDir, http: { ...plain.http, metrics } });
  const [alice, bob] = await callOver(running);
  expect(await relayed(alice, bob, 'before')).toBe('before');

  const ballast = join(dataDir, 'ballast');
  fillUp(ballast);
  await expect(administer(running, 'POST', '/apps', { id: 'chat' })).rejects.toThrow(
    /"status":503,"code":"store_full"/,
  );
  expect(running.log).toContainEqual(expect.objectContaining({ event: 'store_failed', code: 'store_full' }));
  const ready = await fetch(`${running.started.publicUrl}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', degraded: 'store_full' }]);
  expect(await metricsOf(running)).toMatch(/^turnpike_store_up 0$/m);
  expect(await administer(running, 'GET', '/system')).toMatchObject({ database: { failure: { code: 'store_full' } } });

  expect(await relayed(alice, bob, 'meanwhile')).toBe('meanwhile');
  expect((await alice.refresh(600)).code).toBe(0);
  const [carol, dave] = await callOver(running);
  expect(await relayed(carol, dave, 'a new call')).toBe('a new call');

  rmSync(ballast);
  await administer(running, 'POST', '/apps', { id: 'chat' });
  await eventually('the log says that it is over', () => running.log.some(({ event }) => event === 'store_recovered'));
  expect(await metricsOf(running)).toMatch(/^turnpike_store_up 1$/m);
});

/** Two clients whose relays are bound to one another. */
async function callOver(running: RunningAppliance): Promise<readonly [TurnClient, TurnClient]> {
  const credential = { username: user.name, password: user.password };
  const alice = await TurnClient.overUdp(running.udp, credential);
  const bob = await TurnClient.overUdp(running.udp, credential);
  const { relayed: ofAlice } = await alice.allocate();
  const { relayed: ofBob } = await bob.allocate();
  if (ofAlice === null || ofBob === null) throw new Error('no relay was allocated');
  expect((await alice.bindChannel(channel, ofBob)).code).toBe(0);
  expect((await bob.bindChannel(channel, ofAlice)).code).toBe(0);
  return [alice, bob];
}

async function relayed(from: TurnClient, to: TurnClient, text: string): Promise<string> {
  from.sendChannel(channel, new TextEncoder().encode(text));
  return new TextDecoder().decode((await to.nextMedia()).subarray(4, 4 + text.length));
}

/** A data directory on a file system of 2 MB. */
function smallDisk(): string {
  const directory = join(tempDir(), 'disk');
  mkdirSync(directory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'tmpfs', directory]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', directory]);
  });
  return directory;
}

function fillUp(path: string): void {
  try {
    for (let size = 4096; ; size += 4096) writeFileSync(path, Buffer.alloc(size));
  } catch {
    // Full.
  }
}

async function metricsOf({ appliance }: RunningAppliance): Promise<string> {
  const { listeners } = await appliance.health();
  const url = listeners.find(({ role }) => role === 'metrics')?.url;
  return (await fetch(`${url}/metrics`)).text();
}
