import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  loadMasterKey,
  loadNonceKey,
  openDataDir,
  readTurnSecret,
  removeTurnSecret,
} from '../../server/app/data-dir.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('the data directory', () => {
  test('is made with all above it, for its owner alone', () => {
    const path = join(tempDir(), 'deep', 'data');
    openDataDir(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test.skipIf(process.platform !== 'linux')(
    'where nothing can be made the start ends, naming the path and the key',
    () => {
      expect(() => openDataDir('/proc/turnpike/data')).toThrow(/dataDir: cannot use \/proc\/turnpike\/data/);
    },
  );

  test('a file in its place is refused, naming the path and the key', () => {
    const path = join(tempDir(), 'data');
    writeFileSync(path, '');
    expect(() => openDataDir(path)).toThrow(/dataDir: cannot use .*data/);
  });

  test.each([
    ['SECURITY.md 4: the nonce key', 'nonce-key', loadNonceKey],
    ['SECURITY.md 13: the master key', 'master-key', loadMasterKey],
  ])('%s survives a restart, is private and leaves nothing else behind', (_what, file, load) => {
    const path = tempDir();
    const first = load(openDataDir(path));
    expect(load(openDataDir(path))).toEqual(first);
    expect(first.length).toBeGreaterThanOrEqual(32);
    expect(statSync(join(path, file)).mode & 0o777).toBe(0o600);
    expect(readdirSync(path)).toEqual([file]);
  });

  test('two directories have different keys', () => {
    expect(loadMasterKey(openDataDir(tempDir()))).not.toEqual(loadMasterKey(openDataDir(tempDir())));
  });

  test('a key that others may read is made private again', () => {
    const path = tempDir();
    loadMasterKey(openDataDir(path));
    chmodSync(join(path, 'master-key'), 0o644);
    loadMasterKey(openDataDir(path));
    expect(statSync(join(path, 'master-key')).mode & 0o777).toBe(0o600);
  });

  test('the secret of a release without a database is read, and removed once it is adopted', () => {
    const dataDir = openDataDir(tempDir());
    expect(readTurnSecret(dataDir)).toBeNull();
    writeFileSync(join(dataDir.path, 'turn-secret'), 'a secret of before, long enough\n');
    expect(readTurnSecret(dataDir)).toBe('a secret of before, long enough');
    removeTurnSecret(dataDir);
    expect(readdirSync(dataDir.path)).toEqual([]);
  });

  test.each([
    ['a nonce key cut short', 'nonce-key', 'c2hvcnQ=', loadNonceKey],
    ['a master key cut short', 'master-key', 'c2hvcnQ=', loadMasterKey],
    ['a secret cut short', 'turn-secret', 'short', readTurnSecret],
  ])('%s is refused, naming the file, and not replaced', (_what, file, content, load) => {
    const path = tempDir();
    writeFileSync(join(path, file), content);
    expect(() => load(openDataDir(path))).toThrow(new RegExp(file));
    expect(readFileSync(join(path, file), 'utf8')).toBe(content);
  });

  test('a directory in the place of the key is refused, naming the path', () => {
    const path = tempDir();
    mkdirSync(join(path, 'master-key'));
    expect(() => loadMasterKey(openDataDir(path))).toThrow(/cannot read or create .*master-key/);
  });
});
