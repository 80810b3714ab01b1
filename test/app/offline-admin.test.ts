import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callControl } from '../../server/app/control-client.ts';
import { ControlServer } from '../../server/app/control-server.ts';
import { controlSocketPath, databasePath } from '../../server/app/data-dir.ts';
import { stateOnDisk } from '../../server/app/kept-state.ts';
import { openOfflineAdmin, type OfflineAdmin } from '../../server/app/offline-admin.ts';
import { openApplianceStore } from '../../server/app/open-store.ts';
import { optionsLoader } from '../../server/config/load.ts';
import { tempDir } from '../support/temp-dir.ts';

const load = () => Promise.resolve(optionsLoader({}, '/'));

function usedDataDir(): string {
  const dataDir = tempDir();
  openApplianceStore(stateOnDisk(dataDir), { masterKey: null, hasConfiguredSecret: false }).close();
  return dataDir;
}

async function open(dataDir: string): Promise<OfflineAdmin> {
  const offline = await openOfflineAdmin({ dataDir, load });
  onTestFinished(() => offline.close());
  return offline;
}

describe('the admin API over the database of an appliance that does not run', () => {
  test('answers as a running one does, as the command line', async () => {
    const offline = await open(usedDataDir());
    const body = { id: 'chat' };
    expect(await offline.send({ command: 'admin', method: 'POST', path: '/apps', body })).toMatchObject({
      status: 201,
    });
    const audit = await offline.send({ command: 'admin', method: 'GET', path: '/audit', query: { action: 'app' } });
    expect(audit.body).toMatchObject({ lines: [{ action: 'app.create', actor: { kind: 'local' } }, {}] });
  });

  test('keeps appliances and other commands away until it is closed, and says why', async () => {
    const dataDir = usedDataDir();
    const offline = await openOfflineAdmin({ dataDir, load });
    const rival = new ControlServer(controlSocketPath(dataDir), {
      handle: () => Promise.reject(new Error('unused')),
      onFailure: () => undefined,
    });
    await expect(rival.listen()).rejects.toMatchObject({ code: 'data_dir_in_use' });
    await expect(openOfflineAdmin({ dataDir, load })).rejects.toMatchObject({ code: 'data_dir_in_use' });
    await expect(callControl(dataDir, { command: 'health' })).rejects.toMatchObject({
      code: 'data_dir_in_use',
      message: 'a command works on the database. Try again when it is done.',
    });
    await offline.close();
    await rival.listen();
    await rival.close();
  });

  test('makes no database, and not even the directory', async () => {
    const dataDir = tempDir();
    await expect(openOfflineAdmin({ dataDir, load })).rejects.toMatchObject({ code: 'no_database' });
    await expect(openOfflineAdmin({ dataDir: `${dataDir}/none`, load })).rejects.toMatchObject({ code: 'no_database' });
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test('leaves nothing behind when it cannot be opened', async () => {
    const dataDir = usedDataDir();
    const wrongKey = () => Promise.resolve(optionsLoader({ masterKey: Buffer.alloc(32, 1).toString('base64') }, '/'));
    await expect(openOfflineAdmin({ dataDir, load: wrongKey })).rejects.toMatchObject({ code: 'master_key_wrong' });
    expect(existsSync(controlSocketPath(dataDir))).toBe(false);
    expect((await open(dataDir)).database).toBe(databasePath(dataDir));
  });

  test.each([
    ['issuing', { method: 'POST', path: '/apps/default/ice-servers', body: {} }],
    ['the status of the system', { method: 'GET', path: '/system' }],
  ] as const)('%s needs a server, and says so', async (_what, request) => {
    const offline = await open(usedDataDir());
    const { status, body } = await offline.send({ command: 'admin', ...request });
    expect(status).toBe(503);
    expect(body).toMatchObject({
      code: 'relay_unavailable',
      detail: expect.stringContaining('No Turnpike runs') as string,
    });
  });

  test('what the configuration has is shown locked', async () => {
    const dataDir = usedDataDir();
    const options = { turn: { users: [{ name: 'cam', password: 'a password' }] } };
    const offline = await openOfflineAdmin({ dataDir, load: () => Promise.resolve(optionsLoader(options, '/')) });
    onTestFinished(() => offline.close());
    const { status, body } = await offline.send({ command: 'admin', method: 'DELETE', path: '/turn-users/cam' });
    expect([status, body]).toEqual([409, expect.objectContaining({ code: 'locked' })]);
  });
});
