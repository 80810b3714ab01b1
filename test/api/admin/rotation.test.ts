import { describe, expect, onTestFinished, test } from 'vitest';
import { revokeUsedUp, usedUpSecrets } from '../../../server/api/admin/retired-secrets.ts';
import { createSecret, dueRotations, rotateDue, rotateSecrets } from '../../../server/api/admin/rotation.ts';
import { SessionCounts } from '../../../server/api/admin/session-counts.ts';
import { newAppFields } from '../../../server/store/new-app.ts';
import type { AppRecord, SecretRecord } from '../../../server/store/records.ts';
import { openStore, type Store } from '../../../server/store/store.ts';
import { auditLines } from './asking.ts';
import { startMs } from './admin-world.ts';

const dayMs = 86_400_000;
const nobody = new SessionCounts([]);

/** Something that rotations are made with, and its clock. */
function parts(configured: readonly { readonly id: string; readonly origin: string }[] = []) {
  const clock = { nowMs: startMs };
  const nowMs = () => clock.nowMs;
  const store = openStore({ path: ':memory:', masterKey: new Uint8Array(32), nowMs });
  onTestFinished(() => store.close());
  return { clock, store, nowMs, configured: { secrets: () => configured } };
}

type Parts = ReturnType<typeof parts>;

/** Makes an app with one secret. */
function addApp(made: Parts, id: string, fields: Partial<AppRecord> = {}): AppRecord {
  return made.store.mutate({ kind: 'local' }, (record) => {
    const app = made.store.apps.create(id, { ...newAppFields, name: id, ...fields });
    createSecret(made, app, undefined, record);
    return app;
  });
}

/** In alphabetical order: secrets of one millisecond are listed in no order that a test could know. */
function states(store: Store, appId: string): string[] {
  return store.secrets
    .list(appId)
    .map(({ state }) => state)
    .toSorted();
}

describe('which apps are due for a rotation', () => {
  const app = (fields: Partial<AppRecord>): AppRecord => ({
    ...newAppFields,
    id: 'chat',
    createdAtMs: 0,
    updatedAtMs: 0,
    version: 1,
    ...fields,
  });
  const secret = (ageDays: number, state: SecretRecord['state'] = 'active'): SecretRecord => ({
    appId: 'chat',
    id: String(ageDays),
    state,
    acceptedUntilMs: null,
    createdAtMs: startMs - ageDays * dayMs,
    retiredAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
  });

  test.each<[what: string, fields: Partial<AppRecord>, secrets: SecretRecord[], isDue: boolean]>([
    ['one that is rotated by hand', { rotateEveryDays: null }, [secret(999)], false],
    ['one whose secret is a little too young', { rotateEveryDays: 30 }, [secret(29.999)], false],
    ['one whose secret is just old enough', { rotateEveryDays: 30 }, [secret(30)], true],
    ['one whose newest secret is young', { rotateEveryDays: 30 }, [secret(99), secret(1)], false],
    ['one whose newest secret retires', { rotateEveryDays: 30 }, [secret(99), secret(1, 'retiring')], true],
    ['one whose newest secret is revoked', { rotateEveryDays: 30 }, [secret(99), secret(1, 'revoked')], true],
    ['one without a secret', { rotateEveryDays: 30 }, [], true],
    ['one that is disabled', { rotateEveryDays: 30, isEnabled: false }, [secret(99)], false],
  ])('%s', (_what, fields, secrets, isDue) => {
    expect(dueRotations([app(fields)], () => secrets, startMs).map(({ id }) => id)).toEqual(isDue ? ['chat'] : []);
  });
});

