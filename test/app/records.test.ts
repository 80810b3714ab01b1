import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { openApplianceStore } from '../../server/app/open-store.ts';
import { stateOnDisk } from '../../server/app/kept-state.ts';
import { Records } from '../../server/app/records.ts';
import { defaultAppId } from '../../server/contract/default-app.ts';
import { newAppFields } from '../../server/store/new-app.ts';

test('SECURITY.md 15: a damaged row is reported, and the relay goes on with what it was told before', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'turnpike-test-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  const state = stateOnDisk(dataDir);
  openApplianceStore(state, { masterKey: null, hasConfiguredSecret: false }).close();
  const database = new Database(state.database);
  database.prepare('UPDATE secrets SET sealed_value = zeroblob(length(sealed_value))').run();
  database.close();

  const store = openApplianceStore(state, { masterKey: null, hasConfiguredSecret: false });
  const told: unknown[] = [];
  const unreadable: string[] = [];
  const records = new Records(
    store,
    { realm: 'turnpike.local', users: [], secrets: [] },
    {
      tellRelay: (changes) => told.push(changes),
      onUnreadable: ({ code }) => unreadable.push(code),
    },
  );
  onTestFinished(() => records.close());
  store.mutate({ kind: 'local' }, (record) => {
    store.apps.update(defaultAppId, store.apps.get(defaultAppId)?.version ?? 0, { ...newAppFields, name: 'Renamed' });
    record({ action: 'app.change', target: 'app/default', before: null, after: null });
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(unreadable).toHaveLength(1);
  expect(told).toEqual([]);
});
