import { expect, onTestFinished, test } from 'vitest';
import { createSecret } from '../../server/api/admin/rotation.ts';
import { ApplianceLog } from '../../server/app/appliance-log.ts';
import { Records } from '../../server/app/records.ts';
import { Schedule } from '../../server/app/schedule.ts';
import { newAppFields } from '../../server/store/new-app.ts';
import { openStore, type Store } from '../../server/store/store.ts';
import { createLog } from '../../server/telemetry/log.ts';

const dayMs = 86_400_000;
const startMs = Date.now();

/** A schedule over a store in memory, and what it logs. */
function scheduled() {
  const clock = { nowMs: startMs };
  const nowMs = () => clock.nowMs;
  const store = openStore({ path: ':memory:', masterKey: new Uint8Array(32), nowMs });
  const records = new Records(
    store,
    { realm: 'turnpike.local', users: [], secrets: [] },
    {
      tellRelay: () => undefined,
      onUnreadable: (error) => {
        throw error;
      },
    },
  );
  const lines: Record<string, unknown>[] = [];
  const sink = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const schedule = new Schedule({
    records,
    retention: () => ({ minuteDays: 2, hourDays: 35, dayDays: 800, auditDays: 400 }),
    configuredSecrets: () => [],
    log: new ApplianceLog(createLog({ level: 'info', format: 'json', sink })),
  });
  onTestFinished(async () => {
    await schedule.end();
    await records.close();
  });
  /** Makes an app that is rotated every 30 days, with so many active secrets. */
  const addApp = (id: string, secrets: number): void =>
    store.mutate({ kind: 'local' }, (record) => {
      const app = store.apps.create(id, { ...newAppFields, name: id, rotateEveryDays: 30 });
      for (let made = 0; made < secrets; made += 1) {
        createSecret({ store, configured: { secrets: () => [] }, nowMs }, app, undefined, record);
      }
    });
  const runAfter = async (ms: number): Promise<void> => {
    clock.nowMs += ms;
    await schedule.run(clock.nowMs);
  };
  return { store, lines, addApp, runAfter };
}

function statesOf(store: Store, app: string): string[] {
  return store.secrets.list(app).map(({ state }) => state);
}

test('what is due is rotated, and what has retired is forgotten a day after its time', async () => {
  const { store, lines, addApp, runAfter } = scheduled();
  addApp('chat', 1);
  await runAfter(30 * dayMs - 1);
  expect(statesOf(store, 'chat')).toEqual(['active']);
  await runAfter(1);
  expect(statesOf(store, 'chat')).toEqual(['active', 'retiring']);
  expect(lines).toMatchObject([{ event: 'secret_rotated', app: 'chat' }]);
  await runAfter(2 * dayMs - 1);
  expect(statesOf(store, 'chat')).toEqual(['active', 'retiring']);
  await runAfter(1);
  expect(statesOf(store, 'chat')).toEqual(['active', 'revoked']);
});

test('an app that has no room for another secret is told of, and neither ends the schedule nor the appliance', async () => {
  const { store, lines, addApp, runAfter } = scheduled();
  addApp('full', 8);
  addApp('zoo', 1);
  await runAfter(30 * dayMs);
  expect(statesOf(store, 'zoo')).toEqual(['active', 'retiring']);
  expect(lines).toMatchObject([
    { event: 'secret_not_rotated', app: 'full', reason: expect.stringContaining('8 live secrets') as string },
    { event: 'secret_rotated', app: 'zoo' },
  ]);
});
