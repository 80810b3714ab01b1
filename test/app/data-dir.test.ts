import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadNonceKey, loadTurnSecret, openDataDir } from '../../server/app/data-dir.ts';
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
    ['DESIGN.md section 5: the generated secret', 'turn-secret', loadTurnSecret],
  ])('%s survives a restart, is private and leaves nothing else behind', (_what, file, load) => {
    const path = tempDir();
    const first = load(openDataDir(path));
    expect(load(openDataDir(path))).toEqual(first);
    expect(first.length).toBeGreaterThanOrEqual(32);
    expect(statSync(join(path, file)).mode & 0o777).toBe(0o600);
    expect(readdirSync(path)).toEqual([file]);
  });

  test('two directories have different secrets', () => {
    expect(loadTurnSecret(openDataDir(tempDir()))).not.toBe(loadTurnSecret(openDataDir(tempDir())));
  });

  test('a secret that others may read is made private again', () => {
    const path = tempDir();
    loadTurnSecret(openDataDir(path));
    chmodSync(join(path, 'turn-secret'), 0o644);
    loadTurnSecret(openDataDir(path));
    expect(statSync(join(path, 'turn-secret')).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['a nonce key cut short', 'nonce-key', 'c2hvcnQ=', loadNonceKey],
    ['a secret cut short', 'turn-secret', 'short', loadTurnSecret],
  ])('%s is refused, naming the file, and not replaced', (_what, file, content, load) => {
    const path = tempDir();
    writeFileSync(join(path, file), content);
    expect(() => load(openDataDir(path))).toThrow(new RegExp(file));
    expect(readFileSync(join(path, file), 'utf8')).toBe(content);
  });

  test('a directory in the place of the secret is refused, naming the path', () => {
    const path = tempDir();
    mkdirSync(join(path, 'turn-secret'));
    expect(() => loadTurnSecret(openDataDir(path))).toThrow(/cannot read or create .*turn-secret/);
  });
});
