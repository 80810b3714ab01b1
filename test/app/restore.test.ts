import Database from 'better-sqlite3';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callControl } from '../../server/app/control-client.ts';
import { databasePath } from '../../server/app/data-dir.ts';
import { stateOnDisk } from '../../server/app/kept-state.ts';
import { openOfflineAdmin } from '../../server/app/offline-admin.ts';
import { openApplianceStore } from '../../server/app/open-store.ts';
import { restore } from '../../server/app/restore.ts';
import { optionsLoader } from '../../server/config/load.ts';
import type { BackupReply } from '../../server/contract/control.ts';
import { newAppFields } from '../../server/store/new-app.ts';
import { openStore, type Store } from '../../server/store/store.ts';
import { loopbackConfig, startAppliance } from '../support/appliance.ts';
import { tempDir } from '../support/temp-dir.ts';

const nowMs = Date.UTC(2027, 0, 31, 12, 34, 56, 789);
const load = () => Promise.resolve(optionsLoader({}, '/'));

function open(dataDir: string): Store {
  return openApplianceStore(stateOnDisk(dataDir), { masterKey: null, hasConfiguredSecret: false });
}

function addApp(dataDir: string, id: string): void {
  const store = open(dataDir);
  store.batch(() => store.apps.create(id, { ...newAppFields, name: id }));
  store.close();
}

function appsIn(dataDir: string): string[] {
  const store = open(dataDir);
  const ids = store.apps.list().map(({ id }) => id);
  store.close();
  return ids.toSorted();
}

async function backUp(dataDir: string): Promise<string> {
  const file = join(tempDir(), 'backup.db');
  const offline = await openOfflineAdmin({ dataDir, load });
  offline.backUp(file);
  await offline.close();
  return file;
}

describe('backup', () => {
  test('copies the database of a running appliance, whole and private', async () => {
    const { dataDir } = await startAppliance(loopbackConfig());
    const file = join(tempDir(), 'backup.db');
    const reply = (await callControl(dataDir, { command: 'backup', file })) as BackupReply;
    expect(reply).toEqual({ file, bytes: statSync(file).size });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const masterKey = stateOnDisk(dataDir).masterKey();
    const copy = openStore({ path: file, masterKey, nowMs: Date.now });
    onTestFinished(() => copy.close());
    expect([copy.apps.get('default')?.id, copy.integrityProblems()]).toEqual(['default', []]);
    await expect(callControl(dataDir, { command: 'backup', file })).rejects.toMatchObject({ code: 'backup_failed' });
    const nowhere = join(dataDir, 'none', 'backup.db');
    await expect(callControl(dataDir, { command: 'backup', file: nowhere })).rejects.toMatchObject({
      code: 'backup_failed',
    });
  });
});

