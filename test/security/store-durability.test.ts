import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { StoreHealth } from '../../server/store/connection.ts';
import { openStore, type Store } from '../../server/store/store.ts';
import { tempDir } from '../support/temp-dir.ts';

const masterKey = new Uint8Array(32).fill(7);
const writerProcess = fileURLToPath(new URL('./store-writer-process.ts', import.meta.url));
const fields = { expiresAtMs: null, allocations: null, bitsPerSecond: null, bytesPerMonth: null };
const keys = { md5Key: new Uint8Array(16), sha256Key: new Uint8Array(32) };

/** Runs a process that writes, kills it in the middle, and tells which change it acknowledged last. */
async function killedWriter(path: string, first: number, afterAcknowledged: number): Promise<number> {
  const child = spawn(process.execPath, [writerProcess, path, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.split('\n').length > afterAcknowledged) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const acknowledged = text.split('\n').slice(0, -1).map(Number);
  return acknowledged.at(-1) ?? first - 1;
}

test('SECURITY.md 15: killed 50 times while it writes, the database opens and has all that was acknowledged, with its audit lines', async () => {
  const path = join(tempDir(), 'turnpike.db');
  let next = 0;
  for (let round = 0; round < 50; round++) {
    const last = await killedWriter(path, next, 1 + (round % 7));
    const store = openStore({ path, masterKey, nowMs: () => Date.now() });
    expect(store.integrityProblems()).toEqual([]);
    const count = store.turnUsers.count();
    // What was on its way when it was killed may be there as well: whole, or not at all.
    expect([last + 1, last + 2]).toContain(count);
    for (let number = next; number < count; number++) {
      expect(store.turnUsers.keys(`user-${number}`)).toEqual(keys);
      const lines = store.audit.list({ ...anyLine, target: `turn-user/user-${number}` });
      expect(lines).toHaveLength(1);
    }
    store.close();
    next = count;
  }
  expect(next).toBeGreaterThan(100);
}, 120_000);

describe('SECURITY.md 15: a disk that takes no more', () => {
  test('a full disk is told by a code, undoes the change, and is forgotten when there is room again', () => {
    const directory = mounted('size=1m');
    const store = opened(join(directory, 'turnpike.db'));
    const told: StoreHealth[] = [];
    store.onHealth((health) => told.push(health));
    const ballast = join(directory, 'ballast');
    fill(ballast);
    const written = writeUntilRefused(store);
    expect(store.health).toMatchObject({ ok: false, error: { code: 'store_full' } });
    expect(store.turnUsers.count()).toBe(written);
    expect(told).toHaveLength(1);
    rmSync(ballast);
    store.turnUsers.create('after', 'r', keys, fields);
    expect(store.health).toEqual({ ok: true });
    expect(told.at(-1)).toEqual({ ok: true });
    expect(store.integrityProblems()).toEqual([]);
  });

  test('files that may not be written any more are told by a code; what is there can be read', () => {
    const path = join(tempDir(), 'turnpike.db');
    const store = opened(path);
    store.turnUsers.create('before', 'r', keys, fields);
    const files = [path, `${path}-wal`];
    execFileSync('chattr', ['+i', ...files]);
    try {
      expect(() => store.turnUsers.create('refused', 'r', keys, fields)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^store_(?:read_only|io)$/) as string }),
      );
      expect(store.health.ok).toBe(false);
      expect(store.turnUsers.list(10, '').map(({ name }) => name)).toEqual(['before']);
    } finally {
      execFileSync('chattr', ['-i', ...files]);
    }
    store.turnUsers.create('after', 'r', keys, fields);
    expect(store.health.ok).toBe(true);
  });

  test('a database on a disk that is read-only when it is opened is refused, naming the file and the remedy', () => {
    const directory = mounted('size=4m');
    const path = join(directory, 'turnpike.db');
    openStore({ path, masterKey, nowMs: () => Date.now() }).close();
    execFileSync('mount', ['-o', 'remount,ro', directory]);
    expect(() => openStore({ path, masterKey, nowMs: () => Date.now() })).toThrow(
      expect.objectContaining({ code: 'store_io', message: expect.stringContaining(path) as string }),
    );
  });
});

/** A small file system in memory, for the running test. */
function mounted(options: string): string {
  const directory = join(tempDir(), 'disk');
  mkdirSync(directory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
  onTestFinished(() => {
    execFileSync('umount', [directory]);
  });
  chmodSync(directory, 0o700);
  return directory;
}

function opened(path: string): Store {
  const store = openStore({ path, masterKey, nowMs: () => Date.now() });
  onTestFinished(() => store.close());
  return store;
}

function fill(path: string): void {
  try {
    for (let size = 1024; ; size += 1024) writeFileSync(path, Buffer.alloc(size));
  } catch {
    // Full.
  }
}

function writeUntilRefused(store: Store): number {
  for (let count = 0; ; count++) {
    try {
      store.turnUsers.create(`user-${count}`, 'r', keys, fields);
    } catch (error) {
      expect(error).toMatchObject({ code: 'store_full' });
      return count;
    }
    if (count > 10_000) throw new Error('the disk never became full');
  }
}

const anyLine = { fromMs: null, toMs: null, actor: null, action: null, target: null, beforeId: null, limit: 10 };
