import { describe, expect, onTestFinished, test } from 'vitest';
import { Appliance } from '../../server/app/appliance.ts';
import { spawnRelayThread } from '../../server/app/relay-thread.ts';
import { Settings, type SettingsEffects } from '../../server/app/settings.ts';
import { relayWorkerEntry } from '../../server/app/worker-entry.ts';
import { optionsLoader, type LoadWithStored } from '../../server/config/load.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { administer } from '../support/administer.ts';
import { eventually } from '../support/appliance.ts';
import { tempDir } from '../support/temp-dir.ts';
import { TurnClient } from '../support/turn-client.ts';
import { keysOf, testStore, unlimitedUser } from '../store/stores.ts';

const local = { kind: 'local' } as const;
const load = (options: object): LoadWithStored => optionsLoader(options, '/nowhere');

function settingsOver(options: object, effects: Partial<SettingsEffects> = {}) {
  const { store } = testStore();
  const none = { useAtOnce: () => undefined, restartRelay: () => undefined };
  return { store, settings: new Settings(store, load(options), { ...none, ...effects }) };
}

const view = (settings: Settings, key: string) => settings.list().find((setting) => setting.key === key);

describe('what may be set', () => {
  test.each([
    ['a key that is not there', { 'turn.relm': 'x' }, 'unknown', /no setting turn\.relm/],
    ['a key that the file or a flag has', { 'turn.realm': 'x' }, 'locked', /turn\.realm is set by option, which wins/],
    ['a key that the database cannot have', { 'turn.secrets': ['x'.repeat(32)] }, 'locked', /cannot be set here/],
    ['a value of another kind', { drainSeconds: 'soon' }, 'invalid', /drainSeconds \(console\): "soon" is text/],
    ['a value that cannot be met', { 'turn.relayPorts': '9-1' }, 'invalid', /ends before it begins/],
    ['a combination that cannot be', { 'http.admin': 'http://192.0.2.1:1' }, 'invalid', /plain HTTP/],
  ])('%s is refused', (_what, changes, code, message) => {
    const { settings } = settingsOver({ turn: { realm: 'fixed.example' } });
    expect(settings.validate(new Map<string, unknown>(Object.entries(changes)))).toEqual([
      { key: Object.keys(changes)[0], code, message: expect.stringMatching(message) as string },
    ]);
  });

  test('the realm stays while TURN users have keys for it', () => {
    const { store, settings } = settingsOver({});
    store.turnUsers.create('phone', 'turnpike.local', keysOf(1), unlimitedUser);
    const [problem] = settings.validate(new Map([['turn.realm', 'example.org']]));
    expect(problem).toMatchObject({ key: 'turn.realm', code: 'invalid' });
    expect(settings.validate(new Map<string, unknown>([['drainSeconds', 5]]))).toEqual([]);
  });

  test('what does not go with the file any more can still be taken back', async () => {
    const { store, settings } = settingsOver({});
    store.settings.change(new Map<string, unknown>([['turn.listen', ['tls://*:5349']]]));
    const changes = new Map([['turn.listen', null]]);
    expect(settings.validate(changes)).toEqual([]);
    await settings.apply(local, changes);
    expect(store.settings.all().size).toBe(0);
  });
});

describe('what a change does', () => {
  test('it is stored with its audit line, shown with its origin, and taken back', async () => {
    const { store, settings } = settingsOver({});
    const before = settings.version();
    await settings.apply(local, new Map<string, unknown>([['drainSeconds', 5]]));
    expect(settings.version()).not.toBe(before);
    expect(view(settings, 'drainSeconds')).toMatchObject({
      value: 5,
      default: 30,
      origin: { layer: 'console' },
      isLocked: false,
    });
    await settings.apply(local, new Map([['drainSeconds', null]]));
    expect(settings.version()).toBe(before);
    expect(view(settings, 'drainSeconds')).toMatchObject({ value: 30, origin: { layer: 'default' } });
    const all = { fromMs: null, toMs: null, actor: null, action: null, target: null, beforeId: null, limit: 9 };
    expect(store.audit.list(all).map(({ target, before: was, after }) => [target, was, after])).toEqual([
      ['setting/drainSeconds', 5, null],
      ['setting/drainSeconds', null, 5],
    ]);
  });

  test.each([
    ['drainSeconds', 5, { relayRestarts: false, pendingRestart: [] }, 0],
    ['turn.strictExpiry', true, { relayRestarts: true, pendingRestart: [] }, 1],
    ['log.level', 'debug', { relayRestarts: false, pendingRestart: ['log.level'] }, 0],
  ])('%s takes effect when it says', async (key, value, applied, restarts) => {
    let restarted = 0;
    const { settings } = settingsOver(
      {},
      {
        restartRelay: () => {
          restarted += 1;
        },
      },
    );
    expect(await settings.apply(local, new Map<string, unknown>([[key, value]]))).toEqual(applied);
    expect(restarted).toBe(restarts);
  });
});

test('a setting of turn is in force with a new relay thread: the session of before ends with the drain, the next one has it', async () => {
  const dataDir = tempDir();
  const read = load({
    dataDir,
    drainSeconds: 1,
    turn: { listen: ['udp://127.0.0.1:0'], users: [{ name: 'desk', password: 'correct horse' }] },
    http: { public: null, admin: null },
  });
  const log: Record<string, unknown>[] = [];
  const sink = { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) };
  const appliance = new Appliance({
    config: read(new Map()).resolved,
    load: read,
    log: createLog({ level: 'debug', format: 'json', sink }),
    spawnRelay: spawnRelayThread(relayWorkerEntry),
  });
  const { listeners } = await appliance.start();
  onTestFinished(() => appliance.stop());
  const [listener] = listeners;
  if (listener === undefined) throw new Error('no listener');
  const credential = { username: 'desk', password: 'correct horse' };
  const before = await TurnClient.overUdp(listener.address, credential);
  expect((await before.allocate()).code).toBe(0);

  const request = { changes: { 'turn.limits.allocationsPerAddress': 1 } };
  await administer({ dataDir }, 'PATCH', '/settings', request, '*');
  await eventually('the new thread serves', () => log.some(({ event }) => event === 'relay_reconfigured'), 10_000);
  expect(appliance.sessions).toEqual([]);

  const first = await TurnClient.overUdp(listener.address, credential);
  const second = await TurnClient.overUdp(listener.address, credential);
  expect((await first.allocate()).code).toBe(0);
  expect((await second.allocate()).code).toBe(486);
});
