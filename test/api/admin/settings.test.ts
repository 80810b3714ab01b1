import { describe, expect, test } from 'vitest';
import { onTestFinished } from 'vitest';
import { Settings } from '../../../server/app/settings.ts';
import { optionsLoader } from '../../../server/config/load.ts';
import { staticUser } from '../../../server/credentials/credential-set.ts';
import { openStore } from '../../../server/store/store.ts';
import { ask, auditLines, grant, refusal } from './asking.ts';
import { adminWorld, startMs, type AdminWorld } from './admin-world.ts';

interface SettingDocument {
  readonly key: string;
  readonly value: unknown;
  readonly isLocked: boolean;
  readonly [key: string]: unknown;
}

const password = 'a password of a desk phone';

/** The settings of an appliance that was given a realm and a user. */
async function worldWithSettings(): Promise<{ world: AdminWorld; effects: string[] }> {
  const store = openStore({ path: ':memory:', masterKey: new Uint8Array(32).fill(7), nowMs: () => startMs });
  onTestFinished(() => store.close());
  const effects: string[] = [];
  const options = { turn: { engine: 'js', users: [{ name: 'desk-phone', password }] } };
  const settings = new Settings(store, optionsLoader(options, '/'), {
    useAtOnce: ({ config }) => void effects.push(`drainSeconds ${config.drainSeconds}`),
    restartRelay: ({ config }) => void effects.push(`realm ${config.turn.realm}`),
  });
  return { world: await adminWorld({ store, ports: { settings } }), effects };
}

async function settingOf(world: AdminWorld, key: string): Promise<SettingDocument | undefined> {
  const { settings } = await grant<{ settings: SettingDocument[] }>(world, 'GET', '/settings');
  return settings.find((setting) => setting.key === key);
}

describe('GET /settings', () => {
  test('tells of every key its value, whose it is, and whether it may be changed here', async () => {
    const { world } = await worldWithSettings();
    expect(await settingOf(world, 'drainSeconds')).toMatchObject({
      value: 30,
      default: 30,
      origin: { layer: 'default' },
      isLocked: false,
      isSecret: false,
      applies: 'at-once',
    });
    expect(await settingOf(world, 'turn.engine')).toMatchObject({
      value: 'js',
      isLocked: true,
      origin: { layer: 'option' },
    });
    expect(await settingOf(world, 'dataDir')).toMatchObject({ isLocked: true });
    expect(await settingOf(world, 'turn.realm')).toMatchObject({ isLocked: false, applies: 'relay-restart' });
  });

  test('SECURITY.md 13: and no secret', async () => {
    const { world } = await worldWithSettings();
    expect((await ask(world, ['GET', '/settings'])).text).not.toContain(password);
    expect(await settingOf(world, 'turn.users')).toMatchObject({ isSecret: true });
  });
});