describe('restore', () => {
  test('puts the backup in place, and keeps what was there beside it', async () => {
    const dataDir = tempDir();
    addApp(dataDir, 'before');
    const file = await backUp(dataDir);
    addApp(dataDir, 'after');
    const restored = await restore({ file, dataDir, load, nowMs });
    const replaced = `${databasePath(dataDir)}.replaced-20270131T123456.789Z`;
    expect(restored).toEqual({ database: databasePath(dataDir), replaced });
    expect(appsIn(dataDir)).toEqual(['before', 'default']);
    const old = openStore({ path: replaced, masterKey: stateOnDisk(dataDir).masterKey(), nowMs: Date.now });
    expect(old.apps.get('after')?.id).toBe('after');
    old.close();
    expect(readdirSync(dataDir).filter((name) => name.includes('restoring'))).toEqual([]);
    expect(statSync(databasePath(dataDir)).mode & 0o777).toBe(0o600);
  });

  test('twice within a second keeps both databases that were there', async () => {
    const dataDir = tempDir();
    addApp(dataDir, 'before');
    const file = await backUp(dataDir);
    const first = await restore({ file, dataDir, load, nowMs });
    const second = await restore({ file, dataDir, load, nowMs: nowMs + 1 });
    expect([first, second].map(({ replaced }) => existsSync(replaced ?? ''))).toEqual([true, true]);
    expect(second.replaced).not.toBe(first.replaced);
  });

  test('makes private what others may read of the backup', async () => {
    const dataDir = tempDir();
    addApp(dataDir, 'before');
    const file = await backUp(dataDir);
    chmodSync(file, 0o644);
    await restore({ file, dataDir, load, nowMs });
    expect(statSync(databasePath(dataDir)).mode & 0o777).toBe(0o600);
  });

  test('what a killed appliance has left in its log stays with the old database, and does not get into the new one', async () => {
    const dataDir = tempDir();
    addApp(dataDir, 'before');
    const file = await backUp(dataDir);
    const killed = open(dataDir);
    onTestFinished(() => killed.close());
    killed.batch(() => killed.apps.create('late', { ...newAppFields, name: 'late' }));
    expect(statSync(`${databasePath(dataDir)}-wal`).size).toBeGreaterThan(0);
    const { replaced } = await restore({ file, dataDir, load, nowMs });
    expect(appsIn(dataDir)).toEqual(['before', 'default']);
    const masterKey = stateOnDisk(dataDir).masterKey();
    const old = openStore({ path: replaced ?? '', masterKey, nowMs: Date.now });
    expect(old.apps.get('late')?.id).toBe('late');
    old.close();
  });

  test('onto a new machine: with the master key of its time and no database', async () => {
    const dataDir = tempDir();
    addApp(dataDir, 'before');
    const file = await backUp(dataDir);
    const elsewhere = join(tempDir(), 'data');
    const masterKey = Buffer.from(stateOnDisk(dataDir).masterKey()).toString('base64');
    const loadWithKey = () => Promise.resolve(optionsLoader({ masterKey }, '/'));
    expect(await restore({ file, dataDir: elsewhere, load: loadWithKey, nowMs })).toMatchObject({ replaced: null });
    const store = openStore({
      path: databasePath(elsewhere),
      masterKey: Buffer.from(masterKey, 'base64'),
      nowMs: Date.now,
    });
    expect(
      store.audit.list({
        fromMs: null,
        toMs: null,
        actor: 'local',
        action: null,
        target: null,
        beforeId: null,
        limit: 1,
      }),
    ).toMatchObject([{ action: 'database.restore', after: { file } }]);
    store.close();
  });

  test('is refused while an appliance runs', async () => {
    const { dataDir } = await startAppliance(loopbackConfig());
    const file = join(tempDir(), 'backup.db');
    await callControl(dataDir, { command: 'backup', file });
    await expect(restore({ file, dataDir, load, nowMs })).rejects.toMatchObject({ code: 'data_dir_in_use' });
  });

  test.each<[string, (dataDir: string, file: string) => void, string]>([
    ['what is no database', (_dataDir, file) => writeFileSync(file, 'hello '.repeat(1000)), 'it is no database'],
    ['an empty file', (_dataDir, file) => writeFileSync(file, ''), 'is empty'],
    ['a backup of another installation', (_dataDir, file) => otherInstallation(file), 'another master key'],
    ['a backup of a newer release', newer, 'newer Turnpike'],
    ['a damaged backup', damaged, 'damaged'],
    ['a backup with an index that lacks rows', withoutIndexRows, 'damaged'],
  ])('%s is refused, and nothing is changed', async (_what, make, reason) => {
    const dataDir = tempDir();
    addApp(dataDir, 'present');
    const file = join(tempDir(), 'backup.db');
    make(dataDir, file);
    const refused = restore({ file, dataDir, load, nowMs });
    await expect(refused).rejects.toMatchObject({ code: 'restore_refused' });
    await expect(refused).rejects.toThrow(reason);
    expect(appsIn(dataDir)).toEqual(['default', 'present']);
    expect(readdirSync(dataDir).toSorted()).toEqual(['master-key', 'turnpike.db']);
  });

  test('a file that is not there is refused before anything is made', async () => {
    const dataDir = join(tempDir(), 'data');
    await expect(restore({ file: '/nowhere.db', dataDir, load, nowMs })).rejects.toMatchObject({
      code: 'restore_refused',
    });
    expect(existsSync(dataDir)).toBe(false);
  });
});

function otherInstallation(file: string): void {
  openStore({ path: file, masterKey: new Uint8Array(32).fill(9), nowMs: Date.now }).close();
}

function newer(dataDir: string, file: string): void {
  const store = open(dataDir);
  store.backup(file);
  store.close();
  const database = new Database(file);
  database.pragma('user_version = 999');
  database.close();
}

/** One page is overwritten, as a failing disk does it: one that nobody reads at the start. */
function damaged(dataDir: string, file: string): void {
  const store = open(dataDir);
  store.backup(file);
  store.close();
  const database = new Database(file);
  const page = Number(database.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'bans'").pluck().get());
  const pageBytes = Number(database.pragma('page_size', { simple: true }));
  database.close();
  const bytes = readFileSync(file);
  bytes.fill(0xa5, (page - 1) * pageBytes, page * pageBytes);
  writeFileSync(file, bytes);
}

/** The index is made while the table is empty, as far as it knows: what a lost write leaves. */
function withoutIndexRows(dataDir: string, file: string): void {
  const store = open(dataDir);
  store.backup(file);
  store.close();
  const database = new Database(file);
  database.unsafeMode();
  database.pragma('writable_schema = ON');
  const { sql } = database.prepare("SELECT sql FROM sqlite_master WHERE name = 'audit_by_time'").get() as {
    sql: string;
  };
  database.prepare("UPDATE sqlite_master SET sql = ? WHERE name = 'audit_by_time'").run(`${sql} WHERE id < 0`);
  database.close();
  const changed = new Database(file);
  changed.exec('REINDEX audit_by_time');
  changed.unsafeMode();
  changed.pragma('writable_schema = ON');
  changed.prepare("UPDATE sqlite_master SET sql = ? WHERE name = 'audit_by_time'").run(sql);
  changed.close();
}