describe('scheduled rotation', () => {
  test('rotates what is due, once, as nobody in particular', () => {
    const made = parts();
    addApp(made, 'chat', { rotateEveryDays: 30 });
    addApp(made, 'shop', { rotateEveryDays: 31 });
    addApp(made, 'old', { rotateEveryDays: null });
    made.clock.nowMs += 30 * dayMs;
    expect(rotateDue(made).map(({ app }) => app)).toEqual(['chat']);
    expect(rotateDue(made)).toEqual([]);
    expect(['chat', 'shop', 'old'].map((id) => states(made.store, id))).toEqual([
      ['active', 'retiring'],
      ['active'],
      ['active'],
    ]);
    const [, old] = made.store.secrets.list('chat');
    expect(old?.acceptedUntilMs).toBe(made.clock.nowMs + dayMs);
    expect(auditLines(made.store).slice(-2)).toMatchObject([
      { action: 'secret.create', actor: { kind: 'system' } },
      { action: 'secret.retire', actor: { kind: 'system' } },
    ]);
  });

  test('an app that has no room for another secret keeps none of the others from it', () => {
    const made = parts();
    const full = addApp(made, 'full', { rotateEveryDays: 30 });
    made.store.mutate({ kind: 'local' }, (record) => {
      for (let count = 1; count < 8; count += 1) createSecret(made, full, undefined, record);
    });
    addApp(made, 'zoo', { rotateEveryDays: 30 });
    made.clock.nowMs += 30 * dayMs;
    expect(rotateDue(made)).toMatchObject([
      { app: 'full', refusal: expect.stringContaining('has 8 live secrets') as string },
      { app: 'zoo', done: { secret: { state: 'active' } } },
    ]);
    expect(states(made.store, 'full')).toEqual(Array.from({ length: 8 }, () => 'active'));
  });

  test('leaves the default app alone while the configuration issues for it', () => {
    const made = parts([{ id: 'aaaa', origin: 'turnpike.yaml' }]);
    addApp(made, 'default', { rotateEveryDays: 30 });
    addApp(made, 'chat', { rotateEveryDays: 30 });
    made.clock.nowMs += 30 * dayMs;
    expect(rotateDue(made).map(({ app }) => app)).toEqual(['chat']);
  });
});

describe('secrets that are used up', () => {
  const retiring = (made: Parts): SecretRecord => {
    const app = addApp(made, 'chat');
    const [old] = rotateSecrets(made, { kind: 'local' }, app, undefined).retiring;
    if (old === undefined) throw new Error('nothing retires');
    return old;
  };
  const session = (secretId: string, app = 'chat') =>
    ({ principal: { kind: 'rest', app, subject: 'alice', secretId, keyId: null } }) as const;

  test.each<[what: string, afterMs: number, holders: number, isUsedUp: boolean]>([
    ['one that retires', 0, 0, false],
    ['one whose time was over a little less than a day ago', dayMs - 1, 0, false],
    ['one whose time was over a day ago', dayMs, 0, true],
    ['one that a session still began with', 90 * dayMs, 1, false],
  ])('%s', (_what, afterMs, holders, isUsedUp) => {
    const made = parts();
    const old = retiring(made);
    const nowMs = (old.acceptedUntilMs ?? 0) + afterMs;
    const counts = new SessionCounts([
      ...Array.from({ length: holders }, () => session(old.id)),
      session(old.id, 'shop'),
    ]);
    const usedUp = usedUpSecrets(made.store.secrets.list('chat'), counts, nowMs);
    expect(usedUp.map(({ id }) => id)).toEqual(isUsedUp ? [old.id] : []);
  });

  test('are revoked, so that their values are not kept', () => {
    const made = parts();
    const old = retiring(made);
    made.clock.nowMs = (old.acceptedUntilMs ?? 0) + dayMs;
    expect(revokeUsedUp(made.store, nobody, made.clock.nowMs).map(({ id }) => id)).toEqual([old.id]);
    expect(states(made.store, 'chat')).toEqual(['active', 'revoked']);
    expect(() => made.store.secrets.value('chat', old.id)).toThrow();
    expect(auditLines(made.store).at(-1)).toMatchObject({
      action: 'secret.revoke',
      actor: { kind: 'system' },
      before: { state: 'retiring' },
      after: { state: 'revoked', sessionsEnding: 0 },
    });
    const written = made.store.written.count;
    expect(revokeUsedUp(made.store, nobody, made.clock.nowMs)).toEqual([]);
    expect(made.store.written.count).toBe(written);
  });

  test('active and revoked ones are left alone, however old', () => {
    const made = parts();
    const app = addApp(made, 'chat');
    const [old] = rotateSecrets(made, { kind: 'local' }, app, undefined).retiring;
    if (old === undefined) throw new Error('nothing retires');
    made.store.batch(() => made.store.secrets.revoke('chat', old.id));
    expect(usedUpSecrets(made.store.secrets.list('chat'), nobody, startMs + 999 * dayMs)).toEqual([]);
  });
});
