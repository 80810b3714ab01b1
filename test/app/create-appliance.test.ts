import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { callControl } from '../../server/app/control-client.ts';
import { RunningProgram } from '../startup/running-program.ts';
import { connectedClient, credentialOf, startedAppliance } from '../support/embedded-appliance.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('what is kept', () => {
  test('without dataDir nothing: no file and no socket appears', async () => {
    const before = readdirSync(process.cwd());
    const appliance = await startedAppliance();
    expect(appliance.addresses?.dataDir).toBeNull();
    expect((await appliance.health()).dataDir).toBeNull();
    expect(readdirSync(process.cwd())).toEqual(before);
  });

  test('with dataDir the secret outlives the object, and local commands reach it', async () => {
    const dataDir = join(tempDir(), 'data');
    const first = await startedAppliance({ dataDir });
    const credential = credentialOf(first, 'alice');
    expect(await callControl(dataDir, { command: 'health' })).toMatchObject({ status: 'ok', dataDir });
    await first.stop();
    expect(existsSync(join(dataDir, 'control.sock'))).toBe(false);
    const second = await startedAppliance({ dataDir });
    expect((await (await connectedClient(second, 'udp', credential)).allocate()).code).toBe(0);
    const stopped = once(second, 'stopped');
    await callControl(dataDir, { command: 'drain' });
    expect(await second.endSession((await second.sessions())[0]?.id ?? '')).toBe(true);
    await stopped;
    expect(second.addresses).toBeNull();
  });
});

test('http.public opens the health endpoints', async () => {
  const appliance = await startedAppliance({ http: { public: 'http://127.0.0.1:0' } });
  expect((await fetch(`${appliance.addresses?.http ?? ''}/readyz`)).status).toBe(200);
  expect((await fetch(`${appliance.addresses?.http ?? ''}/readyz`, { headers: { connection: 'keep-alive' } })).ok).toBe(
    true,
  );
});

test('the logger is given every event with its fields', async () => {
  const lines: unknown[] = [];
  const line = (fields: unknown, message: string): unknown => lines.push([fields, message]);
  const appliance = await startedAppliance({ logger: { debug: line, info: line, warn: line, error: line } });
  await (await connectedClient(appliance, 'udp')).allocate();
  await appliance.stop();
  expect(lines).toContainEqual([expect.objectContaining({ event: 'session_started' }), 'session started']);
  expect(lines.at(-1)).toEqual([{ event: 'stopped', sessionsEnded: 1 }, 'stopped']);
});

test('its process is left as it was, and ends by itself', async () => {
  const program = new RunningProgram(process.execPath, [
    fileURLToPath(new URL('./embedding-program.ts', import.meta.url)),
  ]);
  expect(await program.end).toEqual({ code: 0, signal: null });
  expect(program.stderr).toBe('');
  expect(JSON.parse(program.stdout)).toEqual({ allocateCode: 0, changed: [], held: [] });
});