describe('PATCH /settings', () => {
  test('changes a setting, which is in force and has another entity tag', async () => {
    const { world, effects } = await worldWithSettings();
    const { etag = '' } = await ask(world, ['GET', '/settings']);
    const answer = await ask(world, ['PATCH', '/settings', { changes: { drainSeconds: 5 } }], { ifMatch: etag });
    expect(answer).toMatchObject({ status: 200, body: { relayRestarts: false, pendingRestart: [] } });
    expect(answer.etag).not.toBe(etag);
    expect((await ask(world, ['GET', '/settings'])).etag).toBe(answer.etag);
    expect(await settingOf(world, 'drainSeconds')).toMatchObject({ value: 5, origin: { layer: 'console' } });
    expect(effects).toEqual(['drainSeconds 5']);
  });

  test('null takes it back', async () => {
    const { world, effects } = await worldWithSettings();
    for (const drainSeconds of [5, null]) await grant(world, 'PATCH', '/settings', { changes: { drainSeconds } });
    expect(await settingOf(world, 'drainSeconds')).toMatchObject({ value: 30, origin: { layer: 'default' } });
    expect(effects).toEqual(['drainSeconds 5', 'drainSeconds 30']);
  });

  test('says what has to start anew', async () => {
    const { world, effects } = await worldWithSettings();
    const changes = { 'turn.realm': 'example.org', 'http.trustedProxies': ['10.1.2.3/32'] };
    expect(await grant(world, 'PATCH', '/settings', { changes })).toEqual({
      relayRestarts: true,
      pendingRestart: ['http.trustedProxies'],
    });
    expect(effects).toEqual(['drainSeconds 30', 'realm example.org']);
  });

  test.each<[what: string, changes: object, code: string, detail: RegExp]>([
    ['no change', {}, 'bad_request', /changes/],
    ['an unknown key', { 'turn.relm': 'x' }, 'invalid_value', /there is no setting turn\.relm/],
    ['a name of objects', { constructor: 'x' }, 'invalid_value', /there is no setting constructor/],
    [
      'a key that a higher layer owns',
      { 'turn.engine': 'auto' },
      'locked',
      /turn\.engine is set by .*which wins\. Change it there/,
    ],
    [
      'a key that is not kept here',
      { dataDir: '/' },
      'locked',
      /dataDir cannot be set here: write it into the configuration file/,
    ],
    ['secrets, which have a home of their own', { 'turn.secrets': ['x'.repeat(43)] }, 'locked', /turn\.secrets/],
    ['a value of another type', { drainSeconds: '5' }, 'invalid_value', /drainSeconds/],
    ['a value that cannot be', { drainSeconds: -1 }, 'invalid_value', /drainSeconds/],
    ['a malformed text', { 'turn.peers.allow': ['10.0.0.0'] }, 'invalid_value', /turn\.peers\.allow/],
    ['a good one with a bad one', { drainSeconds: 5, 'turn.relm': 'x' }, 'invalid_value', /turn\.relm/],
    ['a locked one with an unknown one', { dataDir: '/', 'turn.relm': 'x' }, 'invalid_value', /dataDir.* turn\.relm/],
  ])('refuses %s, and changes nothing', async (_what, changes, code, detail) => {
    const { world, effects } = await worldWithSettings();
    const before = auditLines(world.store).length;
    expect(await refusal(world, 'PATCH', '/settings', { changes })).toMatchObject({
      code,
      detail: expect.stringMatching(detail) as string,
    });
    expect(world.store.settings.all()).toEqual(new Map());
    expect(effects).toEqual([]);
    expect(auditLines(world.store)).toHaveLength(before);
  });

  test('refuses another realm while there are TURN users of this one', async () => {
    const { world } = await worldWithSettings();
    const limits = { expiresAtMs: null, allocations: null, bitsPerSecond: null, bytesPerMonth: null };
    const realm = 'turnpike.local';
    world.store.batch(() => world.store.turnUsers.create('camera', realm, staticUser('camera', realm, 'x'), limits));
    const change = () => ask(world, ['PATCH', '/settings', { changes: { 'turn.realm': 'example.org' } }]);
    expect((await change()).text).toMatch(/TURN users whose keys are .* \\"turnpike\.local\\".* Delete them/);
    await grant(world, 'PATCH', '/settings', { changes: { drainSeconds: 1, 'turn.realm': realm } });
    world.store.batch(() => world.store.turnUsers.delete('camera'));
    expect((await change()).status).toBe(200);
  });

  test.each<[ifMatch: string | null, status: number, code: string]>([
    [null, 428, 'version_required'],
    ['"of another time"', 412, 'changed_meanwhile'],
  ])('If-Match %j is %d', async (ifMatch, status, code) => {
    const { world } = await worldWithSettings();
    const answer = await ask(world, ['PATCH', '/settings', { changes: { drainSeconds: 5 } }], { ifMatch });
    expect([answer.status, (answer.body as { code: string }).code]).toEqual([status, code]);
    expect(world.store.settings.all()).toEqual(new Map());
  });

  test('one of two who saw the same wins', async () => {
    const { world } = await worldWithSettings();
    const { etag = '' } = await ask(world, ['GET', '/settings']);
    const change = (drainSeconds: number) =>
      ask(world, ['PATCH', '/settings', { changes: { drainSeconds } }], { ifMatch: etag });
    const statuses = (await Promise.all([change(1), change(2)])).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 412]);
  });

  test('is for owners alone', async () => {
    const { world } = await worldWithSettings();
    const answer = await ask(world, ['PATCH', '/settings', { changes: { drainSeconds: 5 } }], { as: 'operator' });
    expect(answer.status).toBe(403);
  });

  test('SECURITY.md 13: is written down, key by key, with what was before', async () => {
    const { world } = await worldWithSettings();
    for (const drainSeconds of [5, 6, null]) await grant(world, 'PATCH', '/settings', { changes: { drainSeconds } });
    const target = 'setting/drainSeconds';
    expect(auditLines(world.store)).toMatchObject([
      { action: 'setting.change', target, before: null, after: 5 },
      { action: 'setting.change', target, before: 5, after: 6 },
      { action: 'setting.change', target, before: 6, after: null },
    ]);
  });
});
