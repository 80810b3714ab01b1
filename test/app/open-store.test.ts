import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { stateOnDisk } from '../../server/app/kept-state.ts';
import { checkSecretCount, openApplianceStore } from '../../server/app/open-store.ts';
import { defaultAppId } from '../../server/contract/default-app.ts';
import { maxLiveSecrets } from '../../server/contract/limits.ts';
import { secretId } from '../../server/credentials/credential-set.ts';
import type { Store } from '../../server/store/store.ts';

describe('configured secrets beside stored ones', () => {
  let dataDir: string;
  let store: Store;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'turnpike-test-'));
    store = openApplianceStore(stateOnDisk(dataDir), { masterKey: null, hasConfiguredSecret: true });
  });

  afterEach(() => {
    store.close();
    rmSync(dataDir, { recursive: true });
  });

  const texts = Array.from({ length: maxLiveSecrets }, (_, index) => `${index}`.padEnd(32, 'x'));

  function addStored(text: string): string {
    const value = new TextEncoder().encode(text);
    store.mutate({ kind: 'system' }, (record) => {
      store.secrets.create(defaultAppId, secretId(value), value);
      record({ action: 'secret.create', target: 'app/default', before: null, after: null });
    });
    return secretId(value);
  }

  test('as many as may be live', () => {
    expect(() => checkSecretCount(store, texts)).not.toThrow();
  });

  test('one more is refused, and the message says what to do', () => {
    addStored('another'.padEnd(32, 'x'));
    expect(() => checkSecretCount(store, texts)).toThrow(
      /has 8 secrets, and the database 1 .* Take 1 out of turn\.secrets; or revoke/,
    );
  });

  test('one that is in both counts once', () => {
    addStored(texts[0] ?? '');
    expect(() => checkSecretCount(store, texts)).not.toThrow();
  });

  test('a revoked one does not count', () => {
    const id = addStored('another'.padEnd(32, 'x'));
    store.mutate({ kind: 'system' }, (record) => {
      store.secrets.revoke(defaultAppId, id);
      record({ action: 'secret.revoke', target: 'app/default', before: null, after: null });
    });
    expect(() => checkSecretCount(store, texts)).not.toThrow();
  });
});

test('a secret of before the database is adopted beside those that are there, before its file is removed', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'turnpike-test-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  const open = (): Store => openApplianceStore(stateOnDisk(dataDir), { masterKey: null, hasConfiguredSecret: false });
  open().close();
  const adopted = 'of-an-older-host'.padEnd(43, 'x');
  writeFileSync(join(dataDir, 'turn-secret'), `${adopted}\n`, { mode: 0o600 });
  const store = open();
  onTestFinished(() => store.close());
  const id = secretId(new TextEncoder().encode(adopted));
  expect(store.secrets.list(defaultAppId).map((secret) => secret.id)).toContain(id);
  expect(existsSync(join(dataDir, 'turn-secret'))).toBe(false);
});
